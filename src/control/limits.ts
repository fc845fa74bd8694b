/** Limits of the way from an upload to a deployment, each with its reason and what happens when it is reached. */

/** How long the compile thread may take over one module: our largest real one takes 0.5 s. Beyond, it is refused and the thread replaced. */
export const COMPILE_TIMEOUT_MS = 20_000;

/** Bytes of rewritten code that are remembered for tenants that upload the same; modules in use stay alive beyond it. 256 MiB. */
export const MAX_CACHED_CODE_BYTES = 256 * 1024 * 1024;

/** What a remembered module takes beside its code, in bytes, counted with it: V8's own books and a page of code. Measured: 20 KB for the smallest. */
export const MODULE_OVERHEAD_BYTES = 128 * 1024;

/**
 * How long the canary may take over one module: 10 MB take it 0.2 s. Beyond, the canary is killed and the module refused, for the
 * same work would be done in the serving process.
 */
export const CANARY_TIMEOUT_MS = 10_000;

/**
 * Private writable memory of the canary process (`RLIMIT_DATA`). Node itself has 0.6 GiB of it, nearly all of it never touched;
 * the rest is what compiling one module may take, at most half of it for the largest module with the operator's opt-in. At the limit the canary
 * dies and the module is refused. 1.5 GiB.
 */
export const CANARY_MEMORY_KIB = 1536 * 1024;

/** CPU seconds in the life of a canary process (`RLIMIT_CPU`): the kernel's word, should nobody be left to kill it. */
export const CANARY_CPU_SECONDS = 120;

/** Modules after which a canary is replaced: it keeps their function types for ever, at most 1,000 each of V8's 2,000,000. */
export const CANARY_MODULES = 200;

/** How long a canary without work is kept: it takes 50 MB, and starting one takes 50 ms. */
export const CANARY_IDLE_MS = 5_000;

/**
 * Distinct function types after which the process recycles itself. V8 keeps every type that it has seen for the life of the
 * process, of refused and deleted modules too, and aborts just under 2,000,000.
 */
export const RECYCLE_TYPES = 500_000;

/** Distinct function types that the process takes at all; a module that brings more is refused. Half of what aborts it. */
export const MAX_TYPES = 1_000_000;

/**
 * Page tables after which the process recycles itself, in MiB. V8 never gives back the addresses of some of the stacks that
 * suspended guests had; a process that has used many keeps page tables for them.
 */
export const RECYCLE_PAGE_TABLE_MIB = 1_024;

/**
 * The least life of a process that recycles itself: whoever uploads types as fast as they can may cost one drain in that time.
 * One hour.
 */
export const LEAST_LIFE_MS = 3_600_000;

/** How often canaries are looked after: a bad one has served its share for about so long. */
export const CANARY_LOOK_MS = 1_000;

/** How often usage is written: what a killed process loses of it. */
export const USAGE_MS = 10_000;

/**
 * Up to so many bytes, functions, and live slots summed over their edges, a rewritten module is compiled where it is asked for rather than on
 * the compile thread: half a millisecond, six at the worst that was found (saturating truncations), when sending it there and back takes half of
 * one. 32 KiB.
 */
export const SMALL_MODULE = Object.freeze({ bytes: 32 * 1024, functions: 300, stateProduct: 50_000 });

/** Bytes of rewritten uploads that are remembered until somebody stores them, and how long. Beyond, they are rewritten once more later. 64 MiB. */
export const RECENT_ARTIFACT_BYTES = 64 * 1024 * 1024;
export const RECENT_ARTIFACT_MS = 60_000;

/** How often what is too old is forgotten. */
export const PRUNE_MS = 3_600_000;

/** Versions of a tenant that are kept, beside those in use: who goes back further has the sources. */
export const KEPT_VERSIONS = 100;

/** How long bytes that no version names are kept: an upload stores them before its version. */
export const UNNAMED_BLOB_MS = 3_600_000;

/** How long the main thread answers guests' questions to key-value stores before it does anything else. */
export const KV_TURN_MS = 5;

/**
 * How long an instance may take to start when an upload is tried: interpreters with their libraries take a second. A longer start is
 * `refused_module`, for it would be part of every request; and whoever deploys waits for it.
 */
export const REHEARSAL_WALL_MS = 5_000;

/**
 * Bytes of all pages of one app's `[[on_failure]]`, which the data threads share; more is `too_large` at deploy: sixteen of the largest
 * would be a cache of their own. 1 MiB.
 */
export const MAX_PAGES_BYTES = 1024 * 1024;

/**
 * Bytes of config and granted secrets that one app gets, on every data thread. More is `too_large` at deploy, and when config or a
 * secret of an app in force is written. 4 MiB.
 */
export const MAX_HANDED_BYTES = 4 * 1024 * 1024;

/** Samples of guests' own metrics in `/metrics`, of all tenants together: Prometheus keeps a series for each. Others are left out. */
export const MAX_GUEST_SERIES = 5_000;

/** Limits on the folders of `[files]`: all of a folder is in memory, on the main thread while it is deployed and then once for all. */
export const FOLDER_LIMITS = {
  /** Files, folders and links of one folder, each of which has a cost on every data thread: as many as an archive may have. */
  entries: 10_000,
  /** Bytes of one folder: what an archive may unpack to. 64 MiB. */
  bytes: 64 * 1024 * 1024,
  /** Folders inside each other, as in an archive. */
  depth: 16,
  /** Bytes of the folders of all apps, together with those that still serve while they are replaced. 1 GiB. */
  processBytes: 1024 * 1024 * 1024,
} as const;

/** Stored tenants that a process starts with awake; where there are more, each is woken by its first request. */
export const WOKEN_AT_START = 64;

/** Tenants that are woken at the same time: each has its module in memory meanwhile. The compile thread takes one after the other. */
export const WAKES_AT_ONCE = 8;

/** How often it is noted which tenants are asked for: those that are not are the first to be put to rest. */
export const AWAKE_LOOK_MS = 1_000;

/** Tenants awake at once: as many as there are places for their counters. */
export const MAX_AWAKE_TENANTS = 131_072;

/**
 * What each guest of an awake tenant takes beside its code, on two data threads together, with a sandbox that is warm: 40 KB measured with
 * the smallest module. 48 KiB.
 */
export const AWAKE_TENANT_BYTES = 48 * 1024;

/** What a module of which tenants are awake takes beside its code, in bytes. 24 KiB. */
export const AWAKE_MODULE_BYTES = 24 * 1024;

/** What code takes for each of its bytes, as bytes and as machine code: tenants with 10 KB each took 104 KiB in all. */
export const CODE_FACTOR = 3;

/**
 * The share of the memory target, but for what a process without tenants takes, that awake tenants and their code may take by estimate;
 * guests' memories and requests have the rest. At least that of the whole target.
 */
export const AWAKE_SHARE = 1 / 2;
export const LEAST_AWAKE_SHARE = 1 / 8;

/** What a process without tenants takes, in MiB. Measured with two data threads: 250. */
export const BARE_PROCESS_MIB = 256;

/** How much more than has to be is made room for when awake tenants take too much: who is to rest is not looked for with each that wakes. */
export const MADE_ROOM_SHARE = 1 / 16;

/** How many of the awake tenants, by weight, are put to rest at most each time that the process is short of memory. */
export const RELIEVED_SHARE = 1 / 8;

/** How long the memory of those that were put to rest is waited for before more are, in milliseconds: a collection or two of each thread. */
export const RELIEF_SETTLES_MS = 5_000;
