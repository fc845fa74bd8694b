/*
 * Kerb's kerb_cache for C guests: bytes by key that may be forgotten at any time. The manifest says [stores] cache = true.
 */
#ifndef KERB_CACHE_H
#define KERB_CACHE_H

#include "kerb.h"

/* What cache_lookup answers beside the errors of kerb.h. */
enum {
  CACHE_TIMEOUT = -9, /* whoever makes the object has not done so in time */
  CACHE_TOO_MANY = -6 /* this request has 16 objects to make: put or release one */
};

/* Bits of what cache_lookup answers: this guest has to make the object; there is none, not even a stale one. */
#define CACHE_FILL ((i64)1 << 62)
#define CACHE_NONE ((i64)1 << 61)
/* Of an answer that is not negative: the length of the value, and the seconds for which it stays fresh, 0 for a stale one. */
#define CACHE_LENGTH(answer) ((unsigned)((answer)&0xffffffff))
#define CACHE_SECONDS(answer) ((unsigned)((answer) >> 32 & 0x1fffffff))

/* Finds an object, written if it fits in limit bytes; KERB_ABSENT: there is none. Waits for nobody who makes it. */
KERB_IMPORT("kerb_cache", "get") i64 cache_get(const char *key, unsigned length, void *buf, unsigned limit);
/*
 * The same; where there is no fresh object, one of all who look it up gets CACHE_FILL and then calls cache_put or cache_release. The
 * others get the stale one, or wait for up to wait_ms, at most 10000.
 */
KERB_IMPORT("kerb_cache", "lookup")
i64 cache_lookup(const char *key, unsigned length, unsigned wait_ms, void *buf, unsigned limit);
/* Keeps an object, fresh for a while, then stale for a while. Tags are separated by blanks. 0: it was purged while it was made. */
KERB_IMPORT("kerb_cache", "put")
i32 cache_put(const char *key, unsigned length, const void *value, unsigned value_length, unsigned ttl_seconds,
              unsigned stale_seconds, const char *tags, unsigned tags_length);
/* Gives up making an object: the next who waits has to. */
KERB_IMPORT("kerb_cache", "release") i32 cache_release(const char *key, unsigned length);
/* 1: it is gone; 0: there was none. */
KERB_IMPORT("kerb_cache", "delete") i32 cache_delete(const char *key, unsigned length);
/* Removes every object with a tag; answers how many there were. */
KERB_IMPORT("kerb_cache", "purge") i32 cache_purge(const char *tag, unsigned length);

#endif
