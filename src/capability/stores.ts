/** What of its tenant's stores a guest was granted, with the contents that are handed over whole. */

/** Whose stores: a name may be given to another tenant later, who must not find what the first one's last requests write. */
export interface TenantHome {
  readonly tenant: string;
  /** When the tenant was made, in ms since the epoch; `null`: it is an app of the tenants folder. */
  readonly madeMs: number | null;
}

/** The grants of one deployment. Immutable; crosses threads by structured clone. */
export interface StoreGrants {
  /** Names of key-value stores. */
  readonly kv: readonly string[];
  /** Whether it has an object cache. */
  readonly cache: boolean;
  /** The config by key; `null`: none was granted. */
  readonly config: ReadonlyMap<string, string> | null;
  /** The secrets that were granted, by name; `null`: it is not set. */
  readonly secrets: ReadonlyMap<string, Uint8Array | null>;
  /** Keys that tokens are signed with, by the name of their secret, which the guest cannot read for that; `null`: it is not set. */
  readonly signingKeys: ReadonlyMap<string, Uint8Array | null>;
  /** When the tenant was made, in ms since the epoch; `null`: it is an app of the tenants folder. */
  readonly madeMs: number | null;
}

/** For who was granted nothing. */
export const NO_STORES: StoreGrants = Object.freeze({
  kv: [],
  cache: false,
  config: null,
  secrets: new Map(),
  signingKeys: new Map(),
  madeMs: null,
});
