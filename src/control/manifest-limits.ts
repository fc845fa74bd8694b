/** Every limit on a manifest and on the files beside it: its value, its reason, and what happens when it is reached. */
import {
  BETWEEN_BYTES_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  FIRST_BYTE_TIMEOUT_MS,
  MAX_CONNECTIONS,
} from '../upstream/limits.ts';

/** One number of a manifest: what a tenant gets without asking, and how far it may ask. */
export interface Budget {
  /** The value when the key is left out. */
  readonly standard: number;
  /** The smallest value that still means something. */
  readonly least: number;
  /** The process-wide ceiling: no tenant gets more, because all tenants share the process. */
  readonly ceiling: number;
}

/** The keys of `[limits]`. A value outside least..ceiling is a fault of the manifest: it is refused, never clamped. */
export const BUDGETS = {
  /** Milliseconds of CPU for one request. Light handlers take under 5; the ceiling keeps a thread's run queue moving. */
  cpu_ms: { standard: 50, least: 1, ceiling: 10_000 },
  /** How much of a thread the tenant's requests get beside those of others: twice the weight is twice the time. */
  cpu_weight: { standard: 100, least: 1, ceiling: 10_000 },
  /** Milliseconds of CPU a second for all requests together; 0 sets no quota. The ceiling is what 256 threads have. */
  cpu_ms_per_second: { standard: 0, least: 0, ceiling: 256_000 },
  /** Milliseconds of CPU by which a tenant may be ahead of that quota: what it may use at once after a rest. */
  cpu_burst_ms: { standard: 10_000, least: 1, ceiling: 3_600_000 },
  /** Milliseconds from the request's head to the end of its response. The ceiling bounds how long a stack stays suspended. */
  wall_ms: { standard: 30_000, least: 1, ceiling: 300_000 },
  /** MiB of linear memory of one instance. Large interpreters start under 128; beyond 1024 a few instances fill a machine. */
  memory_mb: { standard: 128, least: 1, ceiling: 1_024 },
  /** Requests in flight. The ceiling is a quarter of the 8,000 suspended stacks that a process may hold. */
  concurrency: { standard: 200, least: 1, ceiling: 2_000 },
  /** Requests to backends during one request: bounds what one client request sets off (amplification). 0 forbids them. */
  subrequests: { standard: 32, least: 0, ceiling: 1_000 },
  /** Open WebSockets, handshakes included. 0 refuses them. The ceiling is a quarter of the 20,000 that a process may have. */
  websockets: { standard: 100, least: 0, ceiling: 5_000 },
  /** MiB of one request's body, buffered or streamed. 0 accepts no body. */
  request_body_mb: { standard: 10, least: 0, ceiling: 100 },
  /** MiB of answers of backends that the cache keeps for the tenant. 0: its backends are asked every time. */
  cache_mb: { standard: 32, least: 0, ceiling: 4_096 },
  /** MiB of files that a request may make in /tmp; 0 gives none. They are in memory of the host's, for each request in flight. */
  scratch_mb: { standard: 0, least: 0, ceiling: 64 },
} as const satisfies Record<string, Budget>;

/** Numbers of `[backends.NAME]`; what is left out is the standard of `upstream`. */
export const BACKEND_BUDGETS = {
  /** Milliseconds to connect. Longer than the ceiling nobody should wait who could be told that the backend is away. */
  connect_ms: { standard: CONNECT_TIMEOUT_MS, least: 1, ceiling: 30_000 },
  /** Milliseconds to the head of the answer. The ceiling is that of `wall_ms`. */
  first_byte_ms: { standard: FIRST_BYTE_TIMEOUT_MS, least: 1, ceiling: 300_000 },
  /** Milliseconds between two pieces of a body. The same. */
  between_bytes_ms: { standard: BETWEEN_BYTES_TIMEOUT_MS, least: 1, ceiling: 300_000 },
  /** Connections on one data thread. */
  connections: { standard: MAX_CONNECTIONS, least: 1, ceiling: MAX_CONNECTIONS },
} as const satisfies Record<string, Budget>;

/** Numbers of `health` of a backend. */
export const HEALTH_BUDGETS = {
  /** Seconds between two checks. The least keeps an app from being a load test; a state that is older than the ceiling is none. */
  interval_s: { standard: 10, least: 1, ceiling: 300 },
  /** Milliseconds for one check, which holds a connection and a place for so long. */
  timeout_ms: { standard: 2_000, least: 1, ceiling: 10_000 },
  /** Failed checks in a row after which the backend is left alone: one may be lost. */
  unhealthy: { standard: 3, least: 1, ceiling: 20 },
  /** Checks in a row that succeed after which it is asked again. */
  healthy: { standard: 2, least: 1, ceiling: 20 },
  /** The status of a backend that is well. */
  status: { standard: 200, least: 200, ceiling: 599 },
} as const satisfies Record<string, Budget>;

/** Bytes in the `mb` of a manifest: 2^20, so that a memory budget is a whole number of WebAssembly pages. */
export const BYTES_PER_MB = 1024 * 1024;

/** Sizes of a manifest. Reaching one is a fault that names the place. */
export const MANIFEST_LIMITS = {
  /**
   * UTF-8 bytes of the whole text: parsing the worst text of this size blocks the control thread for some tenths of a second. A longer
   * configuration is a file.
   */
  bytes: 64 * 1024,
  /** Segments of a key path. The deepest key that means anything has 4; more is an attack on recursion. */
  keyDepth: 8,
  /** Faults that one error lists; the rest are counted. */
  listedFaults: 50,
  /** Characters of one listed fault: it is a line in a terminal and in a log. */
  faultChars: 239,
  /** Host names of one tenant: each is an entry of the routing table. */
  hosts: 100,
  /** Characters of a path prefix. */
  pathChars: 1_024,
  /** Characters of a file or folder path: the longest name that Linux takes in one component. */
  fileChars: 255,
  /** Backends of one tenant: each may hold its own connection pool. */
  backends: 64,
  /** Filters of one tenant: each has a sandbox and an account of its own for every request, and its id is one of 32 of its app. */
  filters: 8,
  /** Token issuers of one tenant: each may have a key set of its own in every thread. */
  issuers: 16,
  /** Characters of a key set in the manifest: what one that is fetched may have in bytes. */
  keySetChars: 64 * 1024,
  /** Seconds that a token of the tenant's own signing may live at most: a day, for it cannot be called back. */
  tokenSeconds: 24 * 60 * 60,
  /** Characters of a backend's URL. */
  urlChars: 2_048,
  /** Environment variables of one tenant. */
  variables: 100,
  /** Characters of names and values of all environment variables: they are copied into the memory of every instance. */
  variableChars: 32 * 1024,
  /** Arguments of a program, and their characters: they are copied into the memory of every instance. */
  arguments: 64,
  argumentChars: 8 * 1024,
  /** Preopened folders of one tenant: each is an entry of every instance's descriptor table. */
  folders: 16,
  /** Rules of `[[on_failure]]`: all are looked at when a guest fails, and each may have a page of its own. */
  failureRules: 16,
  /** Names in each list of `[stores]`, and keys of its `config`. */
  storeNames: 100,
} as const;

/** Bytes of the files that a manifest names. A larger file is refused before it is read. */
export const TENANT_FILE_LIMITS = {
  /** The module with its custom sections: the size that admission takes at most, with the operator's opt-in. */
  moduleBytes: 32 * 1024 * 1024,
  /** The configuration: it is copied into guest memory on demand. */
  configBytes: 1024 * 1024,
  /** A page of `[[on_failure]]`: one is sent whole for each failing request, and says that something is wrong, no more. 256 KiB. */
  pageBytes: 256 * 1024,
} as const;
