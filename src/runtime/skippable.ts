/** What it takes to go on without a guest that has failed: everything that it was given, as it was before. */
import type { Exchange } from '../abi/abi.ts';
import type { Backend, BackendRequest, BackendResponse } from '../capability/backend.ts';
import type { HeaderList } from '../http/headers.ts';
import { RecordedBody } from './recorded-body.ts';

/** The parts of an exchange that every guest of a chain has. */
export type Parts = Omit<Exchange, 'signal' | 'stream'>;

/** Those of an exchange, which may be an object with accessors: it is not spread. */
export function partsOf(exchange: Parts): Parts {
  return {
    request: exchange.request,
    body: exchange.body,
    origin: exchange.origin,
    backend: (name) => exchange.backend(name),
    issuer: (name) => exchange.issuer(name),
    signer: (name) => exchange.signer(name),
    forwarded: exchange.forwarded,
  };
}

/** What the next handler has answered a guest. */
interface Answer {
  /** As they were: the guest changes its own. */
  readonly headers: HeaderList;
  readonly response: BackendResponse;
  readonly body: RecordedBody;
}

/** One attempt of a guest that may be skipped. */
export class Skippable {
  /** What the guest gets: copies of heads, bodies that are recorded. */
  readonly parts: Parts;
  readonly #given: Parts;
  readonly #next: Backend | null;
  readonly #body: RecordedBody | null;
  /** How far the guest has come; `committed`: its own answer is on its way. */
  #stage: 'unasked' | 'asked' | 'answered' | 'committed' = 'unasked';
  #answer: Answer | null = null;

  /** @param next - Where the guest's "next" leads; `null`: nowhere, and then it cannot be skipped. */
  constructor(given: Parts, next: Backend | null) {
    this.#given = given;
    this.#next = next;
    this.#body = given.body === null ? null : new RecordedBody(given.body);
    const { method, target, protocol, client, headers } = given.request;
    this.parts = {
      ...partsOf(given),
      request: { method, target, protocol, client, headers: headers.clone() },
      body: this.#body,
      origin: next === null ? null : { fetch: (request) => this.#ask(next, request) },
    };
  }

  /** Says that the guest's own answer is on its way: it cannot be skipped any more. */
  commit(): void {
    this.#stage = 'committed';
    this.#settle();
  }

  /** Says that the guest has succeeded. */
  succeeded(): void {
    this.#settle();
  }

  /**
   * What the next handler answers without the guest: what it has answered already, or else what it answers to the request as the
   * guest was given it. `null`, and everything is given up, when the guest has come too far for that: its answer is on its way, it has
   * asked and has no answer yet, or it has read too much. Rejects as the next handler does.
   */
  async skip(signal: AbortSignal): Promise<BackendResponse | null> {
    if (this.#stage === 'answered' && this.#answer !== null) return this.#answered(this.#answer);
    const replayed = this.#stage === 'unasked' ? (this.#body?.replay() ?? null) : null;
    if (this.#stage !== 'unasked' || this.#next === null || (this.#body !== null && replayed === null)) {
      this.#drop();
      return null;
    }
    const { request, forwarded } = this.#given;
    const { method, target, headers } = request;
    return this.#next.fetch({ method, target, headers, body: replayed, forwarded, signal });
  }

  #answered({ headers, response, body }: Answer): BackendResponse | null {
    const replayed = body.replay();
    if (replayed !== null) return { ...response, headers, body: replayed };
    this.#drop();
    return null;
  }

  async #ask(next: Backend, request: BackendRequest): Promise<BackendResponse> {
    this.#stage = 'asked';
    this.#body?.settle();
    const response = await next.fetch(request);
    const body = new RecordedBody(response.body);
    this.#answer = { headers: response.headers.clone(), response, body };
    this.#stage = 'answered';
    return { ...response, body };
  }

  #settle(): void {
    this.#body?.settle();
    this.#answer?.body.settle();
  }

  #drop(): void {
    this.#body?.drop();
    this.#answer?.body.drop();
  }
}
