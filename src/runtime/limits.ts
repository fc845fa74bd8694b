/** Limits of the runtime, each with its reason and what happens when it is reached. */

/**
 * Linear memories alive in one process. V8 reserves 8 GiB of address space for each and fails at 16,366 of them; each takes
 * two of the 65,530 mappings that Linux grants a process by default, and running out of those aborts the process. Half of
 * V8's number leaves room for suspended stacks. Beyond: `capacity`.
 */
export const MAX_LIVE_MEMORIES = 8_000;

/** Requests in flight in one process: each may hold a suspended stack, two mappings too. Beyond: `capacity`. */
export const MAX_TASKS = 8_000;

/** Memories larger than this are dropped rather than cleared: a fresh one is cheaper. 16 MiB. */
export const MAX_CLEARED_BYTES = 16 * 1024 * 1024;

/** Idle sandboxes kept per deployment and thread; more are dropped. A burst of this width finds warm slots. */
export const MAX_IDLE_SANDBOXES = 256;

/** Bytes of idle linear memory kept per thread; beyond, released sandboxes are dropped. 256 MiB. */
export const MAX_IDLE_BYTES = 256 * 1024 * 1024;

/** How often sandboxes that were idle the whole time are dropped. */
export const IDLE_SWEEP_MS = 10_000;

/** Requests that one instance serves with `isolation = "reuse"` before it is replaced: bounds what a leaking guest keeps. */
export const MAX_REUSES = 10_000;

/** Characters of one line in a tenant's log; the rest is cut. */
export const MAX_LOG_CHARS = 8_192;

/** Lines that one request may write to its tenant's log; the rest is dropped. */
export const MAX_LOG_LINES = 200;
