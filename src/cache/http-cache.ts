/** The cache in front of a backend: each request to its answer (RFC 9111). */
import { HeaderList } from '../http/headers.ts';
import { answerFrom, answerStreaming, noBody, type CachedAnswer } from './answer.ts';
import { appendCacheStatus, type ForwardReason, type StatusReport } from './cache-status.ts';
import type { CacheEntry } from './entry.ts';
import { Fetcher, type Asked } from './fetcher.ts';
import { Flight, Flights, type Landing } from './flights.ts';
import { primaryKey, type KeyParts } from './key.ts';
import { MAX_ORPHANED_FETCHES } from './limits.ts';
import { passOn, type Purger } from './pass.ts';
import { bypassReason, mayServeInstead, planFor, refreshPlan, type FetchPlan, type Plan } from './plan.ts';
import { PROCESS_CLOCK, type CacheClock, type CacheOptions, type CacheRequest, type Forward } from './ports.ts';
import type { PurgeMode } from './shelf.ts';
import { CacheStore } from './store.ts';
import { varyValues } from './vary.ts';

/** What {@link HttpCache.decide} says. */
export type Decision =
  | { readonly kind: 'hit'; readonly entry: CacheEntry }
  | { readonly kind: 'pass'; readonly why: ForwardReason }
  | { readonly kind: 'handle' };

/** Of a request that is only asked about. */
const NOBODY: Forward = () => Promise.reject(new TypeError('nothing is sent on for a decision'));

/**
 * A shared cache for many tenants. For each URL and what it varies on there is nothing, a response on its way that
 * everybody who asks for it waits for, one that is fresh, or one that is stale and is renewed by one request.
 */
export class HttpCache implements Purger {
  readonly #clock: CacheClock;
  readonly #store: CacheStore;
  readonly #fetcher: Fetcher;
  readonly #flights = new Flights();
  /** Fetches that nobody waits for any more. */
  readonly #orphans = new Set<Flight>();

  constructor(options: CacheOptions) {
    this.#clock = options.clock ?? PROCESS_CLOCK;
    this.#store = new CacheStore(options);
    this.#fetcher = new Fetcher(this.#store, this.#flights, this.#clock, options.maxBodyBytes);
  }

  /**
   * Answers a request from the store or by `forward`.
   *
   * Rejects with what `forward` rejects with, where nothing stored may serve instead, and with the reason of the request's
   * signal when the client left before its answer was there. The answer's body is to be read to its end or cancelled.
   */
  async handle(request: CacheRequest, forward: Forward): Promise<CachedAnswer> {
    const asked: Asked = { request, forward, key: primaryKey(request), url: request.host + request.target };
    const plan = this.#planFor(asked);
    switch (plan.kind) {
      case 'hit':
        return this.#fromStore(asked, plan.entry, 'hit');
      case 'stale-hit':
        this.#refresh(asked, plan.entry);
        return this.#fromStore(asked, plan.entry, 'stale');
      case 'gateway-timeout':
        return onlyIfCached(asked.url);
      case 'pass':
        return passOn(request, forward, plan.why, this);
      case 'miss':
      case 'validate':
        return request.method === 'HEAD'
          ? unlessGone(this.#fetcher.head(asked, plan), request)
          : this.#fetch(asked, plan);
    }
  }

  /**
   * What {@link handle} would do, for callers that are not where this cache is: they answer from a copy of the entry, send the
   * request on themselves, or ask it to handle it. What could not be shared a short while ago is theirs to send on.
   */
  decide(request: CacheRequest): Decision {
    const asked: Asked = { request, forward: NOBODY, key: primaryKey(request), url: '' };
    const plan = this.#planFor(asked);
    if (plan.kind === 'hit') return { kind: 'hit', entry: plan.entry };
    if (plan.kind === 'pass') return { kind: 'pass', why: plan.why };
    const mayFetch = plan.kind === 'miss' || (plan.kind === 'validate' && request.method === 'GET');
    const isAlone = mayFetch && this.#flights.isMarked(this.#nameOf(asked), this.#clock.monotonicMs());
    return isAlone && plan.entry === undefined ? { kind: 'pass', why: plan.why } : { kind: 'handle' };
  }

  /**
   * What is stored for a request and may answer it in place of a failure, fresh or not; `undefined`: nothing, what forbids that
   * ({@link mayServeInstead}), or the request is none that a cache answers.
   */
  stored(request: CacheRequest): CacheEntry | undefined {
    if (bypassReason(request) !== null) return undefined;
    const entry = this.#store.find(request.tenant, primaryKey(request), request.headers);
    return entry !== undefined && mayServeInstead(entry, this.#clock.monotonicMs()) ? entry : undefined;
  }

  /** Purges all that is stored of a URL: variants, schemes, ports and what apps add to keys. Answers how many responses that were. */
  purgeUrl(url: Pick<KeyParts, 'tenant' | 'host' | 'target'>, mode: PurgeMode): number {
    return this.#store.purgeUrl(url, mode, this.#clock.monotonicMs());
  }

  /** Purges what a tenant stored with a tag. Answers how many responses that were. */
  purgeTag(tenant: string, tag: string, mode: PurgeMode): number {
    return this.#store.purgeTag(tenant, tag, mode, this.#clock.monotonicMs());
  }

  /** Purges all that a tenant stored. Answers how many responses that were. */
  purgeAll(tenant: string, mode: PurgeMode): number {
    return this.#store.purgeAll(tenant, mode, this.#clock.monotonicMs());
  }

  /** Bytes and entries held, of one tenant or of all. */
  usage(tenant?: string): { readonly bytes: number; readonly entries: number } {
    return { bytes: this.#store.bytes(tenant), entries: this.#store.size(tenant) };
  }

  #planFor(asked: Asked): Plan {
    return planFor(asked.request, this.#stored(asked), this.#clock.monotonicMs());
  }

  #stored({ request, key }: Asked): { readonly entry: CacheEntry | undefined; readonly hasVariants: boolean } {
    const entry = this.#store.find(request.tenant, key, request.headers);
    return { entry, hasVariants: entry !== undefined || this.#store.family(request.tenant, key) !== undefined };
  }

  #fromStore({ request, url }: Asked, entry: CacheEntry, outcome: 'hit' | 'stale'): CachedAnswer {
    return answerFrom(entry, request, outcome, { forward: null, url }, this.#clock.monotonicMs());
  }

  /** Renews an entry that was served stale, unless somebody does so already. */
  #refresh(asked: Asked, entry: CacheEntry): void {
    const name = this.#nameOf(asked);
    if (this.#joinable(asked, name) !== undefined) return;
    this.#fetcher.fetch(asked, refreshPlan(entry, 'stale'), name, this.#begin(asked, name)).then(
      (answer) => answer.body.cancel(),
      // The entry stays stale, and the next request that it serves asks again.
      () => undefined,
    );
  }

  /** What a request shares with others: its URL, and the values of the fields that its known variants differ in. */
  #nameOf({ request, key }: Asked): string {
    const family = this.#store.family(request.tenant, key);
    // As JSON: what a guest puts into a key must not read like another's fields.
    return JSON.stringify([key, family?.selectorOf(request.headers) ?? null]);
  }

  #joinable({ request }: Asked, name: string): Flight | undefined {
    if (request.waits === 'never') return undefined;
    return this.#flights.joinable(name, request.headers, this.#clock.monotonicMs());
  }

  #fetch(asked: Asked, plan: FetchPlan): Promise<CachedAnswer> {
    const name = this.#nameOf(asked);
    const flight = this.#joinable(asked, name);
    if (flight !== undefined) return this.#wait(asked, plan, name, flight);
    return asked.request.waits === 'never' || this.#flights.isMarked(name, this.#clock.monotonicMs())
      ? this.#alone(asked, plan, name)
      : this.#lead(asked, plan, name);
  }

  #lead(asked: Asked, plan: FetchPlan, name: string): Promise<CachedAnswer> {
    const flight = this.#begin(asked, name);
    return this.#stay(asked, name, flight, this.#fetcher.fetch(asked, plan, name, flight));
  }

  #begin(asked: Asked, name: string): Flight {
    const flight = new Flight(this.#store.open(asked.request.tenant, asked.key));
    this.#flights.begin(name, flight);
    return flight;
  }

  /** Fetches without letting anybody wait for it: who leaves gives it up. */
  #alone(asked: Asked, plan: FetchPlan, name: string): Promise<CachedAnswer> {
    const flight = new Flight(this.#store.open(asked.request.tenant, asked.key));
    const { signal } = asked.request;
    const give = (): void => void (flight.hasLanded || flight.abandoning.abort(signal?.reason));
    signal?.addEventListener('abort', give, { once: true });
    const answer = this.#fetcher.fetch(asked, plan, name, flight);
    return unlessGone(answer, asked.request).finally(() => signal?.removeEventListener('abort', give));
  }

  /** The answer to a leader, for as long as its client stays. */
  async #stay(asked: Asked, name: string, flight: Flight, answer: Promise<CachedAnswer>): Promise<CachedAnswer> {
    flight.waiting++;
    try {
      return await unlessGone(answer, asked.request);
    } finally {
      this.#leave(name, flight);
    }
  }

  async #wait(asked: Asked, plan: FetchPlan, name: string, flight: Flight): Promise<CachedAnswer> {
    flight.waiting++;
    let landing: Landing;
    try {
      landing = await orGone(flight.landing, asked.request.signal);
    } finally {
      this.#leave(name, flight);
    }
    if (landing.kind === 'failed') throw landing.error;
    return this.#sharing(asked, plan, landing) ?? this.#alone(asked, plan, name);
  }

  /** One of those who waited has its answer, or has left. */
  #leave(name: string, flight: Flight): void {
    flight.waiting--;
    if (flight.waiting > 0 || flight.hasLanded || this.#orphans.has(flight)) return;
    if (this.#orphans.size < MAX_ORPHANED_FETCHES) {
      this.#orphans.add(flight);
      void flight.landing.then(() => this.#orphans.delete(flight));
    } else {
      this.#flights.end(name, flight);
      flight.abandoning.abort();
    }
  }

  /** What a flight brought, as the answer of one who waited; `undefined` when it is not for this request. */
  #sharing({ request, url }: Asked, plan: FetchPlan, landing: Landing): CachedAnswer | undefined {
    if (landing.kind !== 'stream' && landing.kind !== 'entry') return undefined;
    const { place } = landing.kind === 'stream' ? landing : landing.entry;
    if (varyValues(place.varyNames, request.headers) !== place.varyValues) return undefined;
    const report: StatusReport = { forward: plan.why, collapsed: true, url };
    const nowMs = this.#clock.monotonicMs();
    if (landing.kind === 'entry') {
      return answerFrom(landing.entry, request, landing.isError ? 'stale-error' : 'collapsed', report, nowMs);
    }
    const reader = landing.body.reader();
    return reader === null ? undefined : answerStreaming(landing.head, reader, request, 'collapsed', report, nowMs);
  }
}

/** RFC 9111 §5.2.1.7. */
function onlyIfCached(url: string): CachedAnswer {
  const headers = HeaderList.from([['Content-Length', '0']]);
  appendCacheStatus(headers, { forward: 'request', url, detail: 'only-if-cached' });
  return { status: 504, headers, body: noBody(), outcome: 'only-if-cached' };
}

/** The answer, or the signal's reason when the client leaves first; an answer that comes too late is given up. */
async function unlessGone(answer: Promise<CachedAnswer>, { signal }: CacheRequest): Promise<CachedAnswer> {
  try {
    return await orGone(answer, signal);
  } catch (error) {
    if (signal?.aborted === true) {
      answer.then(
        (late) => late.body.cancel(),
        () => undefined,
      );
    }
    throw error;
  }
}

/** `promise`, or a rejection with the signal's reason when that aborts first. */
function orGone<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const { promise: gone, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason);
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  return Promise.race([promise, gone]).finally(() => signal.removeEventListener('abort', leave));
}
