/** The answers of the control API, checked: what is needed must be there, what is new passes through. */
import * as z from 'zod';

const words = z.array(z.string());
const count = z.number();

/** A list, page by page. */
export function pageOf<T>(item: z.ZodType<T>): z.ZodType<{ items: T[]; next: string | null }> {
  return z.object({ items: z.array(item), next: z.string().nullable().default(null) });
}

const canaryAnswer = z.looseObject({ version: count, percent: count, maxCostFactor: count.optional() });

/** A tenant and what of it is in force. */
export const tenantAnswer = z.looseObject({
  name: z.string(),
  source: z.string().default('api'),
  revision: count,
  active: count.nullable(),
  previous: count.nullable().default(null),
  canary: canaryAnswer.nullable().default(null),
  hosts: words.default([]),
  createdMs: count.optional(),
  requiredKeys: words.default([]),
  limits: z.record(z.string(), z.number()).default({}),
});

/** A tenant as it was read. */
export type TenantAnswer = z.infer<typeof tenantAnswer>;

/** A version. `report` and `manifest` only where one version is asked for. */
export const versionAnswer = z.looseObject({
  tenant: z.string(),
  version: count,
  digest: z.string(),
  size: count,
  abi: z.string(),
  createdMs: count,
  createdBy: z.string(),
  signedBy: z.string().nullable().default(null),
  note: z.string().default(''),
  state: z.string().default('idle'),
  report: z.json().optional(),
});

/** A version as it was read. */
export type VersionAnswer = z.infer<typeof versionAnswer>;

/** Whether each instance is started. */
const startUpKind = z.object({
  imageBytes: count.nullable().default(null),
  perInstance: z.string().nullable().default(null),
});

/** What a first instance cost, and whether the others cost it too. */
const startUpAnswer = startUpKind.extend({ cpuMs: count, memoryPages: count });

/** A filter of a version. */
const filterAnswer = z.object({ name: z.string(), startUp: startUpKind.nullable().default(null) });

/** As it was read. */
export type FilterAnswer = z.infer<typeof filterAnswer>;

/** As it was read. */
export type StartUpAnswer = z.infer<typeof startUpAnswer>;

/** What of a report people read; what is missing is not shown. */
export const reportAnswer = z.object({
  size: z.object({ in: count, out: count }).nullable().catch(null),
  compileMs: count.nullable().catch(null),
  startUp: startUpAnswer.nullable().catch(null),
  filters: z.array(filterAnswer).catch([]),
  isolation: z.object({ wanted: z.string(), why: z.string().nullable() }).nullable().catch(null),
  notes: words.catch([]),
});

/** How many stored responses a purge met. */
export const purgeAnswer = z.looseObject({ purged: count });

/** The cache of a tenant. */
export const cacheAnswer = z.looseObject({
  entries: count,
  bytes: count,
  quotaBytes: count,
  requests: z.record(z.string(), count),
});

/** The cache of a tenant as it was read. */
export type CacheAnswer = z.infer<typeof cacheAnswer>;

/** What a deploy did. */
export const deployedAnswer = z.looseObject({
  version: versionAnswer,
  active: z.boolean(),
  capabilities: z.looseObject({ added: words, removed: words }),
});

/** A deploy as it was read. */
export type DeployedAnswer = z.infer<typeof deployedAnswer>;

/** Who the token says one is. */
export const whoamiAnswer = z.looseObject({
  subject: z.string(),
  scopes: words,
  tenant: z.string().nullable().default(null),
  expiresMs: count.nullable().default(null),
});

/** A token, once. */
export const tokenAnswer = z.looseObject({ token: z.string(), id: z.string(), expiresMs: count });

/** A host of a tenant. */
export const domainAnswer = z.looseObject({
  host: z.string(),
  createdMs: count.optional(),
  createdBy: z.string().optional(),
});

/** Ceilings of a tenant. */
export const limitsAnswer = z.record(z.string(), z.number().nullable());

/** The name of a secret. */
export const nameAnswer = z.string();

/** A key of a key-value store. */
export const keyAnswer = z.looseObject({ key: z.string() });

/** A config store. */
export const configAnswer = z.looseObject({ items: z.record(z.string(), z.string()) });

/** What a tenant used. */
export const usageAnswer = z.looseObject({
  hours: z.array(
    z.looseObject({
      hourMs: count,
      requests: count,
      cpuUs: count,
      outcomes: z.record(z.string(), z.number()).default({}),
    }),
  ),
});

/** An hour of usage as it was read. */
export type UsageHour = z.infer<typeof usageAnswer>['hours'][number];

/** What every tenant uses now, since the process began. */
export const figuresAnswer = z.looseObject({
  tenants: z.array(
    z.looseObject({
      tenant: z.string(),
      version: z.union([z.number(), z.string()]).nullable().default(null),
      canary: z.union([z.number(), z.string()]).nullable().default(null),
      requests: count,
      inFlight: count,
      cpuUs: count,
      memoryPages: count,
      outcomes: z.record(z.string(), z.number()).default({}),
    }),
  ),
});

/** Figures of a tenant as they were read. */
export type Figures = z.infer<typeof figuresAnswer>['tenants'][number];
