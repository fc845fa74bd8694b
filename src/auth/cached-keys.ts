/** A key set that is fetched when it is needed and kept for a bounded time. */
import { KerbError } from '../errors.ts';
import { KEY_SET_COOL_DOWN_MS, KEY_SET_FRESH_MS, KEY_SET_STALE_MS } from './limits.ts';

/** Where a key set comes from. */
export interface KeySetSource<Key> {
  /** Fetches and reads it, keys by their `kid`. Rejects with a `KerbError` when it cannot be had. */
  readonly load: () => Promise<ReadonlyMap<string, Key>>;
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number;
  /** Is told, in a line, why it could not be had. */
  readonly report: (fault: string) => void;
}

/**
 * Keys of one issuer. A key id that is not known makes it ask again, in case the issuer has rotated, but never twice within
 * {@link KEY_SET_COOL_DOWN_MS}, and once for all who wait. While the issuer cannot be asked, what is known stays in use for
 * {@link KEY_SET_STALE_MS}.
 */
export class CachedKeys<Key> {
  readonly #source: KeySetSource<Key>;
  #known: { readonly keys: ReadonlyMap<string, Key>; readonly atMs: number } | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;

  constructor(source: KeySetSource<Key>) {
    this.#source = source;
  }

  /** Whether there is a set that may be used. */
  get isKnown(): boolean {
    return this.#within(KEY_SET_STALE_MS) !== null;
  }

  /** The key of a `kid`; `null` when there is none or it cannot be had. Never rejects for what the issuer does. */
  async key(kid: string): Promise<Key | null> {
    const fresh = this.#within(KEY_SET_FRESH_MS)?.get(kid);
    if (fresh !== undefined) return fresh;
    await this.#ask();
    return this.#within(KEY_SET_STALE_MS)?.get(kid) ?? null;
  }

  #within(maxAgeMs: number): ReadonlyMap<string, Key> | null {
    return this.#known !== null && this.#source.clock() - this.#known.atMs < maxAgeMs ? this.#known.keys : null;
  }

  #ask(): Promise<void> {
    const now = this.#source.clock();
    if (this.#asking === null && now - this.#askedMs >= KEY_SET_COOL_DOWN_MS) {
      this.#askedMs = now;
      this.#asking = this.#load().finally(() => (this.#asking = null));
    }
    return this.#asking ?? Promise.resolve();
  }

  /** The age of a set counts from when it was asked for. */
  async #load(): Promise<void> {
    const atMs = this.#askedMs;
    try {
      this.#known = { keys: await this.#source.load(), atMs };
    } catch (error) {
      if (!(error instanceof KerbError)) throw error;
      this.#source.report(error.message);
    }
  }
}
