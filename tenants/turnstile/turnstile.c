/*
 * A Proxy-Wasm filter that lets requests with a known key go on, each key as often as it may.
 *
 * The configuration has a line for each key: the key, whose it is, how many requests it has. Uses are counted in shared data,
 * so that they are the same for every request on every thread; they begin anew with the process.
 */
#include "../bindings/proxy_wasm.h"

static u32 requests_metric;
/* Requests that the key at hand has left, in decimal. */
static char left_text[10];
static u32 left_length;

static u32 number_in(Text text) {
  u32 number = 0;
  for (u32 i = 0; i < text.length && text.at[i] >= '0' && text.at[i] <= '9' && number < 100000000; i++)
    number = number * 10 + (text.at[i] - '0');
  return number;
}

static void write_left(u32 number) {
  char digits[10];
  u32 count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  for (left_length = 0; left_length < count; left_length++) left_text[left_length] = digits[count - 1 - left_length];
}

/* Counts a use of a key, unless it was used `most` times; answers how many it has left, or -1. */
static int use(Text key, u32 most) {
  for (;;) {
    u8 *value = 0;
    u32 length = 0, cas = 0, used = 0;
    if (proxy_get_shared_data((const char *)key.at, key.length, &value, &length, &cas) == OK && length == sizeof used)
      __builtin_memcpy(&used, value, sizeof used);
    if (used >= most) return -1;
    used++;
    u32 status = proxy_set_shared_data((const char *)key.at, key.length, (u8 *)&used, sizeof used, cas);
    /* Somebody else was quicker: look again. */
    if (status == CAS_MISMATCH) continue;
    return status == OK ? (int)(most - used) : -1;
  }
}

static u32 refuse(u32 status, const char *body, u32 size) {
  proxy_send_local_response(status, LITERAL("turnstile"), body, size, 0, 0, 0);
  return PAUSE;
}

EXPORT(proxy_on_configure) u32 proxy_on_configure(u32 context, u32 size) {
  (void)context;
  return size > 0 && proxy_define_metric(COUNTER, LITERAL("requests"), &requests_metric) == OK;
}

EXPORT(proxy_on_context_create) void proxy_on_context_create(u32 context, u32 parent) {
  (void)context;
  (void)parent;
  reset_heap();
  left_length = 0;
}

EXPORT(proxy_on_request_headers) u32 proxy_on_request_headers(u32 context, u32 count, u32 last) {
  (void)context;
  (void)count;
  (void)last;
  Text key = field(REQUEST_HEADERS, TEXT("x-api-key"));
  if (key.length == 0) return refuse(401, LITERAL("send your key as x-api-key\n"));
  for (Text lines = buffer(PLUGIN_CONFIGURATION); lines.length > 0;) {
    Text line = take_part(&lines, '\n');
    if (!equal(take_part(&line, ' '), key)) continue;
    Text name = take_part(&line, ' ');
    int left = use(key, number_in(line));
    if (left < 0) return refuse(429, LITERAL("this key has no requests left\n"));
    write_left((u32)left);
    proxy_increment_metric(requests_metric, 1);
    proxy_remove_header_map_value(REQUEST_HEADERS, LITERAL("x-api-key"));
    proxy_replace_header_map_value(REQUEST_HEADERS, LITERAL("x-client"), (const char *)name.at, name.length);
    return CONTINUE;
  }
  return refuse(403, LITERAL("nobody has this key\n"));
}

EXPORT(proxy_on_response_headers) u32 proxy_on_response_headers(u32 context, u32 count, u32 last) {
  (void)context;
  (void)count;
  (void)last;
  if (left_length > 0)
    proxy_replace_header_map_value(RESPONSE_HEADERS, LITERAL("x-requests-left"), left_text, left_length);
  return CONTINUE;
}
