/** Limits of the Proxy-Wasm host, each with what happens when it is reached. */

/**
 * The most that is kept of one body while its filter pauses it: host memory that the guest's own budget does not count. 16 MiB. A
 * larger request body ends the request as `body_limit`, a larger response body as `backend_error`.
 */
export const MAX_PAUSED_BYTES = 16 * 1024 * 1024;

/** Bytes of a body that a filter is shown at once, unless it pauses: one read of a socket. */
export const CHUNK_BYTES = 64 * 1024;

/** Bytes of one value that a guest hands over: a message, a value to share, a body to send. 1 MiB. Beyond: `bad_argument`. */
export const MAX_VALUE_BYTES = 1024 * 1024;

/** Bytes of a body that a filter puts into a buffer in one call, or answers with: as much as may be kept. Beyond: `bad_argument`. */
export const MAX_BODY_BYTES = MAX_PAUSED_BYTES;

/** Bytes of a name or key, and of the path of a property. Beyond: `bad_argument`. */
export const MAX_NAME_BYTES = 1024;

/** Bytes of a serialized map: twice what a message head may have, for what surrounds the texts. Beyond: `bad_argument`. */
export const MAX_PAIRS_BYTES = 2 * 65_536;

/** Bytes of a message taken by one `proxy_log`; the rest is dropped. 8 KiB. */
export const MAX_LOG_BYTES = 8192;

/** HTTP calls of one request that are under way: each holds a connection. Beyond: `internal_failure`. */
export const MAX_CALLS = 16;

/** Bytes of the body of an answer to an HTTP call, which is handed over whole. 1 MiB. Beyond, the call has failed. */
export const MAX_CALL_BODY_BYTES = 1024 * 1024;

/** Pages of 64 KiB on the request's account for a call that is under way, beside those of its body and of its answer's. */
export const CALL_PAGES = 2;

/** The longest that an HTTP call waits, whatever it asks for: timers hold no more. The request's own deadline comes first. */
export const MAX_CALL_MS = 0x7fff_ffff;

/** The shortest tick period: the ABI calls it a low-resolution timer. A shorter one is made this long. */
export const LEAST_TICK_MS = 10;

/** Messages of queues that a guest is told of in one round; others wait for the next. Each is a call of the guest. */
export const QUEUE_CALLS_PER_ROUND = 16;

/** Queues that one instance may register: each is looked at when a request begins. Beyond: `internal_failure`. */
export const MAX_REGISTERED_QUEUES = 16;

/**
 * Calls of one request that touch what all requests of its tenant share. Another request that counts a value up makes it a clock, and a
 * fine clock times what other tenants do. Filters make a handful. Beyond: `internal_failure`.
 */
export const MAX_SHARED_CALLS = 1_000;

/** Properties that one request's guest may set, and bytes of one value. Beyond: `internal_failure`. */
export const MAX_PROPERTIES = 32;
export const MAX_PROPERTY_BYTES = 4096;
