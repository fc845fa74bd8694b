/** Records of all sizes in one range of memory that threads share: how a tenant's guests keep values, queues and messages. */
import { SHARED_RECORDS } from './limits.ts';

/** What a record is. */
export const RECORD = { value: 1, queue: 2, message: 3 } as const;

/** One of {@link RECORD}. */
export type RecordKind = (typeof RECORD)[keyof typeof RECORD];

/** Words before a record's bytes: kind, length of its key, length of its value, stamp. */
const HEAD_WORDS = 4;
const HEAD_BYTES = HEAD_WORDS * 4;

/** Where a record is, and what its head says. */
export interface Found {
  readonly at: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly stamp: number;
}

/** Records one after the other, without gaps: what is taken out is closed up. Whoever calls holds the lock. */
export class SharedArena {
  readonly #bytes: Buffer;
  readonly #words: Int32Array;
  /** Bytes in use and how many records. */
  readonly #used: Int32Array;

  /** @param used - Two words, zero in an empty arena. @param range - A multiple of four bytes. */
  constructor(used: Int32Array<SharedArrayBuffer>, range: Uint8Array<SharedArrayBuffer>) {
    this.#used = used;
    this.#bytes = Buffer.from(range.buffer, range.byteOffset, range.byteLength);
    this.#words = new Int32Array(range.buffer, range.byteOffset, range.byteLength / 4);
  }

  /** The first record of a kind for which `is` holds; `null`: there is none. */
  find(kind: RecordKind, is: (record: Found) => boolean): Found | null {
    for (let at = 0; at < this.#end;) {
      const record = this.#at(at);
      if (this.#words[at / 4] === kind && is(record)) return record;
      at += sizeOf(record.keyBytes, record.valueBytes);
    }
    return null;
  }

  /** How many records of a kind there are for which `is` holds. */
  count(kind: RecordKind, is: (record: Found) => boolean): number {
    let count = 0;
    this.find(kind, (record) => {
      if (is(record)) count += 1;
      return false;
    });
    return count;
  }

  /** Whether a record has that key. */
  hasKey({ at, keyBytes }: Found, key: Uint8Array): boolean {
    if (keyBytes !== key.length) return false;
    return this.#bytes.compare(key, 0, key.length, at + HEAD_BYTES, at + HEAD_BYTES + keyBytes) === 0;
  }

  /** A copy of a record's value. */
  value({ at, keyBytes, valueBytes }: Found): Uint8Array {
    const start = at + HEAD_BYTES + keyBytes;
    return Uint8Array.from(this.#bytes.subarray(start, start + valueBytes));
  }

  /** Whether a record would fit, if `freed` was taken out before. */
  fits(key: Uint8Array, value: Uint8Array, freed: Found | null): boolean {
    const free = freed === null ? 0 : sizeOf(freed.keyBytes, freed.valueBytes);
    if (freed === null && (this.#used[1] ?? 0) >= SHARED_RECORDS) return false;
    return this.#end - free + sizeOf(key.length, value.length) <= this.#bytes.length;
  }

  /** Adds a record that fits, at the end. */
  add(kind: RecordKind, key: Uint8Array, value: Uint8Array, stamp: number): void {
    const at = this.#end;
    this.#words.set([kind, key.length, value.length, stamp], at / 4);
    this.#bytes.set(key, at + HEAD_BYTES);
    this.#bytes.set(value, at + HEAD_BYTES + key.length);
    this.#grow(sizeOf(key.length, value.length), 1);
  }

  /** Takes a record out. */
  remove({ at, keyBytes, valueBytes }: Found): void {
    const size = sizeOf(keyBytes, valueBytes);
    this.#bytes.copyWithin(at, at + size, this.#end);
    this.#grow(-size, -1);
  }

  get #end(): number {
    return this.#used[0] ?? 0;
  }

  #grow(bytes: number, records: number): void {
    this.#used.set([this.#end + bytes, (this.#used[1] ?? 0) + records]);
  }

  #at(at: number): Found {
    const word = (place: number): number => this.#words[at / 4 + place] ?? 0;
    return { at, keyBytes: word(1), valueBytes: word(2), stamp: word(3) };
  }
}

/** Bytes of a record, to the word. */
function sizeOf(keyBytes: number, valueBytes: number): number {
  return HEAD_BYTES + Math.ceil((keyBytes + valueBytes) / 4) * 4;
}
