/** The owner's side of the cache: answers other data threads about the URLs that hash to this one. */
import type { HttpCache } from '../cache/http-cache.ts';
import { answerFromStored, type CachedAnswer } from '../cache/answer.ts';
import { plainEntry, plainFields } from '../cache/entry-copy.ts';
import type { CacheEntry } from '../cache/entry.ts';
import type { Generations } from '../cache/generations.ts';
import { urlKey } from '../cache/key.ts';
import type { CacheRequest, Forward } from '../cache/ports.ts';
import { purgeFrom } from '../cache/purge.ts';
import { BackendError } from '../capability/backend.ts';
import type { BodySource } from '../http/body.ts';
import { HeaderList } from '../http/headers.ts';
import type { CachePort, CacheQuestion, CacheReply, PlainRequest, Through } from './cache-messages.ts';
import { CACHE_COPY_BYTES, CACHE_STEP_BYTES, CACHE_WINDOW_STEPS } from './limits.ts';

/** The way to a backend, and what keeps it open. */
export interface Held {
  readonly forward: Forward;
  /** Says that it is not needed any more; to be called once. */
  readonly leave: () => void;
}

/** Finds how a request of another thread reaches its backend; `null`: the deployment is not served here. */
export type ForwardThrough = (through: Through & { readonly target: string }) => Held | null;

/** A question that is being answered. */
interface Open {
  readonly leaving: AbortController;
  body: BodySource | null;
  /** Chunks that may be sent before the next `more`. */
  credit: number;
  wake: (() => void) | null;
}

/** Answers one other thread. */
export class CacheOwner {
  readonly #cache: HttpCache;
  readonly #generations: Generations;
  readonly #forwardThrough: ForwardThrough;
  readonly #port: CachePort;
  readonly #open = new Map<number, Open>();

  constructor(cache: HttpCache, generations: Generations, forwardThrough: ForwardThrough, port: CachePort) {
    this.#cache = cache;
    this.#generations = generations;
    this.#forwardThrough = forwardThrough;
    this.#port = port;
  }

  /** Questions whose answers are not complete. */
  get open(): number {
    return this.#open.size;
  }

  /** Takes a question. */
  hear(question: CacheQuestion): void {
    switch (question.kind) {
      case 'ask':
        return this.#answer(question.id, question.request, question.through);
      case 'stored':
        return this.#tellStored(question.id, question.request);
      case 'more':
        return this.#giveCredit(question.id);
      case 'cancel':
        return this.#cancel(question.id);
      case 'purge':
        return this.#say({ kind: 'purged', id: question.id, count: purgeFrom(this.#cache, question.purge) });
    }
  }

  #answer(id: number, asked: PlainRequest, through: Through): void {
    // Before the look-up: a change between the two makes the copy stale at once.
    const generation = this.#generations.of(urlKey(asked));
    const decision = this.#cache.decide(requestFrom(asked));
    if (decision.kind === 'pass') return this.#say({ kind: 'pass', id, why: decision.why });
    if (decision.kind === 'hit' && decision.entry.body.length <= CACHE_COPY_BYTES)
      return this.#tellEntry(id, decision.entry, generation);
    const held = this.#forwardThrough({ ...through, target: asked.target });
    // The asker serves a deployment that this thread no longer does, or not yet.
    if (held === null) return this.#say({ kind: 'pass', id, why: 'bypass' });
    const open = this.#begin(id);
    void this.#handle(id, open, requestFrom(asked, open.leaving.signal), held);
  }

  #tellStored(id: number, asked: PlainRequest): void {
    const generation = this.#generations.of(urlKey(asked));
    const entry = this.#cache.stored(requestFrom(asked));
    if (entry === undefined) return this.#say({ kind: 'nothing', id });
    if (entry.body.length <= CACHE_COPY_BYTES) return this.#tellEntry(id, entry, generation);
    const open = this.#begin(id);
    void this.#send(id, open, answerFromStored(entry, requestFrom(asked))).finally(() => this.#open.delete(id));
  }

  #begin(id: number): Open {
    const open: Open = { leaving: new AbortController(), body: null, credit: CACHE_WINDOW_STEPS, wake: null };
    this.#open.set(id, open);
    return open;
  }

  #tellEntry(id: number, entry: CacheEntry, generation: number): void {
    this.#say({ kind: 'entry', id, entry: plainEntry(entry), generation });
  }

  async #handle(id: number, open: Open, request: CacheRequest, held: Held): Promise<void> {
    try {
      const answer = await this.#cache.handle(request, held.forward);
      if (open.leaving.signal.aborted) answer.body.cancel();
      else await this.#send(id, open, answer);
    } catch (error) {
      if (!open.leaving.signal.aborted) this.#say(failure(id, error));
    } finally {
      this.#open.delete(id);
      held.leave();
    }
  }

  async #send(id: number, open: Open, { status, headers, outcome, body }: CachedAnswer): Promise<void> {
    open.body = body;
    this.#say({ kind: 'head', id, status, headers: plainFields(headers), outcome });
    try {
      for (let chunk = await body.read(CACHE_STEP_BYTES); chunk !== null; chunk = await body.read(CACHE_STEP_BYTES)) {
        // Chunks are shared by all who read: each goes as a copy, which need not be copied again.
        const bytes = Uint8Array.from(chunk);
        this.#port.postMessage({ kind: 'chunk', id, bytes }, { transfer: [bytes.buffer] });
        await this.#room(open);
      }
      if (!open.leaving.signal.aborted) this.#say({ kind: 'end', id });
    } catch {
      if (!open.leaving.signal.aborted) this.#say({ kind: 'broken', id });
    }
  }

  async #room(open: Open): Promise<void> {
    open.credit -= 1;
    if (open.credit > 0 || open.leaving.signal.aborted) return;
    await new Promise<void>((resolve) => (open.wake = resolve));
  }

  #giveCredit(id: number): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    open.credit += 1;
    open.wake?.();
    open.wake = null;
  }

  #cancel(id: number): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    open.leaving.abort();
    open.body?.cancel();
    open.wake?.();
  }

  #say(reply: CacheReply): void {
    this.#port.postMessage(reply);
  }
}

function failure(id: number, error: unknown): CacheReply {
  if (error instanceof BackendError) return { kind: 'failed', id, fault: error.fault, message: error.message };
  return { kind: 'failed', id, fault: null, message: error instanceof Error ? error.message : String(error) };
}

function requestFrom({ headers, ...rest }: PlainRequest, signal?: AbortSignal): CacheRequest {
  return { ...rest, headers: HeaderList.from(headers), signal };
}
