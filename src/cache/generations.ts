/** Which URLs have changed since a copy of what is stored was taken: numbers in memory that all threads share. */
import type { UrlKey } from './key.ts';

/**
 * Places, a power of two. URLs that share one make each other's copies be taken anew, no more: with 16,384 copies in use, one
 * change in four throws away a copy beside its own.
 */
const PLACES = 65_536;

/** The memory behind the numbers; crosses threads by structured clone. */
export interface GenerationShare {
  readonly words: Int32Array<SharedArrayBuffer>;
}

/**
 * A number for each URL, which grows with every change of what is stored of it. Whoever reads it before it looks the URL up may use
 * what it found for as long as the number stays.
 */
export class Generations {
  readonly share: GenerationShare;

  constructor(share: GenerationShare) {
    this.share = share;
  }

  static create(): Generations {
    return new Generations({ words: new Int32Array(new SharedArrayBuffer(4 * PLACES)) });
  }

  /** The number of a URL now: it grows with each change of the URL or of its tenant as a whole. */
  of(url: UrlKey): number {
    return this.#at(url) + this.#at(url.slice(0, url.indexOf('\n')));
  }

  /** Says that what is stored of a URL has changed. */
  readonly advance = (url: UrlKey): void => this.#advance(url);

  /** Says that much of what is stored of a tenant has changed. */
  readonly advanceTenant = (tenant: string): void => this.#advance(tenant);

  #at(text: string): number {
    return Atomics.load(this.share.words, hashOf(text) & (PLACES - 1));
  }

  #advance(text: string): void {
    Atomics.add(this.share.words, hashOf(text) & (PLACES - 1), 1);
  }
}

/** FNV-1a over the UTF-16 units: spreads URLs over threads and places. 0 to 2^32 - 1; nothing secret, nobody gains by a collision. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // The low bits of FNV are weak: the high ones are folded in.
  return (hash ^ (hash >>> 15)) >>> 0;
}
