/** Requests of a data thread that wait for tenants which rest. */
import { LRUCache } from 'lru-cache';
import type { Route } from '../runtime/deployment.ts';
import { CapacityError, Refusal } from '../runtime/refusal.ts';
import { MAX_UNWOKEN, MAX_WAITING_FOR_TENANTS, UNWOKEN_MS, WAKE_DEADLINE_MS } from './limits.ts';

/** What a waiting request hears: `null`: the table has changed and it is to be routed anew; otherwise why there is nothing to wait for. */
export type Woken = Refusal | null;

interface Waiting {
  readonly woken: Promise<Woken>;
  readonly resolve: (woken: Woken) => void;
  readonly late: NodeJS.Timeout;
  requests: number;
}

/** Asks for each tenant once, however many requests wait for it. What waits settles, at the latest after {@link WAKE_DEADLINE_MS}. */
export class Waking {
  readonly #ask: (tenant: string, route: number) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #unwoken = new LRUCache<number, Refusal>({
    max: MAX_UNWOKEN,
    ttl: UNWOKEN_MS,
    perf: { now: () => performance.now() },
  });
  #requests = 0;

  /** @param ask - Asks control to put a deployment in the place of a tenant's route: {@link changed} or {@link fail} answers. */
  constructor(ask: (tenant: string, route: number) => void) {
    this.#ask = ask;
  }

  /** Requests that wait. */
  get size(): number {
    return this.#requests;
  }

  /** Waits for the tenant of a route. Settles with `capacity` where too many wait or it takes too long; never rejects. */
  wait({ id, tenant }: Route): Promise<Woken> {
    const unwoken = this.#unwoken.get(id);
    if (unwoken !== undefined) return Promise.resolve(unwoken);
    if (this.#requests >= MAX_WAITING_FOR_TENANTS)
      return Promise.resolve(new CapacityError(`${this.#requests} requests wait for tenants that rest`));
    const waiting = this.#waiting.get(id) ?? this.#begin(id, tenant);
    waiting.requests += 1;
    this.#requests += 1;
    return waiting.woken;
  }

  /** Routes are not in the table any more: requests that wait for them are to look again. */
  changed(routes: readonly number[]): void {
    if (this.#waiting.size > 0) for (const id of routes) this.#settle(id, null);
  }

  /** A tenant could not be woken; nobody asks again for {@link UNWOKEN_MS}. */
  fail(route: number, refusal: Refusal): void {
    if (this.#settle(route, refusal)) this.#unwoken.set(route, refusal);
  }

  /** Ends all that wait, as `draining`. */
  close(): void {
    const refusal = new Refusal('draining', 'its tenant was not awake when the edge shut down');
    for (const id of this.#waiting.keys()) this.#settle(id, refusal);
  }

  #begin(id: number, tenant: string): Waiting {
    const { promise: woken, resolve } = Promise.withResolvers<Woken>();
    const late = setTimeout(() => this.#settle(id, tooLate()), WAKE_DEADLINE_MS);
    const waiting = { woken, resolve, late, requests: 0 };
    this.#waiting.set(id, waiting);
    this.#ask(tenant, id);
    return waiting;
  }

  #settle(id: number, woken: Woken): boolean {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return false;
    clearTimeout(waiting.late);
    this.#waiting.delete(id);
    this.#requests -= waiting.requests;
    waiting.resolve(woken);
    return true;
  }
}

function tooLate(): Refusal {
  return new CapacityError(`the tenant was not awake after ${WAKE_DEADLINE_MS} ms`);
}
