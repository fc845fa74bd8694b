/** The port to a tenant's key-value stores: what may be asked, what is answered, and how asking fails. */
import type { TenantHome } from './stores.ts';

/** Whose stores. */
export type KvHome = TenantHome;

/** An entry as it was when it was read. */
export interface KvEntry {
  /** At least 1; each write of the key makes it larger. */
  readonly generation: number;
  readonly metadata: string | null;
  /** Bytes of the value. */
  readonly bytes: number;
  /** The value; `null` when it is longer than was asked for. */
  readonly value: Uint8Array | null;
}

/** When a write is made; otherwise it fails as `conflict` and nothing is written. */
export type KvCondition =
  | { readonly kind: 'any' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'generation'; readonly generation: number };

/** What is written. */
export interface KvPut {
  readonly value: Uint8Array;
  readonly metadata: string | null;
  /** Seconds until the entry is as one that is not there; `null`: it stays. */
  readonly ttlSeconds: number | null;
  readonly condition: KvCondition;
}

/** One thing that is asked of a store. */
export type KvQuestion =
  | { readonly kind: 'get'; readonly key: string; readonly maxBytes: number }
  | { readonly kind: 'put'; readonly key: string; readonly put: KvPut }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'keys'; readonly prefix: string; readonly after: string; readonly limit: number };

/** Why a store did not do what it was asked. */
export type KvFault =
  /** The condition of a write does not hold. */
  | 'conflict'
  /** The tenant stores as much as it may. */
  | 'full'
  /** Too many questions of this tenant wait for an answer. */
  | 'busy'
  /** The store did not answer in time, or failed. */
  | 'unavailable'
  /** The request that asked has ended. */
  | 'aborted';

/** What is answered. */
export type KvAnswer =
  | { readonly kind: 'entry'; readonly entry: KvEntry | null }
  | { readonly kind: 'written'; readonly generation: number }
  | { readonly kind: 'deleted'; readonly deleted: boolean }
  | { readonly kind: 'keys'; readonly keys: readonly string[] }
  | { readonly kind: 'fault'; readonly fault: KvFault };

/** A store that did not do what it was asked. */
export class KvError extends Error {
  override readonly name = 'KvError';
  readonly fault: KvFault;

  constructor(fault: KvFault) {
    super(`the key-value store: ${fault}`);
    this.fault = fault;
  }
}

/** One key-value store that a tenant was granted. Everything rejects with {@link KvError}, and nothing else. */
export interface KvStore {
  /** The entry of a key, with its value if that has at most `maxBytes` bytes; `null`: there is none. */
  get(key: string, maxBytes: number): Promise<KvEntry | null>;
  /** Answers the new generation when the entry has reached the disk. */
  put(key: string, put: KvPut): Promise<number>;
  /** Answers whether there was one. */
  delete(key: string): Promise<boolean>;
  /** Up to `limit` keys that begin with `prefix`, in the order of their bytes, those after `after`; empty: from the first. */
  keys(prefix: string, after: string, limit: number): Promise<readonly string[]>;
}

/** Gives the store of that name; what it is asked rejects as `aborted` once `signal` fires. The caller has checked the grant. */
export type KvSource = (home: KvHome, store: string, signal: AbortSignal) => KvStore;

/** For processes that serve no stores. */
export const NO_KV: KvSource = () => {
  const unavailable = (): Promise<never> => Promise.reject(new KvError('unavailable'));
  return { get: unavailable, put: unavailable, delete: unavailable, keys: unavailable };
};
