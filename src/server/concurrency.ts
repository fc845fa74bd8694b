/** How many requests of one tenant are in flight, on all threads together; more wait briefly, then are refused. */
import type { TenantCounters } from '../runtime/tenant-counters.ts';
import { CONCURRENCY_POLL_MS, CONCURRENCY_WAIT_MS, MAX_WAITING } from './limits.ts';

interface Waiter {
  readonly limit: number;
  readonly until: number;
  readonly settle: (entered: boolean) => void;
}

/** Admits requests by their tenant's concurrency. */
export class Concurrency {
  readonly #counters: TenantCounters;
  readonly #waiting = new Map<number, Waiter[]>();
  #poll: NodeJS.Timeout | null = null;

  constructor(counters: TenantCounters) {
    this.#counters = counters;
  }

  /**
   * Counts a request of the tenant at `slot` in. Answers `true` when there is room, `false` when too many wait already, and
   * otherwise a promise of either. Whoever is in calls {@link leave}.
   */
  enter(slot: number, limit: number): boolean | Promise<boolean> {
    const queue = this.#waiting.get(slot);
    if (queue === undefined && this.#counters.tryEnter(slot, limit)) return true;
    if (queue !== undefined && queue.length >= MAX_WAITING) return false;
    return new Promise((settle) => {
      const waiter = { limit, until: performance.now() + CONCURRENCY_WAIT_MS, settle };
      if (queue === undefined) this.#waiting.set(slot, [waiter]);
      else queue.push(waiter);
      this.#poll ??= setInterval(() => this.#look(), CONCURRENCY_POLL_MS);
    });
  }

  /** Counts a request out, and the first that waits in. */
  leave(slot: number): void {
    this.#counters.leave(slot);
    if (this.#waiting.size > 0) this.#admit(slot, this.#waiting.get(slot) ?? []);
  }

  /** Admits what has room now and refuses what has waited too long. */
  #look(): void {
    const now = performance.now();
    for (const [slot, queue] of this.#waiting) {
      this.#admit(slot, queue);
      while (queue[0] !== undefined && queue[0].until <= now) queue.shift()?.settle(false);
      if (queue.length === 0) this.#waiting.delete(slot);
    }
    if (this.#waiting.size > 0 || this.#poll === null) return;
    clearInterval(this.#poll);
    this.#poll = null;
  }

  #admit(slot: number, queue: Waiter[]): void {
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (!this.#counters.tryEnter(slot, first.limit)) return;
      queue.shift();
      first.settle(true);
    }
    this.#waiting.delete(slot);
  }
}
