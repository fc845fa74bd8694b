/** What all guests of a tenant share, in memory that all data threads share: exact, whichever thread a request comes to. */
import type { MetricFigures, MetricKind, SharedState, SharedValue } from '../capability/shared.ts';
import { SHARED_BYTES, SHARED_QUEUES } from './limits.ts';
import { RECORD, SharedArena, type Found } from './shared-arena.ts';
import { locked } from './shared-lock.ts';
import { METRICS_BYTES, SharedMetrics } from './shared-metrics.ts';

/** Words at the begin: the lock, bytes and records in use, the last cas, the last queue, metrics. */
const [LOCK, USED, CAS, QUEUE, METRICS, HEAD_WORDS] = [0, 1, 3, 4, 5, 8];
const HEAD_BYTES = HEAD_WORDS * 4;
const NOTHING = new Uint8Array(0);

/** The state of one tenant. Several may be made of one memory, on any threads. */
export class TenantSharedState implements SharedState {
  readonly #head: Int32Array<SharedArrayBuffer>;
  readonly #arena: SharedArena;
  readonly #metrics: SharedMetrics;

  constructor(memory: SharedArrayBuffer) {
    this.#head = new Int32Array(memory, 0, HEAD_WORDS);
    this.#metrics = new SharedMetrics(
      new Int32Array(memory, METRICS * 4, 1),
      new DataView(memory, HEAD_BYTES, METRICS_BYTES),
    );
    this.#arena = new SharedArena(
      new Int32Array(memory, USED * 4, 2),
      new Uint8Array(memory, HEAD_BYTES + METRICS_BYTES, SHARED_BYTES),
    );
  }

  /** An empty state's memory. It is touched where it is used only, so that it costs nothing before. */
  static create(): SharedArrayBuffer {
    return new SharedArrayBuffer(HEAD_BYTES + METRICS_BYTES + SHARED_BYTES);
  }

  get(key: Uint8Array): SharedValue | null {
    return this.#locked(() => {
      const found = this.#valueOf(key);
      return found === null ? null : { value: this.#arena.value(found), cas: found.stamp };
    });
  }

  set(key: Uint8Array, value: Uint8Array, cas: number): 'ok' | 'cas_mismatch' | 'full' {
    return this.#locked(() => {
      const found = this.#valueOf(key);
      if (cas !== 0 && (found?.stamp ?? 0) !== cas) return 'cas_mismatch';
      if (!this.#arena.fits(key, value, found)) return 'full';
      if (found !== null) this.#arena.remove(found);
      this.#arena.add(RECORD.value, key, value, this.#next(CAS));
      return 'ok';
    });
  }

  register(name: Uint8Array): number | null {
    return this.#locked(() => {
      const found = this.#queueNamed(name);
      if (found !== null) return found.stamp;
      if ((this.#head[QUEUE] ?? 0) >= SHARED_QUEUES || !this.#arena.fits(name, NOTHING, null)) return null;
      const queue = this.#next(QUEUE);
      this.#arena.add(RECORD.queue, name, NOTHING, queue);
      return queue;
    });
  }

  resolve(name: Uint8Array): number | null {
    return this.#locked(() => this.#queueNamed(name)?.stamp ?? null);
  }

  enqueue(queue: number, message: Uint8Array): 'ok' | 'not_found' | 'full' {
    return this.#locked(() => {
      if (!this.#isQueue(queue)) return 'not_found';
      if (!this.#arena.fits(NOTHING, message, null)) return 'full';
      this.#arena.add(RECORD.message, NOTHING, message, queue);
      return 'ok';
    });
  }

  dequeue(queue: number): Uint8Array | 'not_found' | 'empty' {
    return this.#locked(() => {
      if (!this.#isQueue(queue)) return 'not_found';
      const oldest = this.#arena.find(RECORD.message, ({ stamp }) => stamp === queue);
      if (oldest === null) return 'empty';
      const message = this.#arena.value(oldest);
      this.#arena.remove(oldest);
      return message;
    });
  }

  waiting(queue: number): number {
    return this.#locked(() => this.#arena.count(RECORD.message, ({ stamp }) => stamp === queue));
  }

  define(kind: MetricKind, name: string): number | null {
    return this.#locked(() => this.#metrics.define(kind, name));
  }

  record(metric: number, value: bigint): boolean {
    return this.#locked(() => this.#metrics.record(metric, value));
  }

  increment(metric: number, delta: bigint): 'ok' | 'not_found' | 'refused' {
    return this.#locked(() => this.#metrics.increment(metric, delta));
  }

  metric(metric: number): MetricFigures | null {
    return this.#locked(() => this.#metrics.read(metric));
  }

  #valueOf(key: Uint8Array): Found | null {
    return this.#arena.find(RECORD.value, (record) => this.#arena.hasKey(record, key));
  }

  #queueNamed(name: Uint8Array): Found | null {
    return this.#arena.find(RECORD.queue, (record) => this.#arena.hasKey(record, name));
  }

  #isQueue(queue: number): boolean {
    return queue > 0 && queue <= (this.#head[QUEUE] ?? 0);
  }

  /** Counts up, past the end of i32 at 1 again: 0 means none. */
  #next(word: number): number {
    const next = ((this.#head[word] ?? 0) % 0x7fff_ffff) + 1;
    this.#head[word] = next;
    return next;
  }

  #locked<T>(work: () => T): T {
    return locked(this.#head, LOCK, work);
  }
}
