/** What a thread does when memory runs short: who gets no new request, and whose requests end. */
import { HEAP_CEILING_SHARE } from './limits.ts';
import type { LiveMemories } from './live-memories.ts';
import { greediest, type Holding } from './pressure.ts';
import type { Pressure } from './process-gauge.ts';
import type { Scheduler } from './scheduler.ts';

const PAGE_BYTES = 65_536;

/** The relief of one data thread. */
export class Relief {
  readonly #scheduler: Scheduler;
  readonly #memories: LiveMemories;
  #greedy: ReadonlySet<number> = new Set();

  constructor(scheduler: Scheduler, memories: LiveMemories) {
    this.#scheduler = scheduler;
    this.#memories = memories;
  }

  /** Tenants, by slot, that get no new request while there is pressure. */
  get greedy(): ReadonlySet<number> {
    return this.#greedy;
  }

  /**
   * Answers to the pressure on resident memory: idle memory goes, and while there is pressure the tenants that hold most get no new
   * request. Where that is not enough, their requests end as `capacity`, the largest first.
   *
   * @param dropIdle - Drops what nobody uses; answers how many bytes that were.
   */
  answer({ bytes, measure }: Pressure, dropIdle: () => number): void {
    this.#greedy = new Set();
    if (measure === 'none') return;
    const chosen = greediest(this.#holdings(), bytes - dropIdle());
    this.#greedy = new Set(chosen.map(({ tenant }) => tenant));
    if (measure === 'end') this.#end(chosen);
    this.#memories.giveBack();
  }

  /**
   * Ends requests as `capacity` when the heap of this thread comes near the limit at which V8 ends the process. What a guest keeps
   * there, exceptions first of all, cannot be told apart; but it takes CPU time to make them, so those that have used most go, until
   * they are half of all.
   */
  lookAtHeap(heap: { readonly used_heap_size: number; readonly heap_size_limit: number }): void {
    if (heap.used_heap_size < heap.heap_size_limit * HEAP_CEILING_SHARE) return;
    const holdings = [...this.#scheduler.tasks].map((task) => ({ tenant: task.tenant, amount: task.cpuMs, task }));
    const total = holdings.reduce((sum, { amount }) => sum + amount, 0);
    this.#end(greediest(holdings, total / 2));
    this.#memories.collect();
  }

  #end(holdings: readonly Holding[]): void {
    for (const { task } of holdings) this.#scheduler.cancel(task, 'capacity');
  }

  #holdings(): Holding[] {
    return [...this.#scheduler.tasks].map((task) => ({
      tenant: task.tenant,
      amount: (task.holder?.memoryBytes ?? 0) + task.heldPages * PAGE_BYTES,
      task,
    }));
  }
}
