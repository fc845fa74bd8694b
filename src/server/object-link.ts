/** The object cache as a data thread reaches it: there is one of a process, on the main thread; values are in memory that all share. */
import {
  ObjectCacheError,
  type CachedObject,
  type Lookup,
  type ObjectAnswer,
  type ObjectCache,
  type ObjectPut,
  type ObjectQuestion,
} from '../capability/object-cache.ts';
import type { TenantHome } from '../capability/stores.ts';
import { AskLink, type Asking } from './ask-link.ts';
import {
  MAX_OPEN_FILLS,
  OBJECT_BYTES_PER_TENANT,
  OBJECT_BYTES_PER_THREAD,
  OBJECT_DEADLINE_MS,
  OBJECTS_WAITING_PER_TENANT,
  OBJECTS_WAITING_PER_THREAD,
} from './limits.ts';

/** A question on its way to the main thread. */
export type ObjectAsking = Asking<ObjectQuestion>;

/** How a link reaches the main thread. */
export interface ObjectLinkEvents {
  readonly ask: (asking: ObjectAsking) => void;
  /** Gives up the making of an object; there is no answer. */
  readonly release: (fill: number) => void;
}

type Kind = ObjectAnswer['kind'];

/** The link of one data thread. */
export class ObjectLink {
  readonly #link: AskLink<ObjectQuestion, ObjectAnswer>;
  readonly #events: ObjectLinkEvents;

  constructor(events: ObjectLinkEvents, deadlineMs = OBJECT_DEADLINE_MS) {
    this.#events = events;
    this.#link = new AskLink({
      say: events.ask,
      limits: {
        deadlineMs,
        perTenant: OBJECTS_WAITING_PER_TENANT,
        perThread: OBJECTS_WAITING_PER_THREAD,
        bytesPerTenant: OBJECT_BYTES_PER_TENANT,
        bytesPerThread: OBJECT_BYTES_PER_THREAD,
      },
      failure: (fault) => new ObjectCacheError(fault),
      // Whoever was to make the object has ended: the next has to.
      unclaimed: (answer) => {
        if (answer.kind === 'looked_up' && answer.fill !== null) events.release(answer.fill);
      },
    });
  }

  /** Questions without an answer. */
  get open(): number {
    return this.#link.open;
  }

  /** See {@link ObjectCacheSource}. */
  readonly cacheOf = (home: TenantHome, signal: AbortSignal): ObjectCache => {
    const ask = async <K extends Kind>(
      question: ObjectQuestion,
      kind: K,
    ): Promise<Extract<ObjectAnswer, { kind: K }>> =>
      expected(await this.#link.ask(home, question, bytesOf(question), signal), kind);
    return new RequestObjects(ask, this.#events.release, signal);
  };

  /** Takes an answer of the main thread. */
  hear(id: number, answer: ObjectAnswer): void {
    this.#link.hear(id, answer);
  }

  /** Fails everything that waits as `unavailable`, and what is asked from now on. */
  close(): void {
    this.#link.close();
  }
}

type Ask = <K extends Kind>(question: ObjectQuestion, kind: K) => Promise<Extract<ObjectAnswer, { kind: K }>>;

/** The cache for one request: it knows what that has to make, and gives it up at its end. */
class RequestObjects implements ObjectCache {
  readonly #ask: Ask;
  readonly #release: (fill: number) => void;
  readonly #signal: AbortSignal;
  readonly #fills = new Map<string, number>();
  readonly #onAbort = (): void => this.end();
  #lookups = 0;
  #ended = false;

  constructor(ask: Ask, release: (fill: number) => void, signal: AbortSignal) {
    this.#ask = ask;
    this.#release = release;
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort);
  }

  async get(key: string, maxBytes: number): Promise<CachedObject | null> {
    return (await this.#ask({ kind: 'get', key, maxBytes }, 'found')).object;
  }

  async lookup(key: string, maxBytes: number, waitMs: number): Promise<Lookup> {
    // Who has to make an object and looks it up again would wait for itself.
    if (this.#fills.has(key)) return { object: await this.get(key, maxBytes), mustFill: true };
    if (this.#fills.size + this.#lookups >= MAX_OPEN_FILLS) throw new ObjectCacheError('too_many');
    this.#lookups += 1;
    try {
      const { object, fill } = await this.#ask({ kind: 'lookup', key, maxBytes, waitMs }, 'looked_up');
      if (fill !== null) this.#take(key, fill);
      return { object, mustFill: fill !== null };
    } finally {
      this.#lookups -= 1;
    }
  }

  async put(key: string, put: ObjectPut): Promise<boolean> {
    const fill = this.#fills.get(key) ?? null;
    const question = { kind: 'put', key, put: { ...put, value: inSharedMemory(put.value) }, fill } as const;
    const answering = this.#ask(question, 'kept');
    try {
      const { kept } = await answering;
      this.#forget(key, fill);
      return kept;
    } catch (error) {
      // Where it was not heard of, the making goes on or ends with the request; the cache has ended what was too large.
      if (error instanceof ObjectCacheError && error.fault === 'too_large') this.#forget(key, fill);
      throw error;
    }
  }

  release(key: string): boolean {
    const fill = this.#fills.get(key);
    if (fill === undefined) return false;
    this.#fills.delete(key);
    this.#release(fill);
    return true;
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#ask({ kind: 'delete', key }, 'removed')).count > 0;
  }

  async purgeTag(tag: string): Promise<number> {
    return (await this.#ask({ kind: 'purge', tag }, 'removed')).count;
  }

  end(): void {
    this.#ended = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    for (const fill of this.#fills.values()) this.#release(fill);
    this.#fills.clear();
  }

  #take(key: string, fill: number): void {
    if (this.#ended) this.#release(fill);
    else this.#fills.set(key, fill);
  }

  #forget(key: string, fill: number | null): void {
    if (fill !== null && this.#fills.get(key) === fill) this.#fills.delete(key);
  }
}

/** Bytes that a question takes along; answers bring none, for their values are shared. */
function bytesOf(question: ObjectQuestion): number {
  return question.kind === 'put' ? question.put.value.length : 0;
}

function inSharedMemory(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

/** The answer, if it is of that kind. Throws {@link ObjectCacheError}. */
function expected<K extends Kind>(answer: ObjectAnswer, kind: K): Extract<ObjectAnswer, { kind: K }> {
  if (answer.kind === 'fault') throw new ObjectCacheError(answer.fault);
  if (answer.kind === kind) return answer as Extract<ObjectAnswer, { kind: K }>;
  throw new TypeError(`the object cache answered ${answer.kind} instead of ${kind}`);
}
