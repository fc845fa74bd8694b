/** Copies of fresh entries that other threads own, for as long as nothing has changed them. */
import { LRUCache } from 'lru-cache';
import type { HeaderList } from '../http/headers.ts';
import type { CacheEntry } from './entry.ts';
import { Family } from './family.ts';
import type { Generations } from './generations.ts';
import { urlOf, type PrimaryKey } from './key.ts';
import { NEAR_COPY_MS } from './limits.ts';

/** The copies of one key, all of one generation of its URL. */
interface Near {
  readonly family: Family;
  readonly generation: number;
  /** Until when they may be used without their owner's knowledge. */
  readonly untilMs: number;
  readonly bytes: number;
}

/** Near copies of one thread. They are found only while their URL is what it was when they were taken. */
export class NearCopies {
  readonly #near: LRUCache<PrimaryKey, Near>;
  readonly #generations: Generations;
  readonly #nowMs: () => number;

  /** @param maxBytes - Bytes of all copies; past it the least recently used go. 0: there are none. */
  constructor(generations: Generations, maxBytes: number, nowMs: () => number) {
    this.#generations = generations;
    this.#nowMs = nowMs;
    this.#near = new LRUCache({ maxSize: Math.max(1, maxBytes), sizeCalculation: ({ bytes }) => bytes });
  }

  get bytes(): number {
    return this.#near.calculatedSize;
  }

  /** The copy that a request selects, or `undefined`. Whether it may answer is for the caller to decide. */
  find(key: PrimaryKey, headers: HeaderList): CacheEntry | undefined {
    const near = this.#near.get(key);
    if (near === undefined) return undefined;
    if (near.untilMs > this.#nowMs() && near.generation === this.#generations.of(urlOf(key)))
      return near.family.find(headers);
    this.#near.delete(key);
    return undefined;
  }

  /** Keeps a copy that was taken after its URL's generation was read. */
  keep(entry: CacheEntry, generation: number): void {
    const { key } = entry.place;
    const old = this.#near.get(key);
    const isSame = old?.generation === generation;
    const family = isSame ? old.family : new Family();
    for (const replaced of family.add(entry)) if (replaced !== entry) family.remove(replaced);
    const bytes = [...family.entries()].reduce((sum, each) => sum + each.bytes, 0);
    const untilMs = isSame ? old.untilMs : this.#nowMs() + NEAR_COPY_MS;
    this.#near.set(key, { family, generation, untilMs, bytes });
  }
}
