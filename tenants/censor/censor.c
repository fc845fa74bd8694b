/*
 * A Proxy-Wasm filter that strikes words out of texts: every letter of them becomes an asterisk.
 *
 * The configuration has a word or phrase on each line. A body is held back until its end, because a word may begin in one
 * chunk and end in the next; its length stays. Bodies that are no text, are coded or are larger than 1 MiB go on as they are.
 */
#include "../bindings/proxy_wasm.h"

#define MOST_BYTES (1024u * 1024u)

/* Whether the response at hand is looked at. */
static int is_text;

EXPORT(proxy_on_context_create) void proxy_on_context_create(u32 context, u32 parent) {
  (void)context;
  (void)parent;
  reset_heap();
  is_text = 0;
}

EXPORT(proxy_on_request_headers) u32 proxy_on_request_headers(u32 context, u32 count, u32 last) {
  (void)context;
  (void)count;
  (void)last;
  /* A part of a text cannot be looked at, nor one that is coded. */
  proxy_remove_header_map_value(REQUEST_HEADERS, LITERAL("range"));
  proxy_remove_header_map_value(REQUEST_HEADERS, LITERAL("accept-encoding"));
  return CONTINUE;
}

EXPORT(proxy_on_response_headers) u32 proxy_on_response_headers(u32 context, u32 count, u32 last) {
  (void)context;
  (void)count;
  Text type = field(RESPONSE_HEADERS, TEXT("content-type"));
  Text kind = take_part(&type, '/');
  is_text = !last && equal(kind, TEXT("text")) && field(RESPONSE_HEADERS, TEXT("content-encoding")).at == 0;
  /* It says something of the bytes as they were. */
  if (is_text) proxy_remove_header_map_value(RESPONSE_HEADERS, LITERAL("etag"));
  return CONTINUE;
}

static int strike(Text body, Text word) {
  u8 *bytes = (u8 *)body.at;
  int found = 0;
  for (u32 at = 0; at + word.length <= body.length; at++) {
    if (!equal((Text){bytes + at, word.length}, word)) continue;
    for (u32 i = 0; i < word.length; i++)
      if (bytes[at + i] != ' ') bytes[at + i] = '*';
    found = 1;
  }
  return found;
}

EXPORT(proxy_on_response_body) u32 proxy_on_response_body(u32 context, u32 size, u32 last) {
  (void)context;
  if (!is_text || size > MOST_BYTES) return CONTINUE;
  if (!last) return PAUSE;
  Text body = buffer(RESPONSE_BODY);
  int found = 0;
  for (Text lines = buffer(PLUGIN_CONFIGURATION); lines.length > 0;) {
    Text word = take_part(&lines, '\n');
    if (word.length > 0 && strike(body, word)) found = 1;
  }
  if (found) proxy_set_buffer_bytes(RESPONSE_BODY, 0, body.length, body.at, body.length);
  return CONTINUE;
}
