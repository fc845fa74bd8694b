/** The collector of garbage of one thread, as far as it can be asked to run. */
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import {
  COLLECTION_PATIENCE_MS,
  COLLECTION_PAUSE_MS,
  COLLECTION_PAUSE_MS_PER_MIB,
  COLLECTION_PAUSE_SHARE,
} from './limits.ts';

/**
 * More than V8 lets a thread's external memory grow by (64 MiB) before it starts to mark, in steps between which others run. Nobody touches
 * these bytes, so they take address space alone, and they are garbage at once.
 */
const NUDGE_BYTES = 96 * 2 ** 20;

/** How thorough a collection is that the thread stands still for. */
export type CollectionFlavor = 'regular' | 'last-resort';

/** How V8 is asked. */
export interface CollectorLevers {
  /** Has it begin to mark soon. Throws RangeError where no address space is left to ask with. */
  nudge(): void;
  /** Has it collect everything in a task of its own, and as a `last-resort` give memory back to the system. */
  run(flavor: CollectionFlavor): Promise<unknown>;
  /** What it has to go through. */
  heapMib(): number;
}

const V8: CollectorLevers = {
  nudge: () => void new ArrayBuffer(NUDGE_BYTES),
  run: (flavor) => globalThis.gc?.({ type: 'major', execution: 'async', flavor }) ?? Promise.resolve(),
  heapMib: () => getHeapStatistics().used_heap_size / 2 ** 20,
};

/**
 * What linear memories take is address space that the collector does not see, so that it has to be asked to run.
 *
 * Asked by name (`gc()`) it stops its thread for as long as it takes to mark the whole heap: 0.1 to 0.3 s with 5,000 tenants awake. So it
 * is made to want to run by itself, which it does in steps of a few milliseconds, and asked by name only where memory must go back to the
 * system now, or where so many memories are dead that unmapping them takes long: V8 does that at the end of a collection, and at the end of one
 * that it began by itself maybe on the account of the guest that is running.
 */
export class Collector {
  readonly #onCollected: () => void;
  readonly #levers: CollectorLevers;
  readonly #observer = new PerformanceObserver((list) => {
    if (list.getEntries().some(isOfWholeHeap)) this.#over();
  });
  /** When it was last asked; `null`: that is over. */
  #askedMs: number | null = null;
  #overMs = -Infinity;
  /** Whether it was made to run, and how long the thread stood still when it last was. */
  #isStanding = false;
  #stoodMs = 0;
  #later: NodeJS.Timeout | null = null;

  /** @param onCollected - Hears of the end of each collection of the whole heap, asked for or not, soon after it. */
  constructor(onCollected: () => void, levers = V8) {
    this.#onCollected = onCollected;
    this.#levers = levers;
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /**
   * Has it run soon, in steps. Nothing happens while it is already asked to, but for {@link COLLECTION_PATIENCE_MS}; after it has run, it is
   * asked a while later at the soonest, the longer the larger the heap is.
   */
  ask(): void {
    const now = performance.now();
    if (this.#isBusy || (this.#askedMs !== null && now - this.#askedMs < COLLECTION_PATIENCE_MS)) return;
    const pauseMs = Math.max(COLLECTION_PAUSE_MS, this.#levers.heapMib() * COLLECTION_PAUSE_MS_PER_MIB);
    this.#after(this.#overMs + pauseMs - now, () => this.#nudge());
  }

  /**
   * Has it run as a whole in a task of its own, on nobody's account. After that it rests for so long that the thread stands
   * still for one part in {@link COLLECTION_PAUSE_SHARE} of the time at most.
   */
  insist(flavor: CollectionFlavor): void {
    if (this.#isBusy) return;
    const pauseMs = Math.max(COLLECTION_PAUSE_MS, this.#stoodMs * COLLECTION_PAUSE_SHARE);
    this.#after(this.#overMs + pauseMs - performance.now(), () => this.#run(flavor));
  }

  /** Asks no more, and hears no more. */
  close(): void {
    this.#observer.disconnect();
    if (this.#later !== null) clearTimeout(this.#later);
  }

  get #isBusy(): boolean {
    return this.#later !== null || this.#isStanding;
  }

  #nudge(): void {
    try {
      this.#levers.nudge();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // Not even address space is left.
      this.#run('last-resort');
    }
  }

  #after(ms: number, begin: () => void): void {
    const run = (): void => {
      this.#later = null;
      this.#askedMs = performance.now();
      begin();
    };
    // Never at once: what is on the stack of who asks is not garbage yet.
    this.#later = setTimeout(run, Math.max(0, ms)).unref();
  }

  #run(flavor: CollectionFlavor): void {
    const began = performance.now();
    this.#isStanding = true;
    void this.#levers.run(flavor).then(() => {
      this.#isStanding = false;
      this.#stoodMs = performance.now() - began;
      this.#over();
    });
  }

  #over(): void {
    this.#askedMs = null;
    this.#overMs = performance.now();
    this.#onCollected();
  }
}

/** What Node says of a collection in an entry of type `gc`, and its type declarations do not. */
interface CollectionEntry extends PerformanceEntry {
  readonly detail: { readonly kind: number };
}

function isOfWholeHeap(entry: PerformanceEntry): boolean {
  return (entry as CollectionEntry).detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
