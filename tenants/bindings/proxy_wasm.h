/*
 * Proxy-Wasm 0.2.1 for C filters, without a C library: the functions that most filters need, and a few conveniences.
 *
 * The host hands bytes over in memory that proxy_on_memory_allocate gives it; here it is taken off a heap that reset_heap
 * empties. Call that where nothing handed over is needed any more: when a request begins.
 */
#ifndef PROXY_WASM_H
#define PROXY_WASM_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

/* Status of a call; every function answers one. */
enum { OK = 0, NOT_FOUND = 1, BAD_ARGUMENT = 2, EMPTY = 7, CAS_MISMATCH = 8, INTERNAL_FAILURE = 10, UNIMPLEMENTED = 12 };
/* What a callback of a stream answers: let the message go on, or hold it back. */
enum { CONTINUE = 0, PAUSE = 1 };
/* Maps, buffers, kinds of metrics, levels of the log. */
enum { REQUEST_HEADERS = 0, RESPONSE_HEADERS = 2, CALL_RESPONSE_HEADERS = 6, CALL_RESPONSE_TRAILERS = 7 };
enum { REQUEST_BODY = 0, RESPONSE_BODY = 1, CALL_RESPONSE_BODY = 4, PLUGIN_CONFIGURATION = 7 };
enum { COUNTER = 0, GAUGE = 1, HISTOGRAM = 2 };
enum { LOG_DEBUG = 1, LOG_INFO = 2, LOG_WARN = 3, LOG_ERROR = 4 };

#define ENV(name) __attribute__((import_module("env"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

ENV(proxy_log) u32 proxy_log(u32 level, const char *message, u32 size);
ENV(proxy_get_buffer_bytes) u32 proxy_get_buffer_bytes(u32 buffer, u32 start, u32 size, u8 **bytes, u32 *length);
ENV(proxy_set_buffer_bytes) u32 proxy_set_buffer_bytes(u32 buffer, u32 start, u32 size, const u8 *bytes, u32 length);
ENV(proxy_get_header_map_value)
u32 proxy_get_header_map_value(u32 map, const char *name, u32 size, u8 **value, u32 *length);
ENV(proxy_replace_header_map_value)
u32 proxy_replace_header_map_value(u32 map, const char *name, u32 size, const char *value, u32 length);
ENV(proxy_remove_header_map_value) u32 proxy_remove_header_map_value(u32 map, const char *name, u32 size);
ENV(proxy_send_local_response)
u32 proxy_send_local_response(u32 status, const char *details, u32 details_size, const char *body, u32 body_size,
                              const u8 *fields, u32 fields_size, u32 grpc_status);
ENV(proxy_get_shared_data)
u32 proxy_get_shared_data(const char *key, u32 size, u8 **value, u32 *length, u32 *cas);
ENV(proxy_set_shared_data)
u32 proxy_set_shared_data(const char *key, u32 size, const u8 *value, u32 length, u32 cas);
ENV(proxy_define_metric) u32 proxy_define_metric(u32 kind, const char *name, u32 size, u32 *metric);
ENV(proxy_increment_metric) u32 proxy_increment_metric(u32 metric, i64 delta);

/* Bytes that are somebody else's. */
typedef struct {
  const u8 *at;
  u32 length;
} Text;

#define TEXT(literal) ((Text){(const u8 *)(literal), sizeof(literal) - 1})
/* A literal as the two arguments of a call. */
#define LITERAL(literal) (literal), (sizeof(literal) - 1)

#define PAGE_BYTES 65536u

extern u8 __heap_base;
static u32 heap_used;

static inline void reset_heap(void) { heap_used = 0; }

/* Memory for what the host hands over; none when the limit of the manifest is reached. */
EXPORT(proxy_on_memory_allocate) u8 *proxy_on_memory_allocate(u32 size) {
  u32 at = (u32)&__heap_base + heap_used;
  u32 end = at + ((size + 15) & ~15u);
  u32 pages = __builtin_wasm_memory_size(0);
  if (end < at) return 0;
  if (end > pages * PAGE_BYTES && __builtin_wasm_memory_grow(0, (end - pages * PAGE_BYTES + PAGE_BYTES - 1) / PAGE_BYTES) == -1ul)
    return 0;
  heap_used += (size + 15) & ~15u;
  return (u8 *)at;
}

EXPORT(proxy_abi_version_0_2_1) void proxy_abi_version_0_2_1(void) {}

/* The value of a field; without it nothing, at address 0. */
static inline Text field(u32 map, Text name) {
  u8 *value = 0;
  u32 length = 0;
  if (proxy_get_header_map_value(map, (const char *)name.at, name.length, &value, &length) != OK) return (Text){0, 0};
  return (Text){value, length};
}

/* All that lies in a buffer now. */
static inline Text buffer(u32 id) {
  u8 *bytes = 0;
  u32 length = 0;
  if (proxy_get_buffer_bytes(id, 0, 0x7fffffff, &bytes, &length) != OK) return (Text){0, 0};
  return (Text){bytes, length};
}

static inline int equal(Text left, Text right) {
  if (left.length != right.length) return 0;
  for (u32 i = 0; i < left.length; i++)
    if (left.at[i] != right.at[i]) return 0;
  return 1;
}

/* Takes the first part up to `end` off a text, which goes on behind it. */
static inline Text take_part(Text *text, u8 end) {
  Text part = {text->at, 0};
  while (part.length < text->length && part.at[part.length] != end) part.length++;
  u32 taken = part.length < text->length ? part.length + 1 : part.length;
  text->at += taken;
  text->length -= taken;
  return part;
}

#endif
