/** Limits of the WASI host, each with its reason and what happens when it is reached. */

/** Buffers in one `fd_read` or `fd_write` list, as POSIX's IOV_MAX on Linux; a longer list answers `inval`. */
export const MAX_IOVECS = 1024;

/**
 * Bytes that one `fd_write` takes; a longer one is a partial write, which every libc continues. A hostcall cannot be
 * interrupted: this bounds one at 4,096 log lines. 8 KiB.
 */
export const MAX_WRITE_BYTES = 8 * 1024;

/** Bytes kept of one line of output; the rest of the line is dropped and counted in a mark. 8 KiB. */
export const MAX_LINE_BYTES = 8 * 1024;

/** Subscriptions in one `poll_oneoff`; more answer `inval`. One per descriptor and some clocks is what runtimes send. */
export const MAX_SUBSCRIPTIONS = 1024;

/**
 * The longest sleep, so that a timer is never far off and never above the 2^31 ms at which Node's fire at once. A guest that
 * sleeps longer ends as `wall_limit` when it is over; the request's own wall budget normally ends it before. 5 minutes.
 */
export const MAX_SLEEP_MS = 5 * 60 * 1000;

/** Bytes of one `random_get`, which blocks the thread while it fills; more answer `inval`. 1 MiB. */
export const MAX_RANDOM_BYTES = 1024 * 1024;

/** Open descriptors of one guest, as Linux gives a process by default; more answer `mfile`. */
export const MAX_DESCRIPTORS = 1024;

/**
 * Bytes that one read or write of a file moves; more are a partial one. A hostcall cannot be interrupted, and this takes some
 * milliseconds; less would break programs that take a file to be read whole. 16 MiB.
 */
export const MAX_FILE_TRANSFER_BYTES = 16 * 1024 * 1024;
