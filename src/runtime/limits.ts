/** Limits of the runtime, each with its reason and what happens when it is reached. */

/**
 * Linear memories alive in one process. V8 reserves 8 GiB of address space for each and fails at 16,366 of them; each takes
 * two of the 65,530 mappings that Linux grants a process by default, and running out of those aborts the process. Half of
 * V8's number leaves room for suspended stacks. Beyond: `capacity`.
 */
export const MAX_LIVE_MEMORIES = 8_000;

/** Requests in flight in one process: each may hold a suspended stack, two mappings too. Beyond: `capacity`. */
export const MAX_TASKS = 8_000;

/**
 * WebSockets in one process, handshakes included. Each has two sockets, so that with these and the requests a process stays under the
 * 65,536 descriptors that systems commonly grant it; an idle one takes 27 KB. Beyond: `capacity`.
 */
export const MAX_WEBSOCKETS = 20_000;

/**
 * The share of {@link MAX_TASKS} that anybody may have. The rest is for tenants with no more than {@link MODEST_TASKS} requests in
 * flight, so that those who send thousands to a slow backend do not lock the others out.
 */
export const COMMON_TASKS_SHARE = 7 / 8;
export const MODEST_TASKS = 16;

/**
 * The share of the file descriptors that Linux grants a process (`RLIMIT_NOFILE`) which connections to backends may have: the rest is for
 * clients, files and the database. Beyond: `overloaded`.
 */
export const SOCKETS_SHARE = 1 / 2;

/** Connections to backends however many descriptors there are: each may hold 64 KiB of an answer, and as much in the kernel. */
export const MAX_SOCKETS = 65_536;

/** The share of them that one tenant may have. Four can use them up together, but for those that are kept for modest ones. */
export const TENANT_SOCKETS_SHARE = 1 / 4;

/** The share that anybody may have; the rest is for tenants with no more than {@link MODEST_SOCKETS}. */
export const COMMON_SOCKETS_SHARE = 7 / 8;
export const MODEST_SOCKETS = 16;

/** File descriptors that Linux grants a process unless it is configured otherwise. */
export const DEFAULT_MAX_DESCRIPTORS = 1_024;

/**
 * The share of the mappings that Linux grants a process (`vm.max_map_count`) up to which new requests begin. At the end of them
 * the next suspended stack aborts the process; between two looks a thread cannot make as many as are left.
 */
export const MAPPINGS_SHARE = 0.8;

/** Mappings that Linux grants a process unless it is configured otherwise. */
export const DEFAULT_MAX_MAPPINGS = 65_530;

/**
 * Machine code of all modules, in MiB. V8 aborts the process at 4,095. Beyond, modules are neither deployed nor entered for the
 * first time on a thread.
 */
export const MAX_CODE_MIB = 3_072;

/** The share of the target from which on what nobody asks for is put away, so that resident memory seldom comes to the target itself. */
export const NEAR_TARGET_SHARE = 7 / 8;

/**
 * How far above the target nobody is served at all and the requests that hold most are ended, as a factor of the target: what
 * guests can touch between two looks has to fit between.
 */
export const MEMORY_CEILING_FACTOR = 9 / 8;

/**
 * The share of the target that linear memories may have, touched or not: the rest is for the heaps, code and buffers of the process
 * itself. Beyond, memory is neither made nor grown.
 */
export const LINEAR_MEMORY_SHARE = 0.75;

/** How often resident memory is looked at: a thread can touch some 150 MB between two looks. */
export const RESIDENT_LOOK_MS = 100;

/** How often mappings and code are looked at: with 16,000 mappings a look takes the thread pool 20 ms. */
export const MAPPINGS_LOOK_MS = 1_000;

/** The pause between two attempts to bring resident memory down: what was dropped has to be collected first. */
export const RELIEF_PAUSE_MS = 500;

/**
 * Bytes of linear memory that nobody uses any more before the collector is asked to run, at most, per thread. Its work grows with the
 * heap, so it should not be asked often; until it has run they count as their tenant's. 512 MiB.
 */
export const MAX_ABANDONED_BYTES = 512 * 1024 * 1024;

/** Bytes of it for which the collector runs when it has not for a while. 1 MiB. */
export const LEAST_ABANDONED_BYTES = 1024 * 1024;

/** After so long without a collection one is worth {@link LEAST_ABANDONED_BYTES}. */
export const COLLECTION_REST_MS = 30_000;

/**
 * The least pause between two collections that are asked for, and what it is for each MiB of the heap, which takes a millisecond to mark: who
 * is refused memory again and again must not keep the collector running.
 */
export const COLLECTION_PAUSE_MS = 250;
export const COLLECTION_PAUSE_MS_PER_MIB = 10;

/** How long the collector may take to do what it is asked for, a few milliseconds at a time, before it is asked again. */
export const COLLECTION_PATIENCE_MS = 5_000;

/** After a collection that a thread has to stand still for, it goes on for so many times as long before the next. */
export const COLLECTION_PAUSE_SHARE = 8;

/**
 * Milliseconds of one turn of the event loop in which new instances are made; the next ones wait for another turn, for instantiation
 * cannot be interrupted.
 */
export const INSTANTIATION_MS_PER_TURN = 2;

/** A request that has used less CPU time than this, in milliseconds, is light: nearly all that people wait for end within it. */
export const LIGHT_MS = 2;

/**
 * The share of a thread that light requests may use while longer ones wait, all together and those of one tenant of standard weight,
 * and how much they may use at once after a rest, in milliseconds. Light tenants stay far below; one that cuts heavy work into short
 * requests goes back to its fair share.
 */
export const EXPRESS_SHARE = 0.75;
export const EXPRESS_BURST_MS = 200;
export const EXPRESS_TENANT_SHARE = 0.25;
export const EXPRESS_TENANT_BURST_MS = 100;

/**
 * How much more CPU time than others, in milliseconds at standard weight, is held against a tenant: it used that in slices that could
 * not be ended sooner, or when nobody else wanted it. More would let it wait for seconds behind many.
 */
export const MAX_LEAD_MS = 20;

/**
 * The same of what its light requests used. Less, for they have a bound of their own, and a tenant that sends many of them should not
 * wait for long with one that turns out heavier.
 */
export const MAX_EXPRESS_LEAD_MS = 2;

/** How often a thread looks at its heap, and the share of V8's limit at which it ends requests: at the limit the process dies. */
export const HEAP_LOOK_MS = 100;
export const HEAP_CEILING_SHARE = 0.6;

/** Memories larger than this are dropped rather than cleared: a fresh one is cheaper. 16 MiB. */
export const MAX_CLEARED_BYTES = 16 * 1024 * 1024;

/**
 * Bytes of the image of one deployment's start-up: copying more into each new instance costs a millisecond and a half, which is what
 * most start-ups cost themselves. Beyond, each instance is started. 16 MiB.
 */
export const MAX_IMAGE_BYTES = 16 * 1024 * 1024;

/** Bytes of a memory in which an image is looked for: that takes 16 us a MiB. Beyond, each instance is started. 256 MiB. */
export const MAX_IMAGED_MEMORY_BYTES = 256 * 1024 * 1024;

/**
 * Bytes of all images of the process: they are resident as long as their deployments are in force, whether anybody asks for these or
 * not. Beyond, each instance of a further deployment is started. 256 MiB.
 */
export const MAX_IMAGES_BYTES = 256 * 1024 * 1024;

/** Idle sandboxes kept per deployment and thread; more are dropped. A burst of this width finds warm slots. */
export const MAX_IDLE_SANDBOXES = 256;

/** Bytes of idle linear memory kept per thread; beyond, those sandboxes are dropped that have been idle for longest. 256 MiB. */
export const MAX_IDLE_BYTES = 256 * 1024 * 1024;

/**
 * The share of {@link MAX_LIVE_MEMORIES} that may be idle, on all threads together; beyond, as above. The rest is for requests, and for
 * dead memories that wait for the collector: who comes to a process with many tenants finds room.
 */
export const IDLE_MEMORIES_SHARE = 1 / 2;

/**
 * Linear memories that a thread keeps for whoever wants one next, and bytes of them: as many as come and go between two collections of a
 * thread with thousands of tenants, and little beside what is idle. 64 MiB.
 */
export const MAX_SPARE_MEMORIES = 256;
export const MAX_SPARE_BYTES = 64 * 1024 * 1024;

/** Larger ones are not passed on: to look through one for what is to be cleared takes 16 us a MiB. 2 MiB. */
export const MAX_PASSED_ON_BYTES = 2 * 1024 * 1024;

/** A sandbox that waits for longer is dropped. */
export const MAX_IDLE_MS = 15_000;

/** How often such are looked for, and how many go at once: thousands that became idle together should not hold up a thread when they go. */
export const IDLE_SWEEP_MS = 250;
export const IDLE_DROPS_PER_SWEEP = 100;

/** Requests that one instance serves with `isolation = "reuse"` before it is replaced: bounds what a leaking guest keeps. */
export const MAX_REUSES = 10_000;

/** How long it serves with `isolation = "reuse"`: what goes wrong in it slowly is over after ten minutes. */
export const MAX_REUSE_AGE_MS = 600_000;

/** The share of its largest memory from which on it is replaced rather than left to fail, if it has grown there. */
export const MAX_REUSE_MEMORY_SHARE = 7 / 8;

/** Characters of one line in a tenant's log; the rest is cut. */
export const MAX_LOG_CHARS = 8_192;

/** Lines that one request may write to its tenant's log; the rest is dropped. */
export const MAX_LOG_LINES = 200;

/**
 * A sandbox that has served so many requests, in a pool of fewer sandboxes than so many, is cleared whole: that takes half the time of
 * looking for what was written (10 against 16 us a MiB). The memory that this makes resident is little, for they are few.
 */
export const BUSY_AFTER = 64;
export const MAX_BUSY_SANDBOXES = 8;

/**
 * Milliseconds that an export may run which a hostcall has entered: nobody else gets a turn meanwhile. An allocation takes
 * microseconds, with a collection in it some milliseconds. Beyond: `cpu_limit`.
 */
export const REENTRY_MS = 10;

/** Bytes that the guests of one tenant share: values and queues. As many as 100 tenants that fill theirs cost 100 MiB. 1 MiB. */
export const SHARED_BYTES = 1024 * 1024;

/** Values, queues and messages that they share: each access looks at every one, which takes 20 us. */
export const SHARED_RECORDS = 2_048;

/** Queues of one tenant: their number and names bound what `proxy_register_shared_queue` can make. */
export const SHARED_QUEUES = 64;

/** Metrics of one tenant, and bytes of a name: every one is a line or three of `/metrics`. */
export const SHARED_METRICS = 64;
export const METRIC_NAME_BYTES = 128;

/**
 * Bytes that are kept of a body for each filter that may be skipped, so that what it has read can be had again. 256 KiB. A filter
 * that fails after it has read more ends its request.
 */
export const MAX_RECORDED_BYTES = 256 * 1024;
