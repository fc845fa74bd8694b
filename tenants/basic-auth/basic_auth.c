/*
 * HTTP Basic authentication (RFC 7617) in front of an origin.
 *
 * Without good credentials the origin never sees the request. With them it sees the user's name in X-Authenticated-User
 * and no Authorization field. The time a refusal takes says nothing about how close a guess was.
 */
#include "../bindings/http_handler.h"

/* Longest name:password. Both sides of a comparison are padded to it, so that every comparison does the same work. */
#define CREDENTIAL_MAX 128

static char config[4096];
static char header[512];
static u8 given[CREDENTIAL_MAX];
static char challenge[160];

/* The value of a base64 digit, or 64 for another character. */
static u32 digit_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : 64;
}

/* Decodes base64 into `given`; answers the length, or -1 when it is malformed or longer than CREDENTIAL_MAX. */
static int decode_base64(text encoded) {
  u32 padding = 0;
  while (padding < 2 && encoded.length > padding && encoded.at[encoded.length - 1 - padding] == '=') padding++;
  if (encoded.length == 0 || encoded.length % 4 != 0) return -1;
  u32 bits = 0, held = 0, length = 0;
  for (u32 i = 0; i < encoded.length - padding; i++) {
    u32 value = digit_value(encoded.at[i]);
    if (value > 63) return -1;
    bits = bits << 6 | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    if (length == CREDENTIAL_MAX) return -1;
    given[length++] = (u8)(bits >> held);
  }
  return (int)length;
}

/* 1 when the first `length` bytes of `given` are `wanted`, 0 otherwise, in a time that depends on neither. */
static u32 credentials_equal(text wanted, u32 length) {
  u32 difference = wanted.length ^ length;
  for (u32 i = 0; i < CREDENTIAL_MAX; i++) {
    u32 mine = i < length ? given[i] : 0;
    u32 theirs = i < wanted.length ? (u8)wanted.at[i] : 0;
    difference |= mine ^ theirs;
  }
  return difference == 0;
}

static text trimmed(text t) {
  while (t.length && (t.at[0] == ' ' || t.at[0] == '\t')) t.at++, t.length--;
  while (t.length && (u8)t.at[t.length - 1] <= ' ') t.length--;
  return t;
}

/* Takes the next line off `rest`. */
static text next_line(text *rest) {
  text line = {rest->at, 0};
  while (line.length < rest->length && line.at[line.length] != '\n') line.length++;
  u32 taken = line.length < rest->length ? line.length + 1 : line.length;
  rest->at += taken;
  rest->length -= taken;
  return trimmed(line);
}

/* The value when `line` reads "key = value"; otherwise a text of length 0. */
static text value_of(text line, text key) {
  if (!text_starts(line, key)) return (text){0, 0};
  text rest = trimmed((text){line.at + key.length, line.length - key.length});
  if (rest.length == 0 || rest.at[0] != '=') return (text){0, 0};
  return trimmed((text){rest.at + 1, rest.length - 1});
}

/* Compares with every user, hit or miss. Answers the name of the one that matches, or a text of length 0. */
static text authenticated_user(text rest, u32 length) {
  text name = {0, 0};
  while (rest.length) {
    text user = value_of(next_line(&rest), TEXT("user"));
    if (user.length == 0 || user.length > CREDENTIAL_MAX) continue;
    if (credentials_equal(user, length)) name = user;
  }
  u32 colon = 0;
  while (colon < name.length && name.at[colon] != ':') colon++;
  name.length = colon < name.length ? colon : 0;
  return name;
}

static text realm_of(text rest) {
  text realm = {0, 0};
  while (rest.length && realm.length == 0) realm = value_of(next_line(&rest), TEXT("realm"));
  return realm.length ? realm : TEXT("restricted");
}

static u32 append(u32 at, text t) {
  for (u32 i = 0; i < t.length && at < sizeof challenge; i++) {
    if (t.at[i] != '"' && t.at[i] != '\\') challenge[at++] = t.at[i];
  }
  return at;
}

/* RFC 9110 section 11.6.1; charset as RFC 7617 section 2.1 allows. */
static u64 refuse(text realm) {
  if (realm.length > 100) realm.length = 100;
  u32 length = append(0, TEXT("Basic realm="));
  challenge[length++] = '"';
  length = append(length, realm);
  challenge[length++] = '"';
  length = append(length, TEXT(", charset="));
  challenge[length++] = '"';
  length = append(length, TEXT("UTF-8"));
  challenge[length++] = '"';
  set_status_code(401);
  respond_header(TEXT("www-authenticate"), (text){challenge, length});
  respond_header(TEXT("content-type"), TEXT("text/plain; charset=utf-8"));
  respond_header(TEXT("cache-control"), TEXT("no-store"));
  respond_body(TEXT("401 Unauthorized: a user name and a password are needed.\n"));
  return DONE;
}

static u64 misconfigured(text reason) {
  log_message(LOG_ERROR, reason.at, reason.length);
  set_status_code(500);
  respond_header(TEXT("content-type"), TEXT("text/plain; charset=utf-8"));
  respond_body(TEXT("500 Internal Server Error\n"));
  return DONE;
}

/* Decodes the request's only Authorization field into `given`: its length, or -1 without a well-formed Basic one. */
static int read_credentials(void) {
  u64 count_length = get_header_values(REQUEST, "authorization", 13, header, sizeof header);
  u32 length = (u32)count_length;
  if (count_length >> 32 != 1 || length > sizeof header) return -1;
  text value = {header, length - 1};
  for (u32 i = 0; i < 6; i++)
    if (i >= value.length || (value.at[i] | 32) != "basic "[i]) return -1;
  return decode_base64(trimmed((text){value.at + 6, value.length - 6}));
}

EXPORT(handle_request) u64 handle_request(void) {
  u32 config_length = get_config(config, sizeof config);
  if (config_length > sizeof config) return misconfigured(TEXT("basic-auth: config is larger than 4096 bytes"));
  text settings = {config, config_length};
  int length = read_credentials();
  if (length < 0) return refuse(realm_of(settings));
  text user = authenticated_user(settings, (u32)length);
  if (user.length == 0) return refuse(realm_of(settings));
  remove_header(REQUEST, "authorization", 13);
  set_header_value(REQUEST, "x-authenticated-user", 20, user.at, user.length);
  return NEXT;
}

EXPORT(handle_response) void handle_response(u32 context, u32 is_error) {
  (void)context, (void)is_error;
}
