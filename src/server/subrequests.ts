/** The budget of requests to backends that one request has. */
import { BackendError, type Backend, type BackendRequest, type BackendResponse } from '../capability/backend.ts';

/** A backend that is asked at most `limit` times; further requests fail as `overloaded` without leaving the process. */
export class BudgetedBackend implements Backend {
  readonly #backend: Backend;
  readonly #limit: number;
  #used = 0;

  constructor(backend: Backend, limit: number) {
    this.#backend = backend;
    this.#limit = limit;
  }

  fetch(request: BackendRequest): Promise<BackendResponse> {
    this.#used += 1;
    if (this.#used <= this.#limit) return this.#backend.fetch(request);
    request.body?.cancel();
    return Promise.reject(new BackendError('overloaded', `the request may make ${this.#limit} subrequests, and has`));
  }
}
