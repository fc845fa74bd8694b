/*
 * Kerb's own import modules for C guests, beside http_handler.h: key-value stores, config, secrets, rate counters, log.
 *
 * What answers a length writes nothing when that is more than the limit: compare before use. Negative results are errors.
 * Import only what the manifest grants: [stores] kv = ["name"], config = { ... }, secrets = ["NAME"].
 */
#ifndef KERB_H
#define KERB_H

typedef int i32;
typedef long long i64;

/* Errors: all of them. */
enum {
  KERB_ABSENT = -20,
  KERB_NOT_GRANTED = -5,
  KERB_BAD_HANDLE = -1,
  KERB_INVALID = -3,
  KERB_TOO_LARGE = -7,
  KERB_CONFLICT = -21,
  KERB_QUOTA = -22,
  KERB_BUSY = -23,
  KERB_UNAVAILABLE = -24,
  KERB_TOO_SMALL = -25
};

/* When kv_put writes: always, only a new entry, only over an old one, only over the entry of that generation. */
enum { KV_ANY = 0, KV_ADD = 1, KV_REPLACE = 2, KV_IF_GENERATION = 3 };

#define KERB_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

/* A handle, more than 0, valid for this request. */
KERB_IMPORT("kerb_kv", "open") i32 kv_open(const char *name, unsigned length);
KERB_IMPORT("kerb_kv", "close") i32 kv_close(i32 handle);
/* The length of the value. */
KERB_IMPORT("kerb_kv", "get") i32 kv_get(i32 handle, const char *key, unsigned length, void *buf, unsigned limit);
/* Of the entry that kv_get read last under this key, or else asked for; a generation of 0: there is no entry. */
KERB_IMPORT("kerb_kv", "metadata") i32 kv_metadata(i32 handle, const char *key, unsigned length, void *buf, unsigned limit);
KERB_IMPORT("kerb_kv", "generation") i64 kv_generation(i32 handle, const char *key, unsigned length);
/* The new generation; the entry is on the disk then. A ttl of 0 seconds: it stays. */
KERB_IMPORT("kerb_kv", "put")
i64 kv_put(i32 handle, const char *key, unsigned length, const void *value, unsigned value_length, const char *metadata,
           unsigned metadata_length, unsigned ttl_seconds, i32 mode, i64 generation);
/* 1: it is gone; 0: there was none. */
KERB_IMPORT("kerb_kv", "delete") i32 kv_delete(i32 handle, const char *key, unsigned length);
/* Keys after `after`, each behind its length of four bytes; answers how many bytes, 0 at the end. */
KERB_IMPORT("kerb_kv", "list")
i32 kv_list(i32 handle, const char *prefix, unsigned prefix_length, const char *after, unsigned after_length, void *buf,
            unsigned limit);

KERB_IMPORT("kerb_config", "get") i32 config_get(const char *key, unsigned length, void *buf, unsigned limit);
KERB_IMPORT("kerb_secret", "get") i32 secret_get(const char *name, unsigned length, void *buf, unsigned limit);

/* The count of a window that begins with the first call and lasts so many seconds. */
KERB_IMPORT("kerb_rate", "count") i32 rate_count(const char *key, unsigned length, unsigned window_seconds, unsigned amount);
KERB_IMPORT("kerb_rate", "penalize") i32 rate_penalize(const char *key, unsigned length, unsigned seconds);
KERB_IMPORT("kerb_rate", "is_penalized") i32 rate_is_penalized(const char *key, unsigned length);

KERB_IMPORT("kerb_log", "write") i32 log_write(const char *endpoint, unsigned length, const char *text, unsigned text_length);

#endif
