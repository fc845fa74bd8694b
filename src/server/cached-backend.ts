/** A backend of one deployment behind the cache. */
import type { CachedAnswer } from '../cache/answer.ts';
import type { CacheOutcome } from '../cache/outcome.ts';
import type { CacheRequest, Forward } from '../cache/ports.ts';
import {
  BackendError,
  type Backend,
  type BackendRequest,
  type BackendResponse,
  type ForwardedFor,
} from '../capability/backend.ts';
import { HeaderList } from '../http/headers.ts';
import { countPasses } from '../upstream/loop.ts';
import type { EdgeCache } from './edge-cache.ts';
import type { StoredAnswers } from './failure-policy.ts';

/** Whose cache it is, and which backend of which deployment. */
export interface CachedPlace {
  /** The tenant as the cache knows it ({@link ../cache/key.ts cacheTenant}). */
  readonly tenant: string;
  readonly deployment: number;
  readonly name: string;
  /** The backend's URL: what came from another one is never its answer. */
  readonly url: string;
}

/** Fields by which origins speak to this cache alone. Clients are not told (the surrogate's contract ends here). */
const FOR_THE_CACHE = ['surrogate-control', 'surrogate-key', 'cache-tag'] as const;

/**
 * Asks the cache, which asks the backend for what it does not have. The client's address reaches the backend with whoever's request
 * fetches; host and scheme of the client are in the key.
 */
export class CachedBackend implements Backend, StoredAnswers {
  readonly #backend: Backend;
  readonly #cache: EdgeCache;
  readonly #place: CachedPlace;
  readonly #onOutcome: (outcome: CacheOutcome) => void;

  /** @param onOutcome - Hears of each answer what the cache did. */
  constructor(backend: Backend, cache: EdgeCache, place: CachedPlace, onOutcome: (outcome: CacheOutcome) => void) {
    this.#backend = backend;
    this.#cache = cache;
    this.#place = place;
    this.#onOutcome = onOutcome;
  }

  async fetch(asked: BackendRequest): Promise<BackendResponse> {
    // A connection that switches protocols is nobody else's.
    if (asked.onSwitch !== undefined) return this.#backend.fetch(asked);
    const request = { ...asked, forwarded: this.#spelled(asked.forwarded) };
    const { deployment, name } = this.#place;
    const through = { deployment, backend: name, forwarded: request.forwarded };
    const forward = forwardTo(this.#backend, request);
    const answer = await this.#cache
      .handle(this.#requestOf(request), forward, through)
      .catch((error: unknown) => Promise.reject(backendError(error, request.signal)));
    this.#onOutcome(answer.outcome);
    return responseOf(answer, request);
  }

  /** See {@link StoredAnswers.stored}. */
  async stored(asked: BackendRequest): Promise<BackendResponse | null> {
    const request = { ...asked, forwarded: this.#spelled(asked.forwarded) };
    const answer = await this.#cache.stored(this.#requestOf(request));
    return answer === null ? null : responseOf(answer, request);
  }

  /** With the client's host in the one spelling of the key: what the backend is told is the same for all who share its answer. */
  #spelled(forwarded: ForwardedFor | undefined): ForwardedFor | undefined {
    return forwarded === undefined ? undefined : { ...forwarded, host: this.#cache.hosts.spelled(forwarded.host) };
  }

  #requestOf({ method, target, headers, forwarded, signal }: BackendRequest): CacheRequest {
    const { tenant, url } = this.#place;
    const { host, proto } = forwarded ?? { host: '', proto: 'http' as const };
    // What has passed Kerb before may have been sent by a request that is waited for.
    const waits = forwarded?.cdnLoop === undefined || countPasses(forwarded.cdnLoop) === 0 ? undefined : 'never';
    return { tenant, scheme: proto, host, target, extra: url, method, headers, signal, waits };
  }
}

/** How what is not stored is asked of a backend: as the client's request, with what the cache changes of it. */
export function forwardTo(
  backend: Backend,
  request: Pick<BackendRequest, 'target' | 'body' | 'contentLength' | 'forwarded'>,
): Forward {
  return ({ method, headers, signal }) => backend.fetch({ ...request, method, headers, signal });
}

/** How the port says that the request was given up: the cache rejects with its signal's reason. */
function backendError(error: unknown, signal: AbortSignal): Error {
  if (error instanceof BackendError) return error;
  if (signal.aborted) return new BackendError('aborted', 'the exchange was given up', { cause: error });
  return error instanceof Error ? error : new Error(String(error));
}

function responseOf({ status, headers, body }: CachedAnswer, { signal }: BackendRequest): BackendResponse {
  for (const name of FOR_THE_CACHE) headers.delete(name);
  // What was given up while its answer came tells so no more.
  if (signal.aborted) body.cancel();
  else signal.addEventListener('abort', () => body.cancel(), { once: true });
  return { status, headers, body, trailers: new HeaderList() };
}
