/** What benchmark `soak` does for so long. Pure. */
import type { TenantOptions } from '../src/lab/tenants.ts';

/** The mix of tenants: sample apps, half of them with a module of their own, and one in fifty hostile beside them. */
export const SOAK_TENANTS = {
  full: { tenants: 5_000, hostile: 0.02, distinct: 0.5, seed: 24, modules: null },
  quick: { tenants: 300, hostile: 0.02, distinct: 0.5, seed: 24, modules: null },
} as const satisfies Record<string, TenantOptions>;

/** Requests a second to well-behaved tenants, and to hostile ones. */
export const SOAK_RATE = { good: 300, hostile: 10 } as const;
/** What Kerb aims at: less than all tenants would take awake, so that some are always put to rest. MiB. */
export const SOAK_TARGET_MIB = 512;

/** Tenants that come, change and go, and how often one of them does. */
export const CHURN = { tenants: 8, pauseMs: 250, bytes: [2_000, 10_000, 100_000] } as const;

/** How often it is looked what the process takes. */
export const LOOK_MS = 2_000;
/** Parts that the report divides the time into. */
export const SLICES = 8;

/** The least minutes that a slope is judged after: before, caches and code still fill. */
export const LEAST_MINUTES = 20;
/** The greatest growth in the second half of the time, as a share of what there is. */
export const MOST_GROWTH = 0.05;
/** Growth that is none, however little there is: MiB, mappings, open files that are no sockets. */
export const SLACK = { residentMib: 24, mappings: 200, files: 8 } as const;
