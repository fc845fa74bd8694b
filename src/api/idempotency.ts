/** Does a change once for each idempotency key, however often the request comes. */
import { createHash } from 'node:crypto';
import type { AnswerRecord } from '../store/records.ts';
import type { LedgerStore } from '../store/store.ts';
import { problem, type Answer } from './answer.ts';
import { SPAN_LIMITS } from './limits.ts';
import { Refusal } from './refusal.ts';

/** A change with a key. */
export interface Keyed {
  /** Whose key it is: keys of one actor mean nothing to another. */
  readonly actor: string;
  readonly key: string;
  /** Of everything that the request says. */
  readonly fingerprint: string;
  /** Whether a good answer is kept as it is; `once`: it is not, and the key is refused from then on. */
  readonly repeated: 'replay' | 'once';
}

/** The SHA-256 of a request: each part with its length, so that no two requests have the same parts. */
export function fingerprintOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(`${typeof part === 'string' ? Buffer.byteLength(part) : part.byteLength}:`);
    hash.update(part);
  }
  return hash.digest('hex');
}

/** The answers that are kept, and the changes that are under way. */
export class Idempotency {
  readonly #ledger: Pick<LedgerStore, 'answer' | 'putAnswer'>;
  readonly #nowMs: () => number;
  readonly #running = new Map<string, { readonly fingerprint: string; readonly over: Promise<void> }>();

  readonly #onFault: (error: unknown) => void;

  /** @param onFault - Hears why an answer could not be kept; the change is done, so its answer is given all the same. */
  constructor(
    ledger: Pick<LedgerStore, 'answer' | 'putAnswer'>,
    nowMs: () => number,
    onFault: (error: unknown) => void,
  ) {
    this.#ledger = ledger;
    this.#nowMs = nowMs;
    this.#onFault = onFault;
  }

  /**
   * The answer of the first request with this key in the last 24 hours, or that of `work`. A request that comes while the first one is
   * under way waits for it. Answers from 500 on, and 429, are not kept: the change may be tried again. Rejects with 422
   * `idempotency_mismatch` for a key that another request has used, and as `work` does.
   *
   * @param work - Answers refusals too; what it rejects with is a fault, and is not kept.
   */
  async once(keyed: Keyed, work: () => Promise<Answer>): Promise<Answer> {
    const name = JSON.stringify([keyed.actor, keyed.key]);
    for (let running = this.#running.get(name); running !== undefined; running = this.#running.get(name)) {
      checkSame(running.fingerprint, keyed);
      await running.over;
    }
    const { actor, key } = keyed;
    const kept = this.#ledger.answer(actor, key, this.#nowMs() - SPAN_LIMITS.answerMs);
    if (kept === null) return this.#run(name, keyed, work);
    checkSame(kept.fingerprint, keyed);
    return replayed(kept);
  }

  async #run(name: string, keyed: Keyed, work: () => Promise<Answer>): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running.set(name, { fingerprint: keyed.fingerprint, over: promise });
    try {
      const answer = await work();
      if (answer.status < 500 && answer.status !== 429) this.#keep(keyed, answer);
      return answer;
    } finally {
      this.#running.delete(name);
      resolve();
    }
  }

  #keep({ actor, key, fingerprint, repeated }: Keyed, answer: Answer): void {
    const { status, headers, body } = repeated === 'once' && answer.status < 300 ? spent() : answer;
    const text = typeof body === 'string' ? body : Buffer.from(body ?? []).toString('utf8');
    try {
      this.#ledger.putAnswer(actor, key, { fingerprint, status, headers, body: text }, this.#nowMs());
    } catch (error) {
      this.#onFault(error);
    }
  }
}

function checkSame(fingerprint: string, keyed: Keyed): void {
  if (fingerprint === keyed.fingerprint) return;
  const message = 'the idempotency key was used for another request; make a new key for each request';
  throw new Refusal(422, 'idempotency_mismatch', message);
}

function replayed({ status, headers, body }: AnswerRecord): Answer {
  return { status, headers: { ...headers, 'idempotent-replayed': 'true' }, body: body === '' ? null : body };
}

/** What is kept in place of an answer that must be shown once only. */
function spent(): Answer {
  const message =
    'this was done for the idempotency key before, and its answer is not kept; revoke what was issued and use a new key';
  return problem(new Refusal(409, 'conflict', message));
}
