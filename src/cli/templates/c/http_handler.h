/*
 * http-wasm http_handler ABI for C guests, without a C library.
 *
 * The 19 host functions as the host defines them, then a few inline conveniences. Every getter that takes a buffer
 * answers the full length and writes nothing when that is more than the limit: compare before use.
 */
#ifndef HTTP_HANDLER_H
#define HTTP_HANDLER_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

/* Header and body kinds. */
enum { REQUEST = 0, RESPONSE = 1, REQUEST_TRAILERS = 2, RESPONSE_TRAILERS = 3 };
/* Feature bits of enable_features. */
enum { BUFFER_REQUEST = 1, BUFFER_RESPONSE = 2, TRAILERS = 4 };
/* Log levels. */
enum { LOG_DEBUG = -1, LOG_INFO = 0, LOG_WARN = 1, LOG_ERROR = 2 };

/* The two answers of handle_request without a context: the response is complete, or hand on to the origin. */
#define DONE ((u64)0)
#define NEXT ((u64)1)

#define HTTP_HANDLER(name) __attribute__((import_module("http_handler"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

HTTP_HANDLER(get_config) u32 get_config(void *buf, u32 limit);
HTTP_HANDLER(enable_features) u32 enable_features(u32 features);
HTTP_HANDLER(log) void log_message(int level, const char *message, u32 length);
HTTP_HANDLER(log_enabled) u32 log_enabled(int level);
/* These two answer count << 32 | length of NUL-terminated strings. */
HTTP_HANDLER(get_header_names) u64 get_header_names(u32 kind, void *buf, u32 limit);
HTTP_HANDLER(get_header_values)
u64 get_header_values(u32 kind, const char *name, u32 name_length, void *buf, u32 limit);
HTTP_HANDLER(set_header_value)
void set_header_value(u32 kind, const char *name, u32 name_length, const char *value, u32 value_length);
HTTP_HANDLER(add_header_value)
void add_header_value(u32 kind, const char *name, u32 name_length, const char *value, u32 value_length);
HTTP_HANDLER(remove_header) void remove_header(u32 kind, const char *name, u32 name_length);
/* Answers eof << 32 | length; the length bytes count at the end too. */
HTTP_HANDLER(read_body) u64 read_body(u32 kind, void *buf, u32 limit);
HTTP_HANDLER(write_body) void write_body(u32 kind, const void *body, u32 length);
HTTP_HANDLER(get_method) u32 get_method(void *buf, u32 limit);
HTTP_HANDLER(set_method) void set_method(const char *method, u32 length);
HTTP_HANDLER(get_uri) u32 get_uri(void *buf, u32 limit);
HTTP_HANDLER(set_uri) void set_uri(const char *uri, u32 length);
HTTP_HANDLER(get_protocol_version) u32 get_protocol_version(void *buf, u32 limit);
HTTP_HANDLER(get_source_addr) u32 get_source_addr(void *buf, u32 limit);
HTTP_HANDLER(get_status_code) u32 get_status_code(void);
HTTP_HANDLER(set_status_code) void set_status_code(u32 status);

/* A run of bytes that somebody else owns. */
typedef struct {
  const char *at;
  u32 length;
} text;

/* A string literal as a text, without its NUL. */
#define TEXT(literal) ((text){(literal), sizeof(literal) - 1})

static inline int text_equal(text a, text b) {
  if (a.length != b.length) return 0;
  for (u32 i = 0; i < a.length; i++)
    if (a.at[i] != b.at[i]) return 0;
  return 1;
}

static inline int text_starts(text whole, text start) {
  return whole.length >= start.length && text_equal((text){whole.at, start.length}, start);
}

static inline void respond_header(text name, text value) {
  set_header_value(RESPONSE, name.at, name.length, value.at, value.length);
}

static inline void respond_body(text body) { write_body(RESPONSE, body.at, body.length); }

#endif
