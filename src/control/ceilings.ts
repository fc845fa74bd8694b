/** What an operator allows a tenant to ask for, against what its manifest asks for. */
import { KerbError } from '../errors.ts';
import type { LimitsRecord } from '../store/records.ts';
import type { ManifestLimits } from './manifest.ts';
import { BYTES_PER_MB } from './manifest-limits.ts';

/** The value of each key in the units of the manifest; `null`: without bound. */
const ASKED = {
  cpu_ms: ({ cpuMs }) => cpuMs,
  wall_ms: ({ wallMs }) => wallMs,
  memory_mb: ({ memoryBytes }) => memoryBytes / BYTES_PER_MB,
  concurrency: ({ concurrency }) => concurrency,
  cpu_ms_per_second: ({ cpuMsPerSecond }) => cpuMsPerSecond,
  cpu_weight: ({ cpuWeight }) => cpuWeight,
} as const satisfies Record<keyof LimitsRecord, (limits: ManifestLimits) => number | null>;

/**
 * A line for each limit that is above the tenant's ceiling, in the order of the manifest's keys, each with its remedy. Nothing is
 * clamped. A ceiling on `cpu_ms_per_second` has no manifest without a quota pass; 0 there is no ceiling, as it is no quota.
 */
export function overCeilings(limits: ManifestLimits, ceilings: LimitsRecord): string[] {
  const keys = Object.keys(ASKED) as (keyof LimitsRecord)[];
  return keys.flatMap((key) => {
    const ceiling = ceilings[key];
    const asked = ASKED[key](limits);
    if (ceiling === undefined || (key === 'cpu_ms_per_second' && ceiling === 0)) return [];
    return asked !== null && asked <= ceiling ? [] : [faultLine(key, asked, ceiling)];
  });
}

/** Throws `refused_module` with every line of {@link overCeilings}. */
export function refuseOverCeilings(limits: ManifestLimits, ceilings: LimitsRecord): void {
  const details = overCeilings(limits, ceilings);
  if (details.length > 0) {
    throw new KerbError('refused_module', 'the manifest asks for more than this tenant may have', details);
  }
}

function faultLine(key: string, asked: number | null, ceiling: number): string {
  if (asked === null)
    return `limits.${key}: no quota is above this tenant's ceiling of ${ceiling}; set it to ${ceiling} or less`;
  return `limits.${key}: ${asked} is above this tenant's ceiling of ${ceiling}; lower it or ask the operator`;
}
