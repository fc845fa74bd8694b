/** Linear memories of one data thread: made, counted, and refused before the process runs out of room for them. */
import { MAX_LIVE_MEMORIES } from './limits.ts';

/** No room for another guest now: the request ends as `capacity`. */
export class CapacityError extends Error {
  override readonly name = 'CapacityError';
}

/** Memories made before dead ones are collected, as a share of the limit. */
const COLLECTION_STEP = 1 / 8;

/**
 * Makes linear memories and counts those that have not been collected yet. Each request that fails leaves a dead one; the
 * collector sees its small object and not its address space, so it is asked to run long before the limit.
 */
export class LiveMemories {
  readonly #limit: number;
  readonly #step: number;
  readonly #collected = new FinalizationRegistry<null>(() => {
    this.#alive -= 1;
    this.#collectAt = Math.min(this.#collectAt, this.#alive + this.#step);
  });
  #alive = 0;
  /** How many have to be alive for the next collection. */
  #collectAt: number;

  /** @param threads - Data threads that share the process's {@link MAX_LIVE_MEMORIES}. */
  constructor(threads: number) {
    this.#limit = Math.floor(MAX_LIVE_MEMORIES / threads);
    this.#step = Math.ceil(this.#limit * COLLECTION_STEP);
    this.#collectAt = this.#step;
  }

  /** Memories made and not yet collected. */
  get alive(): number {
    return this.#alive;
  }

  /** A new memory, all zero. Throws {@link CapacityError} at the limit and when the system has no room. */
  create(initialPages: number, maximumPages: number): WebAssembly.Memory {
    if (this.#alive >= this.#collectAt) this.#collect();
    if (this.#alive >= this.#limit) throw new CapacityError(`${this.#alive} linear memories are alive`);
    const memory = allocate(initialPages, maximumPages);
    this.#alive += 1;
    this.#collected.register(memory, null);
    return memory;
  }

  /** Has the collector run in a task of its own; asks again only once it has, because a collection takes milliseconds. */
  #collect(): void {
    this.#collectAt = Infinity;
    void globalThis.gc?.({ type: 'major', execution: 'async' }).then(() => {
      this.#collectAt = Math.min(this.#alive + this.#step, this.#limit);
    });
  }
}

function allocate(initial: number, maximum: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial, maximum });
  } catch (error) {
    if (error instanceof RangeError) throw new CapacityError('no room for a linear memory', { cause: error });
    throw error;
  }
}
