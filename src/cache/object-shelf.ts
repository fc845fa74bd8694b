/** The objects of one tenant, least recently used first, what finds them by tag, and who makes which. */
import { LRUCache } from 'lru-cache';
import type { CachedObject, ObjectPut } from '../capability/object-cache.ts';
import { FILL_LEASE_MS, OBJECT_OVERHEAD_BYTES } from './limits.ts';
import { PurgeLog } from './purge-log.ts';

/** What a lookup is answered. */
export interface LookedUp {
  readonly object: CachedObject | null;
  readonly fill: ObjectFill | null;
}

/** The making of one object. */
export interface ObjectFill {
  readonly key: string;
  readonly sinceMs: number;
  /** The purges of its tenant that had happened when it began. */
  readonly generation: number;
}

/** Bytes that all shelves hold together. */
export interface ObjectLedger {
  bytes: number;
}

interface StoredObject {
  readonly value: Uint8Array;
  readonly freshUntilMs: number;
  readonly goneAtMs: number;
  readonly tags: ReadonlySet<string>;
  readonly bytes: number;
}

/** Somebody who waits for the object of a key. */
interface Waiter {
  readonly maxBytes: number;
  readonly resolve: (found: LookedUp) => void;
}

/** One tenant's objects. Its bytes are counted; evicting is its owner's business. */
export class ObjectShelf {
  readonly #objects: LRUCache<string, StoredObject>;
  readonly #byTag = new Map<string, Set<string>>();
  readonly #fills = new Map<string, ObjectFill>();
  readonly #purges = new PurgeLog();
  readonly #waiting = new Map<string, Set<Waiter>>();
  readonly #ledger: ObjectLedger;

  constructor(ledger: ObjectLedger) {
    this.#ledger = ledger;
    this.#objects = new LRUCache({
      maxSize: Number.MAX_SAFE_INTEGER,
      sizeCalculation: ({ bytes }) => bytes,
      dispose: (object, key) => this.#unlink(object, key),
    });
  }

  get bytes(): number {
    return this.#objects.calculatedSize;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Whether nothing is lost when it is forgotten. */
  get isIdle(): boolean {
    return this.#objects.size === 0 && this.#fills.size === 0 && this.#waiting.size === 0;
  }

  /** The object of a key, which becomes the most recently used. */
  get(key: string, maxBytes: number, nowMs: number): CachedObject | null {
    const object = this.#objects.get(key);
    if (object === undefined) return null;
    if (object.goneAtMs > nowMs) return found(object, maxBytes, nowMs);
    this.#objects.delete(key);
    return null;
  }

  /** What is there, or the duty to make it; `null`: somebody else is about to. */
  lookup(key: string, maxBytes: number, nowMs: number): LookedUp | null {
    const object = this.get(key, maxBytes, nowMs);
    if (object !== null && object.freshForMs > 0) return { object, fill: null };
    const filling = this.#fills.get(key);
    if (filling === undefined || nowMs - filling.sinceMs > FILL_LEASE_MS)
      return { object, fill: this.#begin(key, nowMs) };
    return object === null ? null : { object, fill: null };
  }

  /** Has `waiter` hear of the object of a key, or get the duty to make it. Answers how to stop that. */
  wait(key: string, waiter: Waiter): () => void {
    const waiters = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiters.add(waiter));
    return () => {
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiting.get(key) === waiters) this.#waiting.delete(key);
    };
  }

  /**
   * Takes an object in, of whoever makes it when `fill` is given, and gives it to all who wait. `false`: the object or one of its tags
   * was purged meanwhile, or another makes it now; then it is not kept, and the next who waits has to make it.
   */
  put(key: string, put: ObjectPut, fill: ObjectFill | null, nowMs: number): boolean {
    if (fill !== null && !this.#mayKeep(key, put, fill)) {
      this.release(fill, nowMs);
      return false;
    }
    if (fill !== null) this.#end(fill);
    const object = stored(key, put, nowMs);
    this.#objects.set(key, object);
    this.#ledger.bytes += object.bytes;
    for (const tag of object.tags) this.#tagged(tag).add(key);
    for (const { maxBytes, resolve } of this.#takeWaiting(key))
      resolve({ object: found(object, maxBytes, nowMs), fill: null });
    return true;
  }

  /** Ends a fill that has brought nothing: the first who waits has to make the object. `false`: it had ended. */
  release(fill: ObjectFill, nowMs: number): boolean {
    if (this.#fills.get(fill.key) !== fill) return false;
    this.#end(fill);
    const waiters = this.#waiting.get(fill.key);
    const [next] = waiters ?? [];
    if (next === undefined) return true;
    waiters?.delete(next);
    if (waiters?.size === 0) this.#waiting.delete(fill.key);
    next.resolve({ object: null, fill: this.#begin(fill.key, nowMs) });
    return true;
  }

  /** Removes the least recently used object; `false` when there is none. */
  evict(): boolean {
    return this.#objects.pop() !== undefined;
  }

  /** Removes the object of a key, also one that is being made. Answers whether there was one. */
  delete(key: string): boolean {
    this.#purges.url(key);
    return this.#objects.delete(key);
  }

  /** Removes what has a tag, likewise. Answers how many objects there were. */
  purgeTag(tag: string): number {
    this.#purges.tag(tag);
    const keys = [...(this.#byTag.get(tag) ?? [])];
    for (const key of keys) this.#objects.delete(key);
    return keys.length;
  }

  /** Removes everything, likewise. Answers how many objects there were. */
  purgeAll(): number {
    this.#purges.all();
    const { size } = this.#objects;
    this.#objects.clear();
    return size;
  }

  #begin(key: string, sinceMs: number): ObjectFill {
    const overdue = this.#fills.get(key);
    const fill: ObjectFill = { key, sinceMs, generation: this.#purges.open() };
    if (overdue !== undefined) this.#end(overdue);
    this.#fills.set(key, fill);
    return fill;
  }

  #end({ key }: ObjectFill): void {
    this.#fills.delete(key);
    this.#purges.close();
  }

  #mayKeep(key: string, { tags }: ObjectPut, fill: ObjectFill): boolean {
    const { generation } = fill;
    return this.#fills.get(key) === fill && !this.#purges.hasPurged({ url: key, generation }, new Set(tags));
  }

  #takeWaiting(key: string): Iterable<Waiter> {
    const waiters = this.#waiting.get(key) ?? new Set();
    this.#waiting.delete(key);
    return waiters;
  }

  #tagged(tag: string): Set<string> {
    const keys = this.#byTag.get(tag) ?? new Set();
    this.#byTag.set(tag, keys);
    return keys;
  }

  /** Also called for an object that another of its key replaces, before that is indexed. */
  #unlink({ bytes, tags }: StoredObject, key: string): void {
    this.#ledger.bytes -= bytes;
    for (const tag of tags) {
      const keys = this.#byTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#byTag.delete(tag);
    }
  }
}

/** Bytes that an object counts. */
export function sizeOfObject(key: string, { value, tags }: ObjectPut): number {
  return (
    OBJECT_OVERHEAD_BYTES + value.length + 2 * key.length + tags.reduce((sum, tag) => sum + 2 * tag.length + 64, 0)
  );
}

function stored(key: string, put: ObjectPut, nowMs: number): StoredObject {
  const freshUntilMs = nowMs + put.ttlSeconds * 1_000;
  const goneAtMs = freshUntilMs + put.staleSeconds * 1_000;
  return { value: put.value, freshUntilMs, goneAtMs, tags: new Set(put.tags), bytes: sizeOfObject(key, put) };
}

function found({ value, freshUntilMs }: StoredObject, maxBytes: number, nowMs: number): CachedObject {
  return { bytes: value.length, value: value.length <= maxBytes ? value : null, freshForMs: freshUntilMs - nowMs };
}
