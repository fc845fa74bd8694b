/** Every tenant's objects within one process: what they weigh together, who gives way, and who waits for whom. */
import type { ObjectAnswer, ObjectPut, ObjectQuestion } from '../capability/object-cache.ts';
import type { TenantHome } from '../capability/stores.ts';
import { ObjectShelf, sizeOfObject, type LookedUp, type ObjectFill, type ObjectLedger } from './object-shelf.ts';
import { PROCESS_CLOCK, type CacheClock } from './ports.ts';

/** How much may be kept. */
export interface ObjectStoreOptions {
  /** Bytes of all objects. Past it, the tenant that holds most gives way. */
  readonly maxBytes: number;
  /** Bytes that a tenant may hold. Past it, its own least recently used objects go. */
  readonly quotaBytes: number;
  readonly clock?: Pick<CacheClock, 'monotonicMs'>;
}

/**
 * Objects of all tenants. Two tenants share nothing, nor do two that had one name after the other. No tenant evicts another's objects
 * by storing much, unless it is the other who holds most when the process is full.
 */
export class ObjectStore {
  readonly #maxBytes: number;
  readonly #quotaBytes: number;
  readonly #clock: Pick<CacheClock, 'monotonicMs'>;
  readonly #shelves = new Map<string, ObjectShelf>();
  readonly #fills = new Map<number, { readonly home: TenantHome; readonly fill: ObjectFill }>();
  readonly #ledger: ObjectLedger = { bytes: 0 };
  #lastFill = 0;

  constructor({ maxBytes, quotaBytes, clock = PROCESS_CLOCK }: ObjectStoreOptions) {
    this.#maxBytes = maxBytes;
    this.#quotaBytes = Math.min(quotaBytes, maxBytes);
    this.#clock = clock;
  }

  /** Bytes held, of one tenant or of all. */
  bytes(home?: TenantHome): number {
    return home === undefined ? this.#ledger.bytes : (this.#shelves.get(nameOf(home))?.bytes ?? 0);
  }

  /** Answers a question; a lookup may wait, for as long as it says. Never rejects. */
  async ask(home: TenantHome, question: ObjectQuestion): Promise<ObjectAnswer> {
    switch (question.kind) {
      case 'get':
        return { kind: 'found', object: this.#get(home, question.key, question.maxBytes) };
      case 'lookup':
        return this.#lookup(home, question);
      case 'put':
        return this.#put(home, question);
      case 'delete':
        return { kind: 'removed', count: this.#remove(home, (shelf) => Number(shelf.delete(question.key))) };
      case 'purge':
        return { kind: 'removed', count: this.purgeTag(home, question.tag) };
    }
  }

  /** Ends a fill that has brought nothing; nothing for one that has ended. */
  release(number: number): void {
    const open = this.#fills.get(number);
    if (open === undefined) return;
    this.#fills.delete(number);
    this.#remove(open.home, (shelf) => Number(shelf.release(open.fill, this.#clock.monotonicMs())));
  }

  /** Removes what has a tag, also what is being made. Answers how many objects there were. */
  purgeTag(home: TenantHome, tag: string): number {
    return this.#remove(home, (shelf) => shelf.purgeTag(tag));
  }

  /** Removes all objects of a tenant, likewise. */
  purgeAll(home: TenantHome): number {
    return this.#remove(home, (shelf) => shelf.purgeAll());
  }

  /** Gives all memory back. What is being made is kept when it comes. */
  clear(): void {
    for (const [name, shelf] of this.#shelves) {
      while (shelf.evict());
      if (shelf.isIdle) this.#shelves.delete(name);
    }
  }

  #get(home: TenantHome, key: string, maxBytes: number): LookedUp['object'] {
    return this.#shelves.get(nameOf(home))?.get(key, maxBytes, this.#clock.monotonicMs()) ?? null;
  }

  #lookup(home: TenantHome, question: Extract<ObjectQuestion, { kind: 'lookup' }>): Promise<ObjectAnswer> {
    const { key, maxBytes, waitMs } = question;
    const shelf = this.#shelfOf(home);
    const now = shelf.lookup(key, maxBytes, this.#clock.monotonicMs());
    if (now !== null) return Promise.resolve(this.#answer(home, now));
    return new Promise((resolve) => {
      const leave = shelf.wait(key, {
        maxBytes,
        resolve: (later) => {
          clearTimeout(timer);
          resolve(this.#answer(home, later));
        },
      });
      const timer = setTimeout(() => {
        leave();
        resolve({ kind: 'fault', fault: 'waited' });
      }, waitMs);
    });
  }

  #answer(home: TenantHome, { object, fill }: LookedUp): ObjectAnswer {
    if (fill === null) return { kind: 'looked_up', object, fill: null };
    this.#lastFill += 1;
    this.#fills.set(this.#lastFill, { home, fill });
    return { kind: 'looked_up', object, fill: this.#lastFill };
  }

  #put(home: TenantHome, { key, put, fill: number }: Extract<ObjectQuestion, { kind: 'put' }>): ObjectAnswer {
    const fill = number === null ? null : this.#takeFill(number);
    if (fill === undefined) return { kind: 'kept', kept: false };
    if (sizeOfObject(key, put) > this.#quotaBytes) {
      if (fill !== null) this.#remove(home, (shelf) => Number(shelf.release(fill, this.#clock.monotonicMs())));
      return { kind: 'fault', fault: 'too_large' };
    }
    const shelf = this.#shelfOf(home);
    const kept = shelf.put(key, onlyOnce(put), fill, this.#clock.monotonicMs());
    this.#makeRoom(shelf);
    if (shelf.isIdle) this.#shelves.delete(nameOf(home));
    return { kind: 'kept', kept };
  }

  #takeFill(number: number): ObjectFill | undefined {
    const open = this.#fills.get(number);
    this.#fills.delete(number);
    return open?.fill;
  }

  #shelfOf(home: TenantHome): ObjectShelf {
    const name = nameOf(home);
    const shelf = this.#shelves.get(name) ?? new ObjectShelf(this.#ledger);
    this.#shelves.set(name, shelf);
    return shelf;
  }

  #remove(home: TenantHome, remove: (shelf: ObjectShelf) => number): number {
    const name = nameOf(home);
    const shelf = this.#shelves.get(name);
    if (shelf === undefined) return 0;
    const count = remove(shelf);
    if (shelf.isIdle) this.#shelves.delete(name);
    return count;
  }

  #makeRoom(own: ObjectShelf): void {
    while (own.bytes > this.#quotaBytes && own.evict());
    while (this.#ledger.bytes > this.#maxBytes && this.#largest()?.evict() === true);
  }

  #largest(): ObjectShelf | undefined {
    let largest: ObjectShelf | undefined;
    for (const shelf of this.#shelves.values()) if (shelf.bytes > (largest?.bytes ?? 0)) largest = shelf;
    return largest;
  }
}

/** No tenant's name has a slash. */
function nameOf({ tenant, madeMs }: TenantHome): string {
  return `${tenant}/${madeMs ?? 'folder'}`;
}

function onlyOnce(put: ObjectPut): ObjectPut {
  return { ...put, tags: [...new Set(put.tags)] };
}
