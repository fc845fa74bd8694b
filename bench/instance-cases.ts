/** What benchmark `instance` compares, and the module that it does it with. */
import { readFileSync } from 'node:fs';

/** Ways to give each request an instance as new. */
export const CONTENDERS = {
  restored: 'Kerb, state put back',
  renewed: 'Kerb, new instance in a pooled memory',
  naive: 'new WebAssembly.Instance',
} as const;

/** One of {@link CONTENDERS}. */
export type ContenderName = keyof typeof CONTENDERS;

/** A memory's size in pages of 64 KiB, and how many other instances are alive meanwhile. */
export interface InstanceCase {
  readonly pages: number;
  readonly live: number;
}

const SIZES = { full: [1, 2, 17, 64], quick: [2, 17] } as const;
const LIVE = { full: [0, 1_000, 10_000], quick: [0, 1_000] } as const;

/** Every size beside every number of others. */
export function instanceCases(scale: keyof typeof SIZES): InstanceCase[] {
  return SIZES[scale].flatMap((pages) => LIVE[scale].map((live) => ({ pages, live })));
}

/** One contender's cycles in one round. Times in microseconds. */
export interface Batch {
  readonly cycles: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** CPU time of the whole process, its collector and the watchdog included, per cycle. */
  readonly cpu: number;
  /** Collections during the batch: how many, how long together, and the longest. */
  readonly collections: number;
  readonly collectingMs: number;
  readonly longestCollectionMs: number;
}

const PATH = new URL('./guests/instance.wasm', import.meta.url);

/** The guest with a memory of so many pages. */
export function instanceGuest(pages: number): Uint8Array<ArrayBuffer> {
  return withPages(new Uint8Array(readFileSync(PATH)), pages);
}

const HEADER_BYTES = 8;
const MEMORY_SECTION = 5;
/** Numbers below this are one byte of LEB128. */
const ONE_BYTE = 128;

/**
 * A copy of a module whose only memory has no maximum, with another minimum (up to 127 pages). All its section lengths and the
 * old minimum must be one byte of LEB128 up to there. Throws `TypeError` for another kind of module.
 */
export function withPages(module: Uint8Array, pages: number): Uint8Array<ArrayBuffer> {
  if (!(pages >= 0 && pages < ONE_BYTE)) throw new TypeError(`${pages} pages take more than one byte`);
  let at = HEADER_BYTES;
  while (at < module.length && module[at] !== MEMORY_SECTION) {
    const length = module[at + 1] ?? ONE_BYTE;
    if (length >= ONE_BYTE) throw new TypeError(`a long section at offset ${at} before the memory's`);
    at += 2 + length;
  }
  // Section, its length, one memory, without a maximum, the minimum.
  const [, length, count, flags] = module.subarray(at);
  if (length !== 3 || count !== 1 || flags !== 0) throw new TypeError('not one memory without a maximum');
  const copy = new Uint8Array(module);
  copy[at + 4] = pages;
  return copy;
}
