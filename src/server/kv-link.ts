/** Key-value stores as a data thread reaches them: it asks the main thread, for no data thread touches the database. */
import { KvError, type KvAnswer, type KvHome, type KvQuestion, type KvStore } from '../capability/kv.ts';
import { STORE_LIMITS } from '../store/limits.ts';
import { AskLink, type Asking } from './ask-link.ts';
import {
  KV_BYTES_PER_TENANT,
  KV_BYTES_PER_THREAD,
  KV_DEADLINE_MS,
  KV_WAITING_PER_TENANT,
  KV_WAITING_PER_THREAD,
} from './limits.ts';

/** A question about a store. */
export interface StoreQuestion {
  readonly store: string;
  readonly question: KvQuestion;
}

/** A question on its way to the main thread. */
export interface KvAsking extends StoreQuestion {
  readonly id: number;
  readonly home: KvHome;
}

type Kind = KvAnswer['kind'];

/** The link of one data thread. Everything that waits settles: see {@link AskLink}. */
export class KvLink {
  readonly #link: AskLink<StoreQuestion, KvAnswer>;

  constructor(say: (asking: KvAsking) => void, deadlineMs = KV_DEADLINE_MS) {
    this.#link = new AskLink({
      say: ({ id, home, question }: Asking<StoreQuestion>) => say({ id, home, ...question }),
      limits: {
        deadlineMs,
        perTenant: KV_WAITING_PER_TENANT,
        perThread: KV_WAITING_PER_THREAD,
        bytesPerTenant: KV_BYTES_PER_TENANT,
        bytesPerThread: KV_BYTES_PER_THREAD,
      },
      failure: (fault) => new KvError(fault),
    });
  }

  /** Questions without an answer. */
  get open(): number {
    return this.#link.open;
  }

  /** See {@link KvSource}. */
  readonly storeOf = (home: KvHome, store: string, signal: AbortSignal): KvStore => {
    const ask = <K extends Kind>(question: KvQuestion, kind: K): Promise<Extract<KvAnswer, { kind: K }>> =>
      this.#link.ask(home, { store, question }, bytesOf(question), signal).then((answer) => expected(answer, kind));
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
    this.#link.hear(id, answer);
  }

  /** Fails everything that waits as `unavailable`, and what is asked from now on. */
  close(): void {
    this.#link.close();
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
