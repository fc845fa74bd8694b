/** What one request may reach: its origin and its backends, all on one budget of subrequests. */
import { BackendError, type Backend, type BackendRequest, type BackendResponse } from '../capability/backend.ts';
import type { TokenIssuer, TokenSigner } from '../capability/jwt.ts';
import type { Reach, StoredAnswers } from './failure-policy.ts';

/** Backends by name, as a deployment has them. */
export interface BackendsByName {
  get(name: string): Backend | undefined;
}

/** What a deployment was granted. */
export interface Granted {
  readonly backends: BackendsByName;
  readonly issuers: ReadonlyMap<string, TokenIssuer>;
  /** What is kept of backends' answers, by the backend's name; those whose answers are not kept are not there. */
  readonly kept: ReadonlyMap<string, StoredAnswers>;
  readonly signers: ReadonlyMap<string, TokenSigner>;
}

/** How many requests to backends one request may still make. */
class Subrequests {
  readonly limit: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes one; answers whether there was one left. */
  take(): boolean {
    if (this.#used >= this.limit) return false;
    this.#used += 1;
    return true;
  }
}

/** A backend that is asked on a budget; further requests fail as `budget` without leaving the process. */
class BudgetedBackend implements Backend {
  readonly #backend: Backend;
  readonly #subrequests: Subrequests;

  constructor(backend: Backend, subrequests: Subrequests) {
    this.#backend = backend;
    this.#subrequests = subrequests;
  }

  fetch(request: BackendRequest): Promise<BackendResponse> {
    if (this.#subrequests.take()) return this.#backend.fetch(request);
    request.body?.cancel();
    const { limit } = this.#subrequests;
    return Promise.reject(new BackendError('budget', `the request may make ${limit} subrequests, and has`));
  }
}

/** The backends of one request. The budget counts requests to the origin and to named backends together. */
export class RequestBackends implements Reach {
  readonly origin: Backend | null;
  readonly #byName: BackendsByName;
  readonly #issuers: ReadonlyMap<string, TokenIssuer>;
  readonly #signers: ReadonlyMap<string, TokenSigner>;
  readonly #subrequests: Subrequests;
  readonly #kept: StoredAnswers | null;

  /** @param origin - The name of the backend that "next" goes to; `null`, or the name of none: there is no origin. */
  constructor({ backends, issuers, signers, kept }: Granted, origin: string | null, limit: number) {
    this.#byName = backends;
    this.#issuers = issuers;
    this.#signers = signers;
    this.#subrequests = new Subrequests(limit);
    this.origin = origin === null ? null : this.backend(origin);
    this.#kept = origin === null ? null : (kept.get(origin) ?? null);
  }

  backend(name: string): Backend | null {
    const found = this.#byName.get(name);
    return found === undefined ? null : new BudgetedBackend(found, this.#subrequests);
  }

  issuer(name: string): TokenIssuer | null {
    return this.#issuers.get(name) ?? null;
  }

  signer(name: string): TokenSigner | null {
    return this.#signers.get(name) ?? null;
  }

  get hasAsked(): boolean {
    return this.#subrequests.used > 0;
  }

  stored(request: BackendRequest): Promise<BackendResponse | null> {
    return this.#kept === null ? Promise.resolve(null) : this.#kept.stored(request);
  }
}

/** Those of a request that has none. */
export const NO_BACKENDS: Reach = Object.freeze({
  origin: null,
  backend: () => null,
  issuer: () => null,
  signer: () => null,
  hasAsked: false,
  stored: () => Promise.resolve(null),
});
