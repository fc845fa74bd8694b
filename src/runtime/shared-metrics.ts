/** Metrics that guests define, in memory that threads share. */
import { METRIC_KINDS, type MetricFigures, type MetricKind } from '../capability/shared.ts';
import { METRIC_NAME_BYTES, SHARED_METRICS } from './limits.ts';

/** Bytes of a metric: kind and length of the name as words, value and count as 64-bit words, and the name. */
const ENTRY_BYTES = 24 + METRIC_NAME_BYTES;

/** Bytes that the metrics of a tenant take. */
export const METRICS_BYTES = SHARED_METRICS * ENTRY_BYTES;

/** The metrics of one tenant, numbered from 1. Whoever calls holds the lock. */
export class SharedMetrics {
  readonly #view: DataView<SharedArrayBuffer>;
  /** One word: how many there are. */
  readonly #count: Int32Array<SharedArrayBuffer>;

  constructor(count: Int32Array<SharedArrayBuffer>, view: DataView<SharedArrayBuffer>) {
    this.#count = count;
    this.#view = view;
  }

  /** See `SharedState.define`. */
  define(kind: MetricKind, name: string): number | null {
    const bytes = Buffer.from(name);
    if (bytes.length === 0 || bytes.length > METRIC_NAME_BYTES) return null;
    for (let metric = 1; metric <= this.size; metric++) {
      const known = this.read(metric);
      if (known?.name === name) return known.kind === kind ? metric : null;
    }
    return this.size >= SHARED_METRICS ? null : this.#add(kind, bytes);
  }

  /** Metrics that there are. */
  get size(): number {
    return this.#count[0] ?? 0;
  }

  /** See `SharedState.record`. */
  record(metric: number, value: bigint): boolean {
    const known = this.read(metric);
    if (known === null) return false;
    const sum = known.kind === 'histogram' ? known.value + value : value;
    this.#write(metric, sum, known.kind === 'histogram' ? known.count + 1n : 0n);
    return true;
  }

  /** See `SharedState.increment`. */
  increment(metric: number, delta: bigint): 'ok' | 'not_found' | 'refused' {
    const known = this.read(metric);
    if (known === null) return 'not_found';
    if (known.kind === 'histogram' || (known.kind === 'counter' && delta < 0n)) return 'refused';
    this.#write(metric, known.value + delta, 0n);
    return 'ok';
  }

  /** See `SharedState.metric`. */
  read(metric: number): MetricFigures | null {
    if (metric < 1 || metric > this.size) return null;
    const at = placeOf(metric);
    const kind = METRIC_KINDS[this.#view.getUint32(at, true)];
    if (kind === undefined) return null;
    const name = new Uint8Array(this.#view.buffer, this.#view.byteOffset + at + 24, this.#view.getUint32(at + 4, true));
    return {
      kind,
      name: Buffer.from(name).toString(),
      value: this.#view.getBigUint64(at + 8, true),
      count: this.#view.getBigUint64(at + 16, true),
    };
  }

  #add(kind: MetricKind, name: Uint8Array): number {
    const metric = this.size + 1;
    const at = placeOf(metric);
    this.#view.setUint32(at, METRIC_KINDS.indexOf(kind), true);
    this.#view.setUint32(at + 4, name.length, true);
    new Uint8Array(this.#view.buffer, this.#view.byteOffset + at + 24).set(name);
    this.#count[0] = metric;
    return metric;
  }

  #write(metric: number, value: bigint, count: bigint): void {
    this.#view.setBigUint64(placeOf(metric) + 8, BigInt.asUintN(64, value), true);
    this.#view.setBigUint64(placeOf(metric) + 16, BigInt.asUintN(64, count), true);
  }
}

function placeOf(metric: number): number {
  return (metric - 1) * ENTRY_BYTES;
}
