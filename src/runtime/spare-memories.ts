/** Linear memories of one thread that nobody has: all zero, for whoever wants one of their size next. */

/** What they may be together. */
export interface SpareLimits {
  readonly memories: number;
  readonly bytes: number;
}

/** What two memories have to have in common for one to stand for the other. */
export interface MemorySize {
  readonly initialPages: number;
  readonly maximumPages: number;
}

const PAGE_BYTES = 65_536;

/** Those of one size. */
interface Same {
  readonly memories: WebAssembly.Memory[];
  readonly size: MemorySize;
}

/**
 * Making a memory and giving it back to the system takes the kernel a hundred microseconds, and V8 gives all that a collection has found
 * back in one go, in which the thread serves nobody. Sizes that nobody has wanted for longest go first.
 */
export class SpareMemories {
  readonly #limits: SpareLimits;
  /** By size; the one that was wanted, or came, last is the last. None is empty. */
  readonly #bySize = new Map<string, Same>();
  #size = 0;
  #bytes = 0;

  constructor(limits: SpareLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** One of that size, all zero; `null`: there is none. */
  take(size: MemorySize): WebAssembly.Memory | null {
    const key = keyOf(size);
    const same = this.#bySize.get(key);
    const memory = same?.memories.pop();
    if (same === undefined || memory === undefined) return null;
    this.#count(-1, size);
    this.#bySize.delete(key);
    if (same.memories.length > 0) this.#bySize.set(key, same);
    return memory;
  }

  /** Keeps a memory, all zero and not grown, that nothing else refers to but what is never used again. Answers the bytes of those that went for it. */
  put(memory: WebAssembly.Memory, size: MemorySize): number {
    const bytes = size.initialPages * PAGE_BYTES;
    if (this.#limits.memories < 1 || bytes > this.#limits.bytes) return bytes;
    const before = this.#bytes;
    while (this.#size >= this.#limits.memories || this.#bytes + bytes > this.#limits.bytes) this.#dropOldest();
    const gone = before - this.#bytes;
    const key = keyOf(size);
    const same = this.#bySize.get(key) ?? { memories: [], size };
    same.memories.push(memory);
    this.#bySize.delete(key);
    this.#bySize.set(key, same);
    this.#count(1, size);
    return gone;
  }

  /** Drops all of them; answers how many bytes they were. */
  drain(): number {
    const bytes = this.#bytes;
    this.#bySize.clear();
    [this.#size, this.#bytes] = [0, 0];
    return bytes;
  }

  #dropOldest(): void {
    const [oldest] = this.#bySize;
    if (oldest === undefined) throw new TypeError('no memory is spare, and yet too many are');
    const [key, { memories, size }] = oldest;
    memories.pop();
    if (memories.length === 0) this.#bySize.delete(key);
    this.#count(-1, size);
  }

  #count(memories: 1 | -1, { initialPages }: MemorySize): void {
    this.#size += memories;
    this.#bytes += memories * initialPages * PAGE_BYTES;
  }
}

function keyOf({ initialPages, maximumPages }: MemorySize): string {
  return `${initialPages} ${maximumPages}`;
}
