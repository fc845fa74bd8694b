/** Figures of tenants since their name was given to them: a counter slot goes on counting when its name has another owner. */
import { OUTCOME_NAMES, type Outcome } from '../outcome.ts';
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
    // Counters are 32 bits wide and wrap.
    const outcomes = OUTCOME_NAMES.map((name) => [name, (now.outcomes[name] - before.outcomes[name]) >>> 0]);
    return {
      ...now,
      outcomes: Object.fromEntries(outcomes) as Record<Outcome, number>,
      cpuUs: Math.max(0, now.cpuUs - before.cpuUs),
    };
  }

  /** Counts from zero for the slot's next owner. Requests of the last one that have not ended yet are the next one's. */
  begin(slot: number): void {
    this.#before.set(slot, this.#counters.read(slot));
  }
}
