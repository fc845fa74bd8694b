/** What of its tenant's stores a guest was granted, with the contents that are handed over whole. */

/** The grants of one deployment. Immutable; crosses threads by structured clone. */
export interface StoreGrants {
  /** Names of key-value stores. */
  readonly kv: readonly string[];
  /** The config by key; `null`: none was granted. */
  readonly config: ReadonlyMap<string, string> | null;
  /** The secrets that were granted, by name; `null`: it is not set. */
  readonly secrets: ReadonlyMap<string, Uint8Array | null>;
  /** When the tenant was made, in ms since the epoch; `null`: it is an app of the tenants folder. */
  readonly madeMs: number | null;
}

/** For who was granted nothing. */
export const NO_STORES: StoreGrants = Object.freeze({ kv: [], config: null, secrets: new Map(), madeMs: null });
