/** The port to a tenant's object cache: bytes by key that may be forgotten at any time, and who of many makes them anew. */
import type { TenantHome } from './stores.ts';

/** An object as it is found. */
export interface CachedObject {
  /** Bytes of the value. */
  readonly bytes: number;
  /** The value; `null` when it is longer than was asked for. Shared with others: never written. */
  readonly value: Uint8Array | null;
  /** Milliseconds for which it stays fresh; not above 0: it is stale, and may serve until a fresh one is there. */
  readonly freshForMs: number;
}

/** What is kept. */
export interface ObjectPut {
  readonly value: Uint8Array;
  readonly ttlSeconds: number;
  /** Seconds after that for which it is still found, stale. */
  readonly staleSeconds: number;
  /** By which it is purged with others. */
  readonly tags: readonly string[];
}

/** One thing that is asked of the cache. */
export type ObjectQuestion =
  | { readonly kind: 'get'; readonly key: string; readonly maxBytes: number }
  | { readonly kind: 'lookup'; readonly key: string; readonly maxBytes: number; readonly waitMs: number }
  /** `fill`: the number that a lookup answered. */
  | { readonly kind: 'put'; readonly key: string; readonly put: ObjectPut; readonly fill: number | null }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'purge'; readonly tag: string };

/** Why the cache did not do what it was asked. */
export type ObjectFault =
  /** The object is larger than all that the tenant may keep. */
  | 'too_large'
  /** Whoever makes the object has not done so in the time that was given. */
  | 'waited'
  /** The request makes as many objects at once as it may. */
  | 'too_many'
  /** Too many questions of this tenant wait for an answer. */
  | 'busy'
  /** The cache did not answer in time. */
  | 'unavailable'
  /** The request that asked has ended. */
  | 'aborted';

/** What is answered. */
export type ObjectAnswer =
  | { readonly kind: 'found'; readonly object: CachedObject | null }
  /** `fill`: a number for the one who has to make the object, and to say so or to give it up. */
  | { readonly kind: 'looked_up'; readonly object: CachedObject | null; readonly fill: number | null }
  | { readonly kind: 'kept'; readonly kept: boolean }
  | { readonly kind: 'removed'; readonly count: number }
  | { readonly kind: 'fault'; readonly fault: ObjectFault };

/** The cache did not do what it was asked. */
export class ObjectCacheError extends Error {
  override readonly name = 'ObjectCacheError';
  readonly fault: ObjectFault;

  constructor(fault: ObjectFault) {
    super(`the object cache: ${fault}`);
    this.fault = fault;
  }
}

/** What a lookup comes to: an object, or the duty to make one, or both when the object is stale. */
export interface Lookup {
  readonly object: CachedObject | null;
  readonly mustFill: boolean;
}

/** The cache for one request. What answers a promise rejects with {@link ObjectCacheError}, and nothing else. */
export interface ObjectCache {
  /** The object of a key, with its value if that has at most `maxBytes` bytes; `null`: there is none. Waits for nobody. */
  get(key: string, maxBytes: number): Promise<CachedObject | null>;
  /**
   * The object of a key, or the duty to make it: of all who look up one key, one has it at a time, until it calls {@link put} or
   * {@link release}, or its request ends. The others get what is stale, or wait up to `waitMs`; then they reject as `waited`.
   */
  lookup(key: string, maxBytes: number, waitMs: number): Promise<Lookup>;
  /** Keeps an object. `false`: it was purged while this request made it, and is not kept. */
  put(key: string, put: ObjectPut): Promise<boolean>;
  /** Gives up making the object of a key: the next who waits has to. `false`: this request did not have to. */
  release(key: string): boolean;
  /** Answers whether there was one. */
  delete(key: string): Promise<boolean>;
  /** Removes what has a tag, also what is being made. Answers how many objects were there. */
  purgeTag(tag: string): Promise<number>;
  /** Gives up all that the request has to make. Idempotent. */
  end(): void;
}

/** Gives the cache of a tenant for one request, which is given up once `signal` fires. The caller has checked the grant. */
export type ObjectCacheSource = (home: TenantHome, signal: AbortSignal) => ObjectCache;

/** For processes that have no cache. */
export const NO_OBJECTS: ObjectCacheSource = () => {
  const unavailable = (): Promise<never> => Promise.reject(new ObjectCacheError('unavailable'));
  return {
    get: unavailable,
    lookup: unavailable,
    put: unavailable,
    release: () => false,
    delete: unavailable,
    purgeTag: unavailable,
    end: () => undefined,
  };
};
