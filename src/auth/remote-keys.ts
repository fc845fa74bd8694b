/** The key set of another issuer, fetched when it is needed and kept for a bounded time. */
import { KerbError } from '../errors.ts';
import type { FetchJson } from './fetch-json.ts';
import { readKeySet, type KeySet } from './key-set.ts';
import { KEY_SET_COOL_DOWN_MS, KEY_SET_FRESH_MS, KEY_SET_STALE_MS } from './limits.ts';
import type { PublicKey } from './public-key.ts';

/** What a key set is fetched with. */
export interface RemoteParts {
  readonly fetchJson: FetchJson;
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number;
  /** Is told, in a line, why a key set could not be had. */
  readonly report: (fault: string) => void;
}

/**
 * Keys of one issuer. A key id that is not known makes it ask again, in case the issuer has rotated, but never twice within
 * {@link KEY_SET_COOL_DOWN_MS}, and once for all who wait. While the issuer cannot be asked, what is known stays in use for
 * {@link KEY_SET_STALE_MS}.
 */
export class RemoteKeys {
  readonly #url: URL;
  readonly #parts: RemoteParts;
  #known: { readonly keys: KeySet; readonly atMs: number } | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;

  constructor(url: URL, parts: RemoteParts) {
    this.#url = url;
    this.#parts = parts;
  }

  /** The key of a `kid`; `null` when there is none or it cannot be had. Never rejects for what the issuer does. */
  async key(kid: string): Promise<PublicKey | null> {
    const fresh = this.#within(KEY_SET_FRESH_MS)?.get(kid);
    if (fresh !== undefined) return fresh;
    await this.#ask();
    return this.#within(KEY_SET_STALE_MS)?.get(kid) ?? null;
  }

  #within(maxAgeMs: number): KeySet | null {
    return this.#known !== null && this.#parts.clock() - this.#known.atMs < maxAgeMs ? this.#known.keys : null;
  }

  #ask(): Promise<void> {
    const now = this.#parts.clock();
    if (this.#asking === null && now - this.#askedMs >= KEY_SET_COOL_DOWN_MS) {
      this.#askedMs = now;
      this.#asking = this.#fetch().finally(() => (this.#asking = null));
    }
    return this.#asking ?? Promise.resolve();
  }

  /** The age of a set counts from when it was asked for. */
  async #fetch(): Promise<void> {
    const atMs = this.#askedMs;
    try {
      this.#known = { keys: await readKeySet(await this.#parts.fetchJson(this.#url)), atMs };
    } catch (error) {
      if (!(error instanceof KerbError)) throw error;
      this.#parts.report(`keys of ${this.#url.origin}: ${error.message}`);
    }
  }
}
