#include "query.h"

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* Multiplies by a power of ten; beyond the range of a double it answers infinity or 0, which the bounds then refuse. */
static double scaled(double value, int exponent) {
  for (; exponent > 0; exponent--) value *= 10;
  for (; exponent < 0; exponent++) value /= 10;
  return value;
}

/* The exponent of "e-12" at `at`; answers 0 when malformed, else 1. */
static int read_exponent(text t, u32 at, int *exponent) {
  int sign = 1, digits = 0, value = 0;
  if (at < t.length && (t.at[at] == '-' || t.at[at] == '+')) sign = t.at[at++] == '-' ? -1 : 1;
  for (; at < t.length && is_digit(t.at[at]); at++, digits++)
    if (value < 1000) value = value * 10 + (t.at[at] - '0');
  *exponent += sign * value;
  return digits > 0 && at == t.length;
}

/* Decimal, with optional sign, fraction and exponent, and nothing else. Answers 0 when malformed, else 1. */
static int read_number(text t, double *value) {
  u32 at = 0, digits = 0;
  int exponent = 0, seen_point = 0;
  double mantissa = 0;
  int negative = t.length && t.at[0] == '-';
  if (t.length && (t.at[0] == '-' || t.at[0] == '+')) at++;
  for (; at < t.length; at++) {
    if (t.at[at] == '.' && !seen_point) {
      seen_point = 1;
      continue;
    }
    if (!is_digit(t.at[at])) break;
    mantissa = mantissa * 10 + (t.at[at] - '0');
    digits++;
    exponent -= seen_point;
  }
  if (digits == 0 || digits > 40) return 0;
  if (at < t.length) {
    if ((t.at[at] | 32) != 'e' || !read_exponent(t, at + 1, &exponent)) return 0;
  }
  *value = scaled(negative ? -mantissa : mantissa, exponent);
  return 1;
}

static int accept(parameter *p, text value) {
  double number;
  if (!read_number(value, &number)) return 0;
  if (!(number >= p->least && number <= p->most)) return 0;
  if (p->whole && number != (double)(int)number) return 0;
  p->value = number;
  p->given = 1;
  return 1;
}

/* Takes what stands before `separator` (or the end) off `rest`. */
static text take(text *rest, char separator) {
  text part = {rest->at, 0};
  while (part.length < rest->length && part.at[part.length] != separator) part.length++;
  u32 taken = part.length < rest->length ? part.length + 1 : part.length;
  rest->at += taken;
  rest->length -= taken;
  return part;
}

parameter *query_read(text query, parameter *parameters, u32 count) {
  while (query.length) {
    text value = take(&query, '&');
    text name = take(&value, '=');
    for (u32 i = 0; i < count; i++) {
      if (!text_equal(name, parameters[i].name)) continue;
      if (!accept(&parameters[i], value)) return &parameters[i];
    }
  }
  return 0;
}
