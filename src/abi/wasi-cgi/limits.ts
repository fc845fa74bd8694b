/** Limits of the CGI host, each with its reason and what happens when it is reached. */

/**
 * Bytes of a header block, the blank line included: what the response encoder takes as a head, and a program that writes no blank line
 * must not fill the host's memory. Beyond: `no_response`. 64 KiB.
 */
export const MAX_HEADER_BLOCK_BYTES = 64 * 1024;

/** Lines of a header block: more than any response has. Beyond: `no_response`. */
export const MAX_HEADER_LINES = 512;

/** Bytes that one `fd_write` takes of standard output; more are a partial write, which every libc continues. One socket buffer. */
export const MAX_OUTPUT_BYTES = 64 * 1024;

/**
 * A body is kept until it is this long, or until the program lets others run: short responses go out whole, with their length, and none
 * waits for a program that goes on working. 64 KiB is one socket buffer.
 */
export const STREAM_FROM_BYTES = 64 * 1024;

/** Bytes that a poll reads ahead to know whether there are any. 8 KiB. */
export const READ_AHEAD_BYTES = 8 * 1024;

/** Words of a command line; a query with more gives none. */
export const MAX_ARGUMENTS = 256;
