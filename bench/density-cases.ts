/** The cases of benchmark `density`, and where its runs end. Pure. */

/** How many tenants are registered, each in a process of its own; the first is what the others are compared with. */
export const REGISTERED = { full: [1, 10_000, 100_000], quick: [1, 500] } as const;
/** The share of them whose module is one of its own. */
export const DISTINCT_SHARE = 0.05;
/** So many of them are asked afterwards. */
export const ASKED = 200;

/** How many tenants are live when it is looked at what they take. */
export const LIVE = { full: [100, 1_000, 10_000], quick: [20, 100] } as const;
/** Bytes of the module of each. */
export const LIVE_BYTES = 10_000;
/** Tenants that are asked at once. */
export const LANES = 16;

/** Where a peer is stopped: the machine is to survive. */
export const STOP = { residentMib: 4_096, seconds: 60 } as const;

/** What Kerb aims at while tenants are counted: more than they take. MiB. */
export const ROOMY_MIB = 8_192;
/** What it aims at while it is driven to the end. MiB. */
export const NARROW_MIB = 400;

/** So many tenants are asked while it does: several times what it can keep awake. */
export const CROWD = 3_000;

/** Requests at once that each fill 16 MiB until they are stopped, and how many in all. */
export const STORM = { lanes: 200, requests: { full: 4_000, quick: 600 }, tenants: 20 } as const;

/** The aims. */
export const DENSITY_AIMS = { registered: 100_000, live: 10_000, residentMib: 1_024 } as const;
