/** The key set of another issuer, fetched when it is needed and kept for a bounded time. */
import { CachedKeys } from './cached-keys.ts';
import type { FetchJson } from './fetch-json.ts';
import { readKeySet } from './key-set.ts';
import type { PublicKey } from './public-key.ts';

/** What a key set is fetched with. */
export interface RemoteParts {
  readonly fetchJson: FetchJson;
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number;
  /** Is told, in a line, why a key set could not be had. */
  readonly report: (fault: string) => void;
}

/** Keys of one issuer at a URL, kept and asked for as {@link CachedKeys} does. */
export class RemoteKeys {
  readonly #keys: CachedKeys<PublicKey>;

  constructor(url: URL, { fetchJson, clock, report }: RemoteParts) {
    this.#keys = new CachedKeys({
      load: async () => readKeySet(await fetchJson(url)),
      clock,
      report: (fault) => report(`keys of ${url.origin}: ${fault}`),
    });
  }

  /** The key of a `kid`; `null` when there is none or it cannot be had. Never rejects for what the issuer does. */
  key(kid: string): Promise<PublicKey | null> {
    return this.#keys.key(kid);
  }
}
