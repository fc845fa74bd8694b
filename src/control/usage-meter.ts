/** What tenants use, hour by hour: the counters' growth, written to the store now and then. */
import { OUTCOME_NAMES, type Outcome } from '../outcome.ts';
import type { TenantFigures } from '../runtime/tenant-counters.ts';
import type { UsageRecord } from '../store/records.ts';

/** An hour, in milliseconds. */
export const HOUR_MS = 3_600_000;

/** What a meter reads and writes. */
export interface UsageSources {
  /** Tenants whose usage is kept, with their counter slots. */
  tenants(): Iterable<readonly [tenant: string, slot: number]>;
  read(slot: number): TenantFigures;
  /** A number that grows with whatever is counted as usage, and is read far sooner. */
  activity(slot: number): number;
  add(usage: readonly UsageRecord[]): void;
}

interface Seen extends Pick<TenantFigures, 'cpuUs' | 'outcomes'> {
  readonly activity: number;
}

/** Reads the counters' growth since it last did. What has not been written when the process is killed is lost: at most one interval. */
export class UsageMeter {
  readonly #sources: UsageSources;
  readonly #seen = new Map<number, Seen>();

  constructor(sources: UsageSources) {
    this.#sources = sources;
  }

  /** What the slot says from now on is counted from zero: it has another owner. */
  forget(slot: number): void {
    this.#seen.delete(slot);
  }

  /** Writes what was used since the last time, as of the hour that `nowMs` is in. What cannot be written is written the next time. */
  record(nowMs: number): void {
    const hourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
    const usage: UsageRecord[] = [];
    const seen = new Map<number, Seen>();
    for (const [tenant, slot] of this.#sources.tenants()) {
      const before = this.#seen.get(slot);
      // Before the figures, so that what is counted meanwhile is found the next time.
      const activity = this.#sources.activity(slot);
      if (activity === (before?.activity ?? 0)) continue;
      const { cpuUs, outcomes } = this.#sources.read(slot);
      const now = { cpuUs, outcomes, activity };
      const grown = growth(before, now);
      if (grown === null) continue;
      usage.push({ tenant, hourMs, ...grown });
      seen.set(slot, now);
    }
    if (usage.length > 0) this.#sources.add(usage);
    for (const [slot, now] of seen) this.#seen.set(slot, now);
  }
}

/** What was used between two looks at a slot; `null`: nothing. */
function growth(
  before: Seen | undefined,
  { cpuUs, outcomes }: Seen,
): Pick<UsageRecord, 'requests' | 'cpuUs' | 'outcomes'> | null {
  // Counters are 32 bits wide and wrap.
  const grown = OUTCOME_NAMES.map((name): [Outcome, number] => [
    name,
    (outcomes[name] - (before?.outcomes[name] ?? 0)) >>> 0,
  ]).filter(([, count]) => count > 0);
  // A look between the two halves of a carry sees less than before: that is not to be written, and the next look is whole.
  const cpu = cpuUs - (before?.cpuUs ?? 0);
  if (cpu < 0) return null;
  if (grown.length === 0 && cpu === 0) return null;
  return {
    requests: grown.reduce((sum, [, count]) => sum + count, 0),
    cpuUs: cpu,
    outcomes: Object.fromEntries(grown),
  };
}
