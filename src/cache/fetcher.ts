/** One request to the backend whose answer may be stored: what it asks, and what becomes of the answer. */
import { stripHopByHop } from '../http/fields.ts';
import { declaredLength } from '../http/framing.ts';
import type { HeaderList } from '../http/headers.ts';
import { answerFrom, answerStreaming, type CachedAnswer } from './answer.ts';
import { appendCacheStatus, type StatusReport } from './cache-status.ts';
import { unconditional, validating } from './conditional.ts';
import { entryOf, isShareable, storedHead, type CacheEntry, type Place, type StoredHead } from './entry.ts';
import { freshnessOf, type ExchangeTimes } from './freshness.ts';
import type { Flight, Flights, Landing } from './flights.ts';
import { withoutUnkeyed, type PrimaryKey } from './key.ts';
import { isBackendFailure, servesOnError, type BackendFailure, type FetchPlan } from './plan.ts';
import type { CacheClock, CacheRequest, Forward, ForwardResponse } from './ports.ts';
import { SharedBody } from './shared-body.ts';
import type { Fill } from './shelf.ts';
import type { CacheStore } from './store.ts';
import { tagsOf } from './tags.ts';
import { renewed, selects } from './update.ts';
import { varyNames, varyValues } from './vary.ts';

/** A request with what was made of it. */
export interface Asked {
  readonly request: CacheRequest;
  readonly forward: Forward;
  readonly key: PrimaryKey;
  /** Host and target, for the client's eyes. */
  readonly url: string;
}

/** A backend's answer with the request that it answers. */
interface Exchange {
  /** The fields that were sent, without conditions: what the answer may vary on. */
  readonly sent: HeaderList;
  readonly response: ForwardResponse;
  readonly times: ExchangeTimes;
  /** When the head arrived, by the monotonic clock. */
  readonly monotonicMs: number;
}

/** One fetch under way: who asked, why, and who waits. */
interface Fetch {
  readonly asked: Asked;
  readonly plan: FetchPlan;
  readonly name: string;
  readonly flight: Flight;
}

/** Statuses in which a body is never sent; their length is that of nothing. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** Fetches for one cache. Each fetch lands its flight and closes its fill, whatever happens. */
export class Fetcher {
  readonly #store: CacheStore;
  readonly #flights: Flights;
  readonly #clock: CacheClock;
  readonly #maxBodyBytes: number;

  constructor(store: CacheStore, flights: Flights, clock: CacheClock, maxBodyBytes: number) {
    this.#store = store;
    this.#flights = flights;
    this.#clock = clock;
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Fetches for a GET. Answers its client, and those who wait for `flight`, as soon as the head is there. */
  async fetch(asked: Asked, plan: FetchPlan, name: string, flight: Flight): Promise<CachedAnswer> {
    const fetch: Fetch = { asked, plan, name, flight };
    let exchange: Exchange;
    try {
      exchange = await this.#exchange(asked, plan, 'GET', flight.abandoning.signal);
    } catch (error) {
      return this.#unanswered(fetch, error);
    }
    try {
      return await this.#answered(fetch, exchange);
    } catch (error) {
      exchange.response.body.cancel();
      this.#settle(fetch, { kind: 'failed', error });
      throw error;
    }
  }

  /** Sends a HEAD on. Its answer renews what is stored where it speaks of that, and makes it stale otherwise (RFC 9111 §4.3.5). */
  async head(asked: Asked, plan: FetchPlan): Promise<CachedAnswer> {
    const fill = this.#store.open(asked.request.tenant, asked.key);
    try {
      const { signal = new AbortController().signal } = asked.request;
      const exchange = await this.#exchange(asked, { kind: 'miss', entry: undefined, why: plan.why }, 'HEAD', signal);
      if (plan.entry !== undefined) this.#renewByHead(fill, plan.entry, exchange);
      return this.#passOn(asked, plan, exchange.response);
    } finally {
      this.#store.close(asked.request.tenant, fill);
    }
  }

  async #exchange(
    { request, forward, key }: Asked,
    plan: FetchPlan,
    method: 'GET' | 'HEAD',
    signal: AbortSignal,
  ): Promise<Exchange> {
    const varied = this.#store.family(request.tenant, key)?.variedNames() ?? NOTHING;
    const sent = unconditional(withoutUnkeyed(request.headers, varied));
    const headers = plan.kind === 'validate' ? validating(sent, plan.entry.head) : sent;
    const requestMs = this.#clock.wallMs();
    const response = await forward({ method, headers, signal });
    const times = { requestMs, responseMs: this.#clock.wallMs() };
    return { sent, response, times, monotonicMs: this.#clock.monotonicMs() };
  }

  /** The backend could not be asked. */
  #unanswered(fetch: Fetch, error: unknown): CachedAnswer {
    const entry = this.#spare(fetch, 'no-answer');
    if (entry !== null) return this.#onError(fetch, entry);
    this.#settle(fetch, { kind: 'failed', error });
    throw error;
  }

  #answered(fetch: Fetch, exchange: Exchange): CachedAnswer | Promise<CachedAnswer> {
    const { plan } = fetch;
    const { status, body } = exchange.response;
    if (plan.kind === 'validate' && status === 304) return this.#validated(fetch, plan.entry, exchange);
    const spare = isBackendFailure(status) ? this.#spare(fetch, 'status') : null;
    if (spare !== null) {
      body.cancel();
      return this.#onError(fetch, spare, status);
    }
    const stored = this.#storable(fetch.asked, exchange);
    return stored === null ? this.#unshared(fetch, exchange) : this.#stream(fetch, exchange, stored);
  }

  /** The entry that may serve because the backend failed, unless it was purged since the backend was asked. */
  #spare({ plan: { entry }, flight: { fill } }: Fetch, failure: BackendFailure): CacheEntry | null {
    if (entry === undefined || !servesOnError(entry, failure, this.#clock.monotonicMs())) return null;
    return fill.shelf.isCurrent(fill, entry.place.tags) ? entry : null;
  }

  /** Serves a stale entry in place of a failure (RFC 5861 §4). */
  #onError(fetch: Fetch, entry: CacheEntry, forwardStatus?: number): CachedAnswer {
    this.#settle(fetch, { kind: 'entry', entry, isError: true });
    const { request, url } = fetch.asked;
    const report: StatusReport = {
      forward: fetch.plan.why,
      forwardStatus,
      url,
      detail: forwardStatus === undefined ? 'no-answer' : 'failure',
    };
    return answerFrom(entry, request, 'stale-error', report, this.#clock.monotonicMs());
  }

  /** The backend says that an entry is still good. */
  #validated(fetch: Fetch, old: CacheEntry, exchange: Exchange): CachedAnswer | Promise<CachedAnswer> {
    const { asked, plan, name, flight } = fetch;
    exchange.response.body.cancel();
    if (!selects(old, exchange.response.headers)) {
      this.#store.remove(old);
      return this.fetch(asked, { kind: 'miss', entry: undefined, why: plan.why }, name, flight);
    }
    const { entry, mayBeStored } = this.#renew(flight.fill, old, exchange);
    this.#settle(fetch, mayBeStored && isShareable(entry.head) ? { kind: 'entry', entry, isError: false } : RELEASED);
    const report: StatusReport = { forward: plan.why, forwardStatus: 304, stored: mayBeStored, url: asked.url };
    return answerFrom(entry, asked.request, 'revalidated', report, this.#clock.monotonicMs());
  }

  #renew(fill: Fill, old: CacheEntry, { sent, response, times, monotonicMs }: Exchange): ReturnType<typeof renewed> {
    const request = { method: 'GET', headers: sent };
    const renewal = renewed(old, request, response, times, monotonicMs);
    const mayBeStored = renewal.mayBeStored && this.#store.add(fill, renewal.entry);
    // Its place may be another one now; in the same place it is gone already.
    this.#store.remove(old);
    return { entry: renewal.entry, mayBeStored };
  }

  #renewByHead(fill: Fill, entry: CacheEntry, exchange: Exchange): void {
    const { status, headers } = exchange.response;
    if (status !== entry.head.status) return;
    const length = declaredLength(headers);
    if (selects(entry, headers) && (length === null || length === entry.body.length))
      this.#renew(fill, entry, exchange);
    else this.#store.expire(entry, this.#clock.monotonicMs());
  }

  /** How a response is stored, or `null` when it is not. */
  #storable(
    { request, key }: Asked,
    { sent, response, times, monotonicMs }: Exchange,
  ): { readonly head: StoredHead; readonly place: Place } | null {
    const freshness = freshnessOf({ method: 'GET', headers: sent }, response, times);
    const [names, tags] = [varyNames(response.headers), tagsOf(response.headers)];
    if (typeof freshness === 'string' || names === null || tags === null) return null;
    const length = declaredLength(response.headers);
    if (length === null ? response.headers.has('content-length') : length > this.#maxBodyBytes) return null;
    const head = storedHead(response, freshness, { wallMs: times.responseMs, monotonicMs });
    return {
      head,
      place: { tenant: request.tenant, key, varyNames: names, varyValues: varyValues(names, sent), tags },
    };
  }

  /** Hands an answer to its client alone, and lets nobody wait for the next one. */
  #unshared(fetch: Fetch, { response }: Exchange): CachedAnswer {
    const { plan, name, asked } = fetch;
    // A failure says nothing about what is stored; any other answer has taken its place.
    if (plan.entry !== undefined && response.status < 500) this.#store.remove(plan.entry);
    this.#flights.mark(name, this.#clock.monotonicMs());
    this.#settle(fetch, RELEASED);
    return this.#passOn(asked, plan, response);
  }

  #passOn({ url }: Asked, plan: FetchPlan, response: ForwardResponse): CachedAnswer {
    const headers = stripHopByHop(response.headers);
    appendCacheStatus(headers, { forward: plan.why, url });
    return { status: response.status, headers, body: response.body, outcome: 'pass' };
  }

  /** Hands a body to its client and to those who wait, and stores it when it is whole. */
  #stream(
    fetch: Fetch,
    { response }: Exchange,
    { head, place }: { readonly head: StoredHead; readonly place: Place },
  ): CachedAnswer {
    const { asked, plan, name, flight } = fetch;
    const expectedBytes = BODILESS.has(response.status) ? 0 : declaredLength(response.headers);
    const terms = { expectedBytes, maxBytes: this.#maxBodyBytes };
    const body = new SharedBody(response.body, terms, this.#fate(fetch, head, place));
    const reader = body.reader();
    if (reader === null) throw new TypeError('a body that has not begun has a first reader');
    flight.arriving = { head, place };
    // Its tags are known only now, and those who wait may have come after a purge of one.
    const isShared = isShareable(head) && flight.fill.shelf.isCurrent(flight.fill, place.tags);
    flight.land(isShared ? { kind: 'stream', place, head, body } : RELEASED);
    if (isShared) this.#flights.unmark(name);
    else this.#unsharedFlight(name, flight);
    body.start();
    const report: StatusReport = { forward: plan.why, stored: true, url: asked.url };
    return answerStreaming(ofLeader(head, response), reader, asked.request, 'miss', report, this.#clock.monotonicMs());
  }

  /** What is stored but validated at each use: nobody waits for it again. */
  #unsharedFlight(name: string, flight: Flight): void {
    this.#flights.end(name, flight);
    this.#flights.mark(name, this.#clock.monotonicMs());
  }

  #fate({ asked, name, flight }: Fetch, head: StoredHead, place: Place): ConstructorParameters<typeof SharedBody>[2] {
    const { tenant } = asked.request;
    let reserved = 0;
    const over = (): void => {
      this.#store.release(flight.fill, reserved);
      this.#flights.end(name, flight);
      this.#store.close(tenant, flight.fill);
    };
    return {
      nowMs: () => this.#clock.monotonicMs(),
      reserve: (bytes) => {
        const isGiven = this.#store.reserve(tenant, flight.fill, bytes);
        if (isGiven) reserved += bytes;
        return isGiven;
      },
      whole: (bytes) => {
        this.#store.release(flight.fill, reserved);
        reserved = 0;
        try {
          this.#store.add(flight.fill, entryOf(place, head, bytes));
        } finally {
          over();
        }
      },
      lost: () => {
        // What was too large once is so again: nobody is to wait for it.
        this.#flights.mark(name, this.#clock.monotonicMs());
        over();
      },
    };
  }

  /** Tells those who wait, and ends a flight that stores nothing more. */
  #settle({ asked, name, flight }: Fetch, landing: Landing): void {
    flight.land(landing);
    this.#flights.end(name, flight);
    this.#store.close(asked.request.tenant, flight.fill);
  }
}

const NOTHING: ReadonlySet<string> = new Set();
const RELEASED: Landing = Object.freeze({ kind: 'released' });

/** What the leader's own client is told: also the fields that are not stored. */
function ofLeader(head: StoredHead, response: ForwardResponse): StoredHead {
  if (head.freshness.withheldFields.length === 0) return head;
  return { ...head, headers: stripHopByHop(response.headers) };
}
