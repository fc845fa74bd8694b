/** The JSON of tenants, versions and what belongs to them: their schemas, and how they are made of records. */
import { z } from 'zod';
import { CACHE_OUTCOMES, type CacheOutcome } from '../cache/outcome.ts';
import type { TenantView } from '../control/plane.ts';
import type { KvRecord, VersionRecord } from '../store/records.ts';
import type { Page } from '../store/store.ts';
import { limitsBody } from './bodies.ts';

const timeMs = z.int().meta({ description: 'Milliseconds since the epoch.' });
const versionOrNone = z.int().nullable();

/** Any JSON. */
export const anyJson = z.json().meta({ id: 'Json' });

export const tenantJson = z
  .strictObject({
    name: z.string(),
    source: z.enum(['api', 'folder']),
    revision: z.int(),
    active: versionOrNone,
    previous: versionOrNone,
    canary: z
      .strictObject({ version: z.int(), percent: z.number(), maxCostFactor: z.number(), startedMs: timeMs })
      .nullable(),
    hosts: z.array(z.string()),
    createdMs: timeMs,
    requiredKeys: z.array(z.string()),
    limits: limitsBody,
  })
  .meta({ id: 'Tenant' });

export const versionJson = z
  .strictObject({
    tenant: z.string(),
    version: z.int(),
    digest: z.string().meta({ description: 'SHA-256 of the module, in hex.' }),
    size: z.int().meta({ description: 'Bytes of the module.' }),
    abi: z.string(),
    createdMs: timeMs,
    createdBy: z.string(),
    signedBy: z.string().nullable(),
    note: z.string(),
    state: z.enum(['active', 'canary', 'idle']),
    report: anyJson.optional(),
    manifest: z.string().optional(),
  })
  .meta({ id: 'Version' });

const lines = z.array(z.string());

export const deployedJson = z
  .strictObject({
    version: versionJson,
    active: z.boolean(),
    capabilities: z.strictObject({ added: lines, removed: lines }).meta({ id: 'CapabilityDiff' }),
  })
  .meta({ id: 'Deployed' });

export const domainJson = z
  .strictObject({ host: z.string(), tenant: z.string(), createdMs: timeMs, createdBy: z.string() })
  .meta({ id: 'Domain' });

export const auditJson = z
  .strictObject({
    id: z.int(),
    timeMs,
    actor: z.string(),
    action: z.string(),
    tenant: z.string().nullable(),
    detail: anyJson,
  })
  .meta({ id: 'AuditRecord' });

const byOutcome = z.record(z.string(), z.int());

export const usageJson = z
  .strictObject({ tenant: z.string(), hourMs: timeMs, requests: z.int(), cpuUs: z.number(), outcomes: byOutcome })
  .meta({ id: 'UsageRecord' });

export const figuresJson = z
  .strictObject({
    tenant: z.string(),
    source: z.enum(['api', 'folder']),
    version: versionOrNone,
    label: z.string(),
    canary: versionOrNone,
    requests: z.int(),
    inFlight: z.int(),
    cpuUs: z.number(),
    memoryPages: z.int(),
    outcomes: byOutcome,
  })
  .meta({ id: 'TenantFigures' });

/** Counts by a word; words without any may be left out. */
const byCacheOutcome = z.partialRecord(z.enum(CACHE_OUTCOMES as readonly [CacheOutcome, ...CacheOutcome[]]), z.int());

export const cacheJson = z
  .strictObject({ entries: z.int(), bytes: z.int(), quotaBytes: z.int(), requests: byCacheOutcome })
  .meta({ id: 'Cache' });

export const kvKeyJson = z
  .strictObject({
    key: z.string(),
    metadata: z.string().nullable(),
    generation: z.int(),
    expiresMs: timeMs.nullable(),
  })
  .meta({ id: 'KvKey' });

/** Part of a list. */
export function pageJson(item: z.ZodType): z.ZodType {
  return z.strictObject({ items: z.array(item), next: z.string().nullable() });
}

/** A tenant, and nothing else that its record may have. */
export function tenantView(tenant: TenantView): z.output<typeof tenantJson> {
  const { name, source, revision, active, previous, canary, hosts, createdMs, requiredKeys, limits } = tenant;
  return {
    name,
    source,
    revision,
    active,
    previous,
    createdMs,
    limits,
    canary: canary === null ? null : { ...canary },
    hosts: [...hosts],
    requiredKeys: [...requiredKeys],
  };
}

/** A version as lists show it. */
export function versionView(record: VersionRecord, tenant: TenantView): z.output<typeof versionJson> {
  const { version, digest, size, abi, createdMs, createdBy, signedBy, note } = record;
  const idle = tenant.canary?.version === version ? 'canary' : 'idle';
  return {
    tenant: record.tenant,
    version,
    digest,
    size,
    abi,
    createdMs,
    createdBy,
    signedBy,
    note,
    state: tenant.active === version ? 'active' : idle,
  };
}

/** A version with what admission found and its manifest. */
export function wholeVersionView(record: VersionRecord, tenant: TenantView): z.output<typeof versionJson> {
  return {
    ...versionView(record, tenant),
    report: record.report as z.output<typeof anyJson>,
    manifest: record.manifest,
  };
}

/** What a list of keys shows of an entry. */
export function kvKeyView(entry: Omit<KvRecord, 'value'>): z.output<typeof kvKeyJson> {
  const { key, metadata, generation, expiresMs } = entry;
  return { key, metadata, generation, expiresMs };
}

/** A part of a list with its items as they are shown. */
export function pageView<T, V>({ items, next }: Page<T>, view: (item: T) => V): { items: V[]; next: string | null } {
  return { items: items.map(view), next };
}
