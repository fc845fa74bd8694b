/** The port to what all guests of a tenant share while the process lives: values, queues and metrics. A restart forgets them. */

/** A value with the number of its last change. */
export interface SharedValue {
  readonly value: Uint8Array;
  /** At least 1; a change that names another is refused. */
  readonly cas: number;
}

/** What a metric counts. A histogram keeps how many values it was told, and their sum. */
export const METRIC_KINDS = ['counter', 'gauge', 'histogram'] as const;

/** One of {@link METRIC_KINDS}. */
export type MetricKind = (typeof METRIC_KINDS)[number];

/** A metric as it stands. */
export interface MetricFigures {
  readonly kind: MetricKind;
  readonly name: string;
  /** Of a histogram, the sum. A counter and a histogram are unsigned, a gauge too, modulo 2^64. */
  readonly value: bigint;
  /** Values that a histogram was told; 0 for others. */
  readonly count: bigint;
}

/** Shared by all guests of one tenant, on all threads. Nothing waits; whatever would pass a cap answers `full` or `null`. */
export interface SharedState {
  /** `null`: there is no value of that key. */
  get(key: Uint8Array): SharedValue | null;
  /** Sets a value. A `cas` other than 0 must be that of the value as it stands. */
  set(key: Uint8Array, value: Uint8Array, cas: number): 'ok' | 'cas_mismatch' | 'full';
  /** The number of the queue of that name, which is made if there is none; `null`: no room. */
  register(name: Uint8Array): number | null;
  /** The number of a queue that there is; `null`: none. */
  resolve(name: Uint8Array): number | null;
  enqueue(queue: number, message: Uint8Array): 'ok' | 'not_found' | 'full';
  /** Takes the oldest message. */
  dequeue(queue: number): Uint8Array | 'not_found' | 'empty';
  /** Messages that wait; 0 also for no queue. */
  waiting(queue: number): number;
  /** The number of the metric of that name, which is made if there is none; `null`: no room, or it is of another kind. */
  define(kind: MetricKind, name: string): number | null;
  /** Sets a gauge or a counter, or tells a histogram a value. Answers whether there is such a metric. */
  record(metric: number, value: bigint): boolean;
  /** Changes a gauge, or raises a counter. */
  increment(metric: number, delta: bigint): 'ok' | 'not_found' | 'refused';
  /** `null`: no such metric. */
  metric(metric: number): MetricFigures | null;
}
