/** Key-value stores as a data thread reaches them: it asks the main thread, for no data thread touches the database. */
import { KvError, type KvAnswer, type KvHome, type KvQuestion, type KvStore } from '../capability/kv.ts';
import { STORE_LIMITS } from '../store/limits.ts';
import {
  KV_BYTES_PER_TENANT,
  KV_BYTES_PER_THREAD,
  KV_DEADLINE_MS,
  KV_WAITING_PER_TENANT,
  KV_WAITING_PER_THREAD,
} from './limits.ts';

/** A question on its way to the main thread. */
export interface KvAsking {
  readonly id: number;
  readonly home: KvHome;
  readonly store: string;
  readonly question: KvQuestion;
}

/** Somebody who waits for an answer. */
interface Waiting {
  readonly resolve: (answer: KvAnswer) => void;
  readonly reject: (error: KvError) => void;
}

/** A question that the main thread has not answered; it keeps its place until then, whether or not somebody still waits. */
interface Open {
  readonly tenant: string;
  readonly bytes: number;
  waiting: Waiting | null;
}

/** What is open: questions, and bytes of their values. */
interface Load {
  questions: number;
  bytes: number;
}

type Kind = KvAnswer['kind'];

/** The link of one data thread. Everything that waits settles: with its answer, its deadline, its request's end or {@link close}. */
export class KvLink {
  readonly #say: (asking: KvAsking) => void;
  readonly #deadlineMs: number;
  readonly #open = new Map<number, Open>();
  readonly #perTenant = new Map<string, Load>();
  #bytes = 0;
  #ids = 0;
  #closed = false;

  constructor(say: (asking: KvAsking) => void, deadlineMs = KV_DEADLINE_MS) {
    this.#say = say;
    this.#deadlineMs = deadlineMs;
  }

  /** Questions without an answer. */
  get open(): number {
    return this.#open.size;
  }

  /** See {@link KvSource}. */
  readonly storeOf = (home: KvHome, store: string, signal: AbortSignal): KvStore => {
    const ask = <K extends Kind>(question: KvQuestion, kind: K): Promise<Extract<KvAnswer, { kind: K }>> =>
      this.#ask({ home, store, question }, signal).then((answer) => expected(answer, kind));
    return {
      get: async (key, maxBytes) => (await ask({ kind: 'get', key, maxBytes }, 'entry')).entry,
      put: async (key, put) =>
        (await ask({ kind: 'put', key, put: { ...put, value: alone(put.value) } }, 'written')).generation,
      delete: async (key) => (await ask({ kind: 'delete', key }, 'deleted')).deleted,
      keys: async (prefix, after, limit) => (await ask({ kind: 'keys', prefix, after, limit }, 'keys')).keys,
    };
  };

  /** Takes an answer of the main thread. */
  hear(id: number, answer: KvAnswer): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    this.#give(open);
    open.waiting?.resolve(answer);
  }

  /** Fails everything that waits as `unavailable`, and what is asked from now on. */
  close(): void {
    this.#closed = true;
    for (const { waiting } of this.#open.values()) waiting?.reject(new KvError('unavailable'));
  }

  #ask(asking: Omit<KvAsking, 'id'>, signal: AbortSignal): Promise<KvAnswer> {
    const { tenant } = asking.home;
    const bytes = bytesOf(asking.question);
    if (signal.aborted) return Promise.reject(new KvError('aborted'));
    if (this.#closed) return Promise.reject(new KvError('unavailable'));
    if (!this.#take(tenant, bytes)) return Promise.reject(new KvError('busy'));
    this.#ids += 1;
    const id = this.#ids;
    const answer = this.#wait(id, { tenant, bytes }, signal);
    this.#say({ id, ...asking });
    return answer;
  }

  /** Takes room for a question; `false`: there is none. */
  #take(tenant: string, bytes: number): boolean {
    const load = this.#perTenant.get(tenant) ?? { questions: 0, bytes: 0 };
    if (load.questions >= KV_WAITING_PER_TENANT || load.bytes + bytes > KV_BYTES_PER_TENANT) return false;
    if (this.#open.size >= KV_WAITING_PER_THREAD || this.#bytes + bytes > KV_BYTES_PER_THREAD) return false;
    load.questions += 1;
    load.bytes += bytes;
    this.#bytes += bytes;
    this.#perTenant.set(tenant, load);
    return true;
  }

  #give({ tenant, bytes }: Open): void {
    this.#bytes -= bytes;
    const load = this.#perTenant.get(tenant);
    if (load === undefined) return;
    load.questions -= 1;
    load.bytes -= bytes;
    if (load.questions === 0) this.#perTenant.delete(tenant);
  }

  #wait(id: number, size: Omit<Open, 'waiting'>, signal: AbortSignal): Promise<KvAnswer> {
    return new Promise((resolve, reject) => {
      const give = (fault: 'aborted' | 'unavailable'): void => {
        open.waiting?.reject(new KvError(fault));
      };
      const abort = (): void => give('aborted');
      const deadline = setTimeout(() => give('unavailable'), this.#deadlineMs);
      const done = (): void => {
        open.waiting = null;
        clearTimeout(deadline);
        signal.removeEventListener('abort', abort);
      };
      const waiting: Waiting = {
        resolve: (answer) => {
          done();
          resolve(answer);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      const open: Open = { ...size, waiting };
      this.#open.set(id, open);
      signal.addEventListener('abort', abort);
    });
  }
}

/** Bytes that a question takes along, or that its answer may bring; single keys and metadata, 1.5 KiB at most, do not count. */
function bytesOf(question: KvQuestion): number {
  switch (question.kind) {
    case 'get':
      return question.maxBytes;
    case 'put':
      return question.put.value.length;
    case 'keys':
      return question.limit * STORE_LIMITS.kvKeyBytes;
    case 'delete':
      return 0;
  }
}

/** Bytes in a buffer of their own: a message takes a whole slab along, with what else is in it. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}

/** The answer, if it is of that kind. Throws {@link KvError}. */
function expected<K extends Kind>(answer: KvAnswer, kind: K): Extract<KvAnswer, { kind: K }> {
  if (answer.kind === 'fault') throw new KvError(answer.fault);
  if (answer.kind === kind) return answer as Extract<KvAnswer, { kind: K }>;
  throw new TypeError(`a key-value store answered ${answer.kind} instead of ${kind}`);
}
