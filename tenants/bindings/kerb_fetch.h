/*
 * Kerb's kerb_fetch for C guests, beside http_handler.h: requests to the backends of the manifest.
 *
 * Every function answers 0 or more on success and one of the negative ERR_ values otherwise. Nothing waits but fetch_wait,
 * fetch_wait_any and fetch_read. Up to 16 requests are open at once; what is open when the guest's request ends is closed.
 */
#ifndef KERB_FETCH_H
#define KERB_FETCH_H

#include "http_handler.h"

typedef int i32;

enum {
  ERR_BAD_HANDLE = -1,       /* no handle or ticket of this request */
  ERR_WRONG_STATE = -2,      /* too early or too late for this call */
  ERR_INVALID = -3,          /* a malformed argument */
  ERR_FORBIDDEN = -4,        /* a field that the host writes */
  ERR_NOT_GRANTED = -5,      /* no backend of that name in the manifest */
  ERR_TOO_MANY = -6,         /* close one first */
  ERR_TOO_LARGE = -7,        /* a field, target or body over its cap */
  ERR_BUDGET = -8,           /* limits.subrequests are used up */
  ERR_TIMEOUT = -9,          /* the wait is over, the request goes on */
  ERR_UNREACHABLE = -10,     /* no name, no address that may be reached, no connection */
  ERR_BACKEND_TIMEOUT = -11, /* the backend took too long */
  ERR_PROTOCOL = -12,        /* the answer is not HTTP */
  ERR_OVERLOADED = -13,      /* too many requests wait, or it failed too often just now */
  ERR_BROKEN = -14,          /* the body broke off */
  ERR_CANCELLED = -15,       /* the guest's own request has ended */
  ERR_NO_REQUEST = -16       /* there is no request: a start function */
};

/* timeout_ms that stands for as long as the guest's own request may take. */
#define NO_TIMEOUT 0xffffffffu

#define KERB_FETCH(name) __attribute__((import_module("kerb_fetch"), import_name(#name)))

/* Begins a request; answers a handle. The target is a path and query, put after the backend's base path. */
KERB_FETCH(request)
i32 fetch_request(const char *backend, u32 backend_length, const char *method, u32 method_length, const char *target,
                  u32 target_length);
/* Adds a field. */
KERB_FETCH(header) i32 fetch_header(i32 handle, const char *name, u32 name_length, const char *value, u32 value_length);
/* Adds to the body, which is copied. */
KERB_FETCH(body) i32 fetch_body(i32 handle, const void *body, u32 length);
/* Sends it without waiting; answers a ticket. */
KERB_FETCH(send) i32 fetch_send(i32 handle);
/* Waits for the answer's head; answers the status. */
KERB_FETCH(wait) i32 fetch_wait(i32 ticket, u32 timeout_ms);
/* Waits until one of the tickets is ready; answers its index. */
KERB_FETCH(wait_any) i32 fetch_wait_any(const i32 *tickets, u32 count, u32 timeout_ms);
/* Every value of a field with a NUL after each, written only if they fit; answers their length, 0 for none. */
KERB_FETCH(response_header)
i32 fetch_response_header(i32 handle, const char *name, u32 name_length, void *buf, u32 limit);
/* Every name in lower case with a NUL after each, written only if they fit; answers their length. */
KERB_FETCH(response_header_names) i32 fetch_response_header_names(i32 handle, void *buf, u32 limit);
/* The next bytes of the body; answers how many, 0 at the end. */
KERB_FETCH(read) i32 fetch_read(i32 handle, void *buf, u32 limit);
/* Makes the answer the guest's own response; its body goes to the client by itself. */
KERB_FETCH(respond) i32 fetch_respond(i32 handle);
/* Gives it up. */
KERB_FETCH(close) i32 fetch_close(i32 handle);

/* A GET, sent: answers the handle, or an error. The ticket goes to *ticket. */
static inline i32 fetch_get(text backend, text target, i32 *ticket) {
  i32 handle = fetch_request(backend.at, backend.length, "GET", 3, target.at, target.length);
  if (handle < 0) return handle;
  *ticket = fetch_send(handle);
  return *ticket < 0 ? *ticket : handle;
}

#endif
