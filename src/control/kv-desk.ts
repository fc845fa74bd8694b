/** Answers what guests ask of key-value stores: on the main thread, a bounded time per turn, one tenant after the other. */
import type { KvAnswer, KvCondition, KvHome, KvPut, KvQuestion } from '../capability/kv.ts';
import { KerbError } from '../errors.ts';
import { cursorAfter } from '../store/pages.ts';
import type { ContentStore, KvWrite } from '../store/store.ts';
import { KV_TURN_MS } from './limits.ts';

/** The part of the store that is asked. */
export type KvContents = Pick<ContentStore, 'kvEntry' | 'putKv' | 'deleteKv' | 'kvKeys'>;

/** What a desk works with. */
export interface KvDeskOptions {
  /** Whose stores they are; `null`: that tenant is no more. May make room for an app of the folder. */
  readonly contentsOf: (home: KvHome) => KvContents | null;
  readonly nowMs: () => number;
  /** Hears what went wrong with the store. The message holds no value, and no key. */
  readonly report: (message: string) => void;
}

interface Waiting {
  readonly home: KvHome;
  readonly store: string;
  readonly question: KvQuestion;
  readonly answer: (answer: KvAnswer) => void;
}

/** The desk of one process. Each question is answered once; nobody's many questions keep those of others, or the API, waiting. */
export class KvDesk {
  readonly #options: KvDeskOptions;
  /** By tenant, the one whose turn it is first. */
  readonly #queues = new Map<string, Waiting[]>();
  #planned = false;

  constructor(options: KvDeskOptions) {
    this.#options = options;
  }

  /** Settles with the answer; never rejects. */
  ask(home: KvHome, store: string, question: KvQuestion): Promise<KvAnswer> {
    return new Promise((answer) => {
      const queue = this.#queues.get(home.tenant);
      const waiting = { home, store, question, answer };
      if (queue === undefined) this.#queues.set(home.tenant, [waiting]);
      else queue.push(waiting);
      this.#plan();
    });
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#planned = false;
    const end = performance.now() + KV_TURN_MS;
    do {
      const next = this.#next();
      if (next === null) return;
      next.answer(this.#answer(next));
    } while (performance.now() < end);
    if (this.#queues.size > 0) this.#plan();
  }

  /** Who is next; their tenant goes to the end of the line. */
  #next(): Waiting | null {
    for (const [tenant, queue] of this.#queues) {
      const first = queue.shift();
      this.#queues.delete(tenant);
      if (queue.length > 0) this.#queues.set(tenant, queue);
      if (first !== undefined) return first;
    }
    return null;
  }

  #answer({ home, store, question }: Waiting): KvAnswer {
    try {
      const contents = this.#options.contentsOf(home);
      if (contents === null) return { kind: 'fault', fault: 'unavailable' };
      return answerOf(contents, home.tenant, store, question, this.#options.nowMs());
    } catch (error) {
      if (error instanceof KerbError && error.code === 'precondition_failed')
        return { kind: 'fault', fault: 'conflict' };
      if (error instanceof KerbError && error.code === 'too_large') return { kind: 'fault', fault: 'full' };
      const reason = error instanceof KerbError ? error.code : error instanceof Error ? error.name : 'something thrown';
      this.#options.report(`${home.tenant}: a key-value store could not ${question.kind}: ${reason}`);
      return { kind: 'fault', fault: 'unavailable' };
    }
  }
}

function answerOf(contents: KvContents, tenant: string, store: string, question: KvQuestion, nowMs: number): KvAnswer {
  const look = (key: string): ReturnType<KvContents['kvEntry']> => contents.kvEntry(tenant, store, key, 0, nowMs);
  switch (question.kind) {
    case 'get': {
      const { key, maxBytes } = question;
      return { kind: 'entry', entry: entryOf(contents.kvEntry(tenant, store, key, maxBytes, nowMs)) };
    }
    case 'put': {
      const { key, put } = question;
      const write = writeOf(put, () => look(key)?.generation ?? 0, nowMs);
      return { kind: 'written', generation: contents.putKv(tenant, store, key, write, nowMs) };
    }
    case 'delete': {
      // An expired entry is as one that is not there, also to who deletes it.
      const deleted = look(question.key) !== null;
      return { kind: 'deleted', deleted: contents.deleteKv(tenant, store, question.key) && deleted };
    }
    case 'keys': {
      const { prefix, after, limit } = question;
      const page = { limit, cursor: after === '' ? null : cursorAfter('kv', after) };
      const { items } = contents.kvKeys(tenant, store, prefix, page, nowMs);
      return { kind: 'keys', keys: items.map(({ key }) => key) };
    }
  }
}

function entryOf(record: ReturnType<KvContents['kvEntry']>): (KvAnswer & { kind: 'entry' })['entry'] {
  if (record === null) return null;
  const { generation, metadata, bytes, value } = record;
  return { generation, metadata, bytes, value };
}

function writeOf({ value, metadata, ttlSeconds, condition }: KvPut, generation: () => number, nowMs: number): KvWrite {
  const expiresMs = ttlSeconds === null ? null : nowMs + ttlSeconds * 1000;
  return { value, metadata, expiresMs, ...ifGeneration(condition, generation) };
}

/** Nothing else runs between the look and the write: one thread has the store. */
function ifGeneration(condition: KvCondition, generation: () => number): Pick<KvWrite, 'ifGeneration'> {
  switch (condition.kind) {
    case 'any':
      return {};
    case 'absent':
      return { ifGeneration: 0 };
    case 'generation':
      return { ifGeneration: condition.generation };
    case 'present': {
      const found = generation();
      if (found === 0) throw new KerbError('precondition_failed', 'there is no such key');
      return { ifGeneration: found };
    }
  }
}
