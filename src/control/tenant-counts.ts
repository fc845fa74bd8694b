/** Figures of tenants since their name was given to them: a counter slot goes on counting when its name has another owner. */
import { CACHE_OUTCOMES } from '../cache/outcome.ts';
import { OUTCOME_NAMES } from '../outcome.ts';
import type { TenantFigures } from '../runtime/tenant-counters.ts';

/** The counters of one process, read as figures of the tenants that have the slots now. */
export class TenantCounts {
  readonly #counters: { read(slot: number): TenantFigures };
  /** What the counters of a slot were when it got another owner. */
  readonly #before = new Map<number, TenantFigures>();

  constructor(counters: { read(slot: number): TenantFigures }) {
    this.#counters = counters;
  }

  /** What the slot's owner has used, and what it holds now. */
  read(slot: number): TenantFigures {
    const now = this.#counters.read(slot);
    const before = this.#before.get(slot);
    if (before === undefined) return now;
    return {
      ...now,
      outcomes: since(OUTCOME_NAMES, before.outcomes, now.outcomes),
      cache: since(CACHE_OUTCOMES, before.cache, now.cache),
      cpuUs: Math.max(0, now.cpuUs - before.cpuUs),
    };
  }

  /** Counts from zero for the slot's next owner. Requests of the last one that have not ended yet are the next one's. */
  begin(slot: number): void {
    this.#before.set(slot, this.#counters.read(slot));
  }
}

type Counts<Name extends string> = Readonly<Record<Name, number>>;

/** Counters are 32 bits wide and wrap. */
function since<Name extends string>(names: readonly Name[], before: Counts<Name>, now: Counts<Name>): Counts<Name> {
  return Object.fromEntries(names.map((name) => [name, (now[name] - before[name]) >>> 0])) as Record<Name, number>;
}
