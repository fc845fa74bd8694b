/** Rate counters of all tenants in memory that the data threads share: exact whichever thread a request comes to. */
import { hash, randomBytes } from 'node:crypto';
import type { RateCounters } from '../capability/rate.ts';
import { locked } from './shared-lock.ts';

/**
 * Parts of the table; a tenant has one by its slot. Up to so many tenants nobody can have another's counters forgotten, and no tenant
 * can ever read or change another's.
 */
export const SEGMENTS = 256;

/** Counters of one part: 64 sets of 64. When a set is full, the counter that would end soonest is forgotten. */
export const SETS = 64;
export const WAYS = 64;

/** Words of an entry beside the time at which it ends: two of the key's hash, and its count. 20 bytes in all. */
const WORDS = 3;
const SEGMENT_ENTRIES = SETS * WAYS;

/** The largest count: more stays at it. */
export const MAX_COUNT = 2 ** 31 - 1;

/** What threads share. The memory is touched where it is used only, so that it costs nothing before. */
export interface RateShare {
  readonly locks: Int32Array<SharedArrayBuffer>;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly ends: Float64Array<SharedArrayBuffer>;
  /** Secret, so that nobody finds keys whose hashes are equal. */
  readonly salt: string;
}

/** Milliseconds of a clock that all threads of the process share, and that never goes back. */
function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** The table as one thread uses it. */
export class RateTable {
  readonly #share: RateShare;
  readonly #nowMs: () => number;

  constructor(share: RateShare, nowMs = monotonicMs) {
    this.#share = share;
    this.#nowMs = nowMs;
  }

  /** An empty table for threads to share. */
  static create(): RateShare {
    const entries = SEGMENTS * SEGMENT_ENTRIES;
    return {
      locks: new Int32Array(new SharedArrayBuffer(SEGMENTS * 4)),
      words: new Int32Array(new SharedArrayBuffer(entries * WORDS * 4)),
      ends: new Float64Array(new SharedArrayBuffer(entries * 8)),
      salt: randomBytes(16).toString('hex'),
    };
  }

  /**
   * The counters of the tenant with that slot.
   *
   * @param madeMs - When the tenant was made, in ms since the epoch; `null`: it is an app of the tenants folder. A slot stays with its
   *   name, and who is made again under a name of old begins with counters of its own.
   */
  of(slot: number, madeMs: number | null): RateCounters {
    const segment = slot % SEGMENTS;
    const find = (what: string, key: string): Uint8Array =>
      hash('sha256', `${this.#share.salt} ${slot} ${madeMs} ${what} ${key}`, 'buffer');
    return {
      count: (key, windowSeconds, amount) => {
        const name = find(`window ${windowSeconds}`, key);
        return this.#locked(segment, () => this.#count(segment, name, windowSeconds * 1000, amount));
      },
      penalize: (key, seconds) => {
        const name = find('penalty', key);
        this.#locked(segment, () => this.#end(segment, name, seconds * 1000));
      },
      isPenalized: (key) => {
        const name = find('penalty', key);
        return this.#locked(segment, () => this.#find(segment, name) !== null);
      },
    };
  }

  #count(segment: number, name: Uint8Array, windowMs: number, amount: number): number {
    const { words } = this.#share;
    const at = this.#find(segment, name) ?? this.#take(segment, name, windowMs);
    const count = Math.min((words[at * WORDS + 2] ?? 0) + amount, MAX_COUNT);
    words[at * WORDS + 2] = count;
    return count;
  }

  #end(segment: number, name: Uint8Array, ms: number): void {
    const found = this.#find(segment, name);
    // Nothing of others is forgotten for a key that is in no penalty box.
    if (found === null && ms === 0) return;
    this.#share.ends[found ?? this.#take(segment, name, ms)] = this.#nowMs() + ms;
  }

  /** Where an entry is that has not ended; `null`: there is none. */
  #find(segment: number, name: Uint8Array): number | null {
    const { words, ends } = this.#share;
    const [first, second, set] = placeOf(segment, name);
    const now = this.#nowMs();
    for (let at = set; at < set + WAYS; at++) {
      if (words[at * WORDS] === first && words[at * WORDS + 1] === second && (ends[at] ?? 0) > now) return at;
    }
    return null;
  }

  /** Makes an entry where one has ended, or else where one would end soonest. */
  #take(segment: number, name: Uint8Array, ms: number): number {
    const { words, ends } = this.#share;
    const [first, second, set] = placeOf(segment, name);
    let at = set;
    for (let other = set; other < set + WAYS; other++) if ((ends[other] ?? 0) < (ends[at] ?? 0)) at = other;
    words.set([first, second, 0], at * WORDS);
    ends[at] = this.#nowMs() + ms;
    return at;
  }

  /** Runs `work` while no other thread is at the segment. */
  #locked<T>(segment: number, work: () => T): T {
    return locked(this.#share.locks, segment, work);
  }
}

/** Both halves of the hash, and the first entry of its set. */
function placeOf(segment: number, name: Uint8Array): readonly [number, number, number] {
  const view = new DataView(name.buffer, name.byteOffset, name.byteLength);
  const set = view.getUint32(8) % SETS;
  return [view.getInt32(0), view.getInt32(4), segment * SEGMENT_ENTRIES + set * WAYS];
}

/** Whoever shares no table counts alone. */
export function ownRates(): RateTable {
  return new RateTable(RateTable.create());
}
