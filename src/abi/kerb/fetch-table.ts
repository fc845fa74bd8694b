/** The fetches of one request: their handles and tickets, the wait that the guest may be in, and the end of them all. */
import type { BackendResponse } from '../../capability/backend.ts';
import type { Exchange, GuestHost } from '../abi.ts';
import { ERRNO } from './errno.ts';
import { Fetch } from './fetch.ts';
import { ANSWER_PAGES, ENDLESS_WAIT_MS, FETCH_PAGES, MAX_OPEN_FETCHES } from './limits.ts';

/** What a guest's own response can be made of. */
export interface ResponseTaker {
  /** Makes a backend's answer the guest's response; answers `false`, and takes nothing, when it is too late for that. */
  take(response: BackendResponse): boolean;
}

/** The request at hand. */
interface Turn {
  readonly exchange: Exchange;
  readonly taker: ResponseTaker;
  /** Where the end of the request is listened for; `null`: nothing was sent yet. */
  signal: AbortSignal | null;
}

/** The last number that is given away, so that handles stay positive i32s. */
const LAST_HANDLE = 0x7fff_fff0;

/**
 * Handles are even numbers and tickets the odd ones after them, so that neither passes for the other. Numbers are not used again
 * while the sandbox lives: what a guest kept from an earlier request names nothing.
 */
export class FetchTable {
  readonly #host: GuestHost;
  readonly #open = new Map<number, Fetch>();
  readonly #hold = (pages: number): void => this.#host.hold(pages);
  readonly #onAbort = (): void => this.#closeAll();
  #turn: Turn | null = null;
  #lastHandle = 0;
  /** Looks whether the guest's wait is over; `null`: it does not wait. */
  #look: (() => void) | null = null;
  #endWait: ((answer: number) => void) | null = null;

  constructor(host: GuestHost) {
    this.#host = host;
  }

  /** Fetches that have not been closed. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes on a request. */
  begin(exchange: Exchange, taker: ResponseTaker): void {
    this.#turn = { exchange, taker, signal: null };
  }

  /** Ends everything that was begun for the request at hand. What was given as its response goes on. */
  end(): void {
    this.#turn?.signal?.removeEventListener('abort', this.#onAbort);
    this.#closeAll();
    this.#turn = null;
  }

  /** Begins a fetch with a checked method and target. Answers its handle, or `no_request`, `not_granted`, `too_many`. */
  begun(backend: string, method: string, target: string): number {
    if (this.#turn === null) return ERRNO.no_request;
    const granted = this.#turn.exchange.backend(backend);
    if (granted === null) return ERRNO.not_granted;
    if (this.#open.size >= MAX_OPEN_FETCHES || this.#lastHandle >= LAST_HANDLE) return ERRNO.too_many;
    this.#host.hold(FETCH_PAGES);
    this.#lastHandle += 2;
    this.#open.set(this.#lastHandle, new Fetch(granted, method, target, this.#hold));
    return this.#lastHandle;
  }

  /** The fetch of a handle, which comes as the guest's raw i32. */
  find(handle: number): Fetch | null {
    return this.#open.get(handle) ?? null;
  }

  /** The fetch of a ticket: one that was sent. */
  ticketed(ticket: number): Fetch | null {
    const fetch = this.#open.get(ticket - 1);
    return fetch === undefined || fetch.stage === 'draft' ? null : fetch;
  }

  /** Sends a draft. Answers its ticket, or `bad_handle`, `wrong_state`. Does not wait. */
  send(handle: number): number {
    const fetch = this.#open.get(handle);
    if (fetch === undefined || this.#turn === null) return ERRNO.bad_handle;
    if (fetch.stage !== 'draft') return ERRNO.wrong_state;
    this.#host.hold(ANSWER_PAGES);
    if (this.#listen(this.#turn).aborted) fetch.refuse(ERRNO.cancelled);
    else this.#send(fetch, this.#turn);
    return handle + 1;
  }

  #send(fetch: Fetch, { exchange }: Turn): void {
    fetch.send({
      forwarded: exchange.forwarded,
      onSettled: (failure) => {
        if (failure !== null) this.#host.log('warn', `kerb_fetch: ${failure.message}`);
        this.#look?.();
      },
    });
  }

  /**
   * What `look` answers as soon as it answers something: now, or when a fetch has settled. After `timeoutMs` it is `timeout`, and at
   * the end of the request `cancelled`. There is one wait at a time, because the guest has one stack.
   */
  wait(look: () => number | null, timeoutMs: number): number | Promise<number> {
    const now = look();
    if (now !== null) return now;
    if (timeoutMs === 0) return ERRNO.timeout;
    const { promise, resolve } = Promise.withResolvers<number>();
    const timer = timeoutMs >= ENDLESS_WAIT_MS ? null : setTimeout(() => this.#endWait?.(ERRNO.timeout), timeoutMs);
    timer?.unref();
    this.#endWait = (answer) => {
      if (timer !== null) clearTimeout(timer);
      this.#endWait = null;
      this.#look = null;
      resolve(answer);
    };
    this.#look = () => {
      const answer = look();
      if (answer !== null) this.#endWait?.(answer);
    };
    return promise;
  }

  /** Makes an answer the guest's response. Answers 0, or `bad_handle`, `wrong_state`. */
  respond(handle: number): number {
    const fetch = this.#open.get(handle);
    if (fetch === undefined || this.#turn === null) return ERRNO.bad_handle;
    const { exchange, taker } = this.#turn;
    const { response } = fetch;
    if (response === null) return ERRNO.wrong_state;
    // The length of an answer to HEAD is that of a body which never comes (RFC 9110 §9.3.2).
    if (fetch.method === 'HEAD' && exchange.request.method !== 'HEAD') response.headers.delete('content-length');
    if (!taker.take(response)) return ERRNO.wrong_state;
    fetch.give();
    return 0;
  }

  /** Closes a fetch. Answers 0, or `bad_handle`. */
  close(handle: number): number {
    const fetch = this.#open.get(handle);
    if (fetch === undefined) return ERRNO.bad_handle;
    const { stage } = fetch;
    this.#open.delete(handle);
    fetch.close();
    fetch.dropBody();
    // The pages of what was given stay until the response is over.
    if (stage !== 'given') this.#host.hold(stage === 'draft' ? -FETCH_PAGES : -(FETCH_PAGES + ANSWER_PAGES));
    return 0;
  }

  /** Listens for the end of the request: its sleeping guest is unwound then, and nothing may wait for it any longer. */
  #listen(turn: Turn): AbortSignal {
    if (turn.signal !== null) return turn.signal;
    turn.signal = turn.exchange.signal;
    turn.signal.addEventListener('abort', this.#onAbort, { once: true });
    return turn.signal;
  }

  /** The account is not touched: it is settled as a whole when the request is over. */
  #closeAll(): void {
    for (const fetch of this.#open.values()) if (fetch.stage !== 'given') fetch.close();
    this.#open.clear();
    this.#endWait?.(ERRNO.cancelled);
  }
}
