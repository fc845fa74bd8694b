/*
 * What most handlers do, in one call each, over the other headers: who asks, may they, count them, and hand on. For C guests.
 *
 * Texts that these functions give lie in buffers of this header, each until its function is called again.
 */
#ifndef KERB_EDGE_H
#define KERB_EDGE_H

#include "http_handler.h"
#include "kerb.h"
#include "kerb_fetch.h"
#include "kerb_jwt.h"

#define NO_TEXT ((text){0, 0})

/* Ends the request with a status and a line. */
static u64 refuse(u32 status, text why) {
  set_status_code(status);
  respond_header(TEXT("content-type"), TEXT("text/plain; charset=utf-8"));
  respond_body(why);
  return DONE;
}

/* The address that the request came from, without its port: two connections of one client are one client. */
static text client_address(void) {
  static char address[64];
  u32 length = get_source_addr(address, sizeof address);
  if (length > sizeof address) return NO_TEXT;
  while (length > 0 && address[length - 1] != ':') length--;
  return (text){address, length > 0 ? length - 1 : 0};
}

/* Path and query; nothing when they are longer than 8 KiB. */
static text request_target(void) {
  static char target[8192];
  u32 length = get_uri(target, sizeof target);
  return length > sizeof target ? NO_TEXT : (text){target, length};
}

/* Whether a key has come at most so many times within a window of so many seconds. */
static int rate_allows(text key, unsigned window_seconds, int most) {
  i32 count = rate_count(key.at, key.length, window_seconds, 1);
  return count > 0 && count <= most;
}

/* What follows "Bearer " in the one Authorization field; nothing when there is none. */
static text bearer_token(void) {
  static char values[8192];
  u64 found = get_header_values(REQUEST, "authorization", 13, values, sizeof values);
  text value = {values, (u32)found - 1};
  if (found >> 32 != 1 || (u32)found > sizeof values || !text_starts(value, TEXT("Bearer "))) return NO_TEXT;
  return (text){value.at + 7, value.length - 7};
}

/* The claims of a token that is valid, JSON; nothing when it is not. */
static text jwt_claims(text issuer, text token) {
  static char claims[8192];
  int length = jwt_verify(issuer.at, issuer.length, token.at, token.length, claims, sizeof claims);
  return length < 0 || length > (int)sizeof claims ? NO_TEXT : (text){claims, (u32)length};
}

/* Where a JSON string ends that begins at `at` with its quote: behind the other one. */
static u32 json_string_end(text json, u32 at) {
  for (at++; at < json.length && json.at[at] != '"'; at++)
    if (json.at[at] == '\\') at++;
  return at + 1;
}

/* The text of a member of a JSON object that is valid, such as claims, as it is written there; nothing when it is no string. */
static text json_member(text json, text name) {
  u32 depth = 0;
  for (u32 at = 0; at < json.length; at++) {
    char c = json.at[at];
    if (c == '{' || c == '[') depth++;
    if (c == '}' || c == ']') depth--;
    if (c != '"') continue;
    text key = {json.at + at + 1, json_string_end(json, at) - at - 2};
    at += key.length + 1;
    u32 next = at + 1;
    while (next < json.length && (json.at[next] == ' ' || (json.at[next] >= '\t' && json.at[next] <= '\r'))) next++;
    if (depth != 1 || next >= json.length || json.at[next] != ':' || !text_equal(key, name)) continue;
    do next++;
    while (next < json.length && (json.at[next] == ' ' || (json.at[next] >= '\t' && json.at[next] <= '\r')));
    if (next >= json.length || json.at[next] != '"') return NO_TEXT;
    return (text){json.at + next + 1, json_string_end(json, next) - next - 2};
  }
  return NO_TEXT;
}

/* A number in decimal. */
static text decimal(u64 number) {
  static char digits[20];
  u32 at = sizeof digits;
  do digits[--at] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  return (text){digits + at, sizeof digits - at};
}

/* Adds one to the number of a key, also when others do so at once; answers what it is then, 0 when it cannot be had. */
static u64 kv_count(text store, text key) {
  i32 handle = kv_open(store.at, store.length);
  for (int attempt = 0; attempt < 16; attempt++) {
    char digits[20];
    u64 number = 0;
    i32 found = kv_get(handle, key.at, key.length, digits, sizeof digits);
    if ((found < 0 && found != KERB_ABSENT) || found > (i32)sizeof digits) return 0;
    for (i32 i = 0; i < found; i++) number = number * 10 + (u64)(digits[i] - '0');
    i64 generation = kv_generation(handle, key.at, key.length);
    text next = decimal(number + 1);
    i64 put = kv_put(handle, key.at, key.length, next.at, next.length, 0, 0, 0, KV_IF_GENERATION, generation);
    if (put > 0) return number + 1;
    if (put != KERB_CONFLICT) return 0;
  }
  return 0;
}

/* Makes a backend's answer to a GET the response; its body goes to the client by itself. An error: it gave none. */
static i32 respond_from(text backend, text target) {
  i32 ticket, handle = fetch_get(backend, target, &ticket);
  if (handle < 0) return handle;
  i32 status = fetch_wait(ticket, NO_TIMEOUT);
  return status < 0 ? status : fetch_respond(handle);
}

#endif
