/** What the cache needs of whoever uses it, and what it takes from them. */
import type { BodySource } from '../http/body.ts';
import type { HeaderList } from '../http/headers.ts';
import type { KeyParts } from './key.ts';
import type { StoreLimits } from './store.ts';

/** A client's request, past the request gate. Its body is the caller's: {@link Forward} sends it. */
export interface CacheRequest extends KeyParts {
  readonly method: string;
  /** Never changed by the cache. */
  readonly headers: HeaderList;
  /**
   * Whether it waits for what others have asked for. `never`: it comes from a request that may itself be waited for here, which would then
   * wait for itself.
   */
  readonly waits?: 'never' | undefined;
  /** Aborts when the client leaves. What others wait for, or can be stored, is fetched nevertheless. */
  readonly signal?: AbortSignal | undefined;
}

/** A request that the cache sends on, to the request's own target. */
export interface ForwardRequest {
  /** The client's, or GET. */
  readonly method: string;
  /** The client's, with the cache's own conditions in place of the client's where the answer may be stored. */
  readonly headers: HeaderList;
  /** The client's where the answer is for it alone; otherwise one that does not end with it. */
  readonly signal: AbortSignal;
}

/** A backend's answer, as `BackendResponse` of the backend port is. */
export interface ForwardResponse {
  /** 200 to 599: interim answers are passed on by the caller, past the cache. */
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: BodySource;
}

/**
 * Asks the backend. Called once a request at most, unless a 304 does not fit what is stored; also after the client has been
 * answered, to renew what was served stale. Rejects when the backend gave no answer.
 */
export type Forward = (request: ForwardRequest) => Promise<ForwardResponse>;

/** Time, given from outside so that tests decide it. */
export interface CacheClock {
  /** Milliseconds since 1970, for what HTTP dates are compared with. */
  wallMs(): number;
  /** Milliseconds that only grow, for ages and deadlines. */
  monotonicMs(): number;
}

/** How a cache is set up. */
export interface CacheOptions extends StoreLimits {
  /** Bytes of the largest body that is stored; larger ones go through. */
  readonly maxBodyBytes: number;
  readonly clock?: CacheClock | undefined;
}

/** Between `performance.now()`, which begins with its thread, and the system's monotonic clock. */
const SINCE_BOOT_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** The clocks of the process: the same in all its threads. */
export const PROCESS_CLOCK: CacheClock = Object.freeze({
  wallMs: () => Date.now(),
  monotonicMs: () => SINCE_BOOT_MS + performance.now(),
});
