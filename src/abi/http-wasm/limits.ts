/** Limits of the http-wasm host, each with what happens when it is reached. */

/**
 * A response that the guest writes itself is kept until it is this large, so that status and headers stay changeable and the
 * response goes out with a Content-Length; beyond, the head is sent and the rest streams. 64 KiB is one socket buffer.
 */
export const STREAM_FROM_BYTES = 64 * 1024;

/**
 * The most that is kept of one body when the guest asks for buffering: host memory that the guest's own budget does not
 * count. A larger body ends the request as `memory_limit`. 16 MiB.
 */
export const MAX_BUFFERED_BODY_BYTES = 16 * 1024 * 1024;

/** Bytes taken from a body in one step while buffering. */
export const READ_STEP_BYTES = 64 * 1024;
