/** The asker's side of the cache: asks another data thread about a URL that it owns. */
import type { CachedAnswer } from '../cache/answer.ts';
import type { ForwardReason } from '../cache/cache-status.ts';
import { entryFromPlain, plainFields } from '../cache/entry-copy.ts';
import type { CacheEntry } from '../cache/entry.ts';
import type { CacheRequest } from '../cache/ports.ts';
import type { Purge } from '../cache/purge.ts';
import { BackendError } from '../capability/backend.ts';
import { HeaderList } from '../http/headers.ts';
import { ResponseBody } from '../upstream/response-body.ts';
import type { CachePort, CacheQuestion, CacheReply, PlainRequest, Through } from './cache-messages.ts';

/** What an owner answers. */
export type PeerAnswer =
  | { readonly kind: 'entry'; readonly entry: CacheEntry; readonly generation: number }
  | { readonly kind: 'pass'; readonly why: ForwardReason }
  | { readonly kind: 'answer'; readonly answer: CachedAnswer };

/** What an owner has: an entry to answer from, or, where that is large, the answer itself. */
export type StoredAnswer =
  { readonly kind: 'entry'; readonly entry: CacheEntry } | { readonly kind: 'answer'; readonly answer: CachedAnswer };

/** One who waits, by the number of the question. */
interface Waiting {
  readonly hear: (reply: CacheReply) => void;
  /** The other thread has ended. */
  readonly lost: () => void;
}

/** A body that comes in messages; it paces its owner. */
interface Arriving {
  readonly body: ResponseBody;
  isPaused: boolean;
}

/** One other thread. Everything that waits settles: with an answer, its request's end, or {@link close}. */
export class CachePeer {
  readonly #port: CachePort;
  readonly #waiting = new Map<number, Waiting>();
  #ids = 0;
  #isClosed = false;

  constructor(port: CachePort) {
    this.#port = port;
  }

  /**
   * Asks the owner to answer a request. Rejects with {@link BackendError} as the backend's answer would, with an `Error` for a fault of
   * Kerb's own, and with the reason of the request's signal. When the owner is gone it answers `pass`: each thread can do without.
   */
  ask(request: CacheRequest, through: Through): Promise<PeerAnswer> {
    const { signal } = request;
    const { promise, resolve, reject } = Promise.withResolvers<PeerAnswer>();
    if (this.#isClosed) return Promise.resolve(GONE);
    if (signal?.aborted === true) return Promise.reject(reasonOf(signal));
    const id = this.#begin({
      hear: (reply) => this.#heard(id, reply, resolve, reject),
      lost: () => resolve(GONE),
    });
    const leave = (): void => {
      this.#give(id);
      this.#say({ kind: 'cancel', id });
      reject(reasonOf(signal));
    };
    signal?.addEventListener('abort', leave, { once: true });
    this.#say({ kind: 'ask', id, request: plainRequest(request), through });
    return promise.finally(() => signal?.removeEventListener('abort', leave));
  }

  /** What the owner has stored for a request, fresh or not; `null`: nothing, or the owner is gone. */
  stored(request: CacheRequest): Promise<StoredAnswer | null> {
    return this.#question<StoredAnswer | null>(
      (id) => ({ kind: 'stored', id, request: plainRequest(request) }),
      (reply) => {
        if (reply.kind === 'head') return { kind: 'answer', answer: this.#answerOf(reply) };
        return reply.kind === 'entry' ? { kind: 'entry', entry: entryFromPlain(reply.entry) } : null;
      },
      null,
    );
  }

  /** Settles when the purge is done, with how many responses it met. */
  purge(purge: Purge): Promise<number> {
    return this.#question(
      (id) => ({ kind: 'purge', id, purge }),
      (reply) => (reply.kind === 'purged' ? reply.count : 0),
      0,
    );
  }

  /** Takes a reply. */
  hear(reply: CacheReply): void {
    this.#waiting.get(reply.id)?.hear(reply);
  }

  /** Says that the other thread has ended. */
  close(): void {
    this.#isClosed = true;
    for (const { lost } of this.#waiting.values()) lost();
    this.#waiting.clear();
  }

  #question<T>(ask: (id: number) => CacheQuestion, answer: (reply: CacheReply) => T, without: T): Promise<T> {
    if (this.#isClosed) return Promise.resolve(without);
    return new Promise((resolve) => {
      const hear = (reply: CacheReply): void => {
        this.#give(id);
        resolve(answer(reply));
      };
      const id = this.#begin({ hear, lost: () => resolve(without) });
      this.#say(ask(id));
    });
  }

  #heard(id: number, reply: CacheReply, resolve: (answer: PeerAnswer) => void, reject: (error: Error) => void): void {
    if (reply.kind === 'head') return resolve({ kind: 'answer', answer: this.#answerOf(reply) });
    this.#give(id);
    if (reply.kind === 'entry') resolve({ ...reply, entry: entryFromPlain(reply.entry) });
    else if (reply.kind === 'pass') resolve(reply);
    else if (reply.kind === 'failed') reject(failureOf(reply));
    else reject(new TypeError(`the owner of a URL answered a request with ${reply.kind}`));
  }

  #answerOf({ id, status, headers, outcome }: Extract<CacheReply, { kind: 'head' }>): CachedAnswer {
    return { status, headers: HeaderList.from(headers), outcome, body: this.#receive(id) };
  }

  /** From its head on, replies are the body's. */
  #receive(id: number): ResponseBody {
    const arriving: Arriving = {
      isPaused: false,
      body: new ResponseBody({
        pause: () => void (arriving.isPaused = true),
        resume: () => {
          arriving.isPaused = false;
          this.#say({ kind: 'more', id });
        },
        abort: () => {
          if (this.#give(id)) this.#say({ kind: 'cancel', id });
        },
      }),
    };
    this.#waiting.set(id, {
      hear: (reply) => this.#take(id, arriving, reply),
      lost: () => arriving.body.fail(new Error('the thread that owns the URL has ended')),
    });
    return arriving.body;
  }

  #take(id: number, arriving: Arriving, reply: CacheReply): void {
    if (reply.kind === 'chunk') {
      arriving.body.push(reply.bytes);
      if (!arriving.isPaused) this.#say({ kind: 'more', id });
      return;
    }
    this.#give(id);
    if (reply.kind === 'end') arriving.body.end();
    else arriving.body.fail(new Error('the backend broke off'));
  }

  #begin(waiting: Waiting): number {
    this.#ids += 1;
    this.#waiting.set(this.#ids, waiting);
    return this.#ids;
  }

  /** Ends a question; answers whether it was open. */
  #give(id: number): boolean {
    return this.#waiting.delete(id);
  }

  #say(question: CacheQuestion): void {
    if (!this.#isClosed) this.#port.postMessage(question);
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('the request has ended');
}

const GONE: PeerAnswer = Object.freeze({ kind: 'pass', why: 'bypass' });

function failureOf({ fault, message }: Extract<CacheReply, { kind: 'failed' }>): Error {
  return fault === null ? new Error(message) : new BackendError(fault, message);
}

function plainRequest({ tenant, scheme, host, target, extra, method, headers, waits }: CacheRequest): PlainRequest {
  return { tenant, scheme, host, target, extra, method, headers: plainFields(headers), waits };
}
