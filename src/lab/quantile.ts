/** Order statistics. Pure. */

/** The tail of a sample of times. */
export interface Tail {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The value below which the share `q` of a sorted sample lies, interpolated; `NaN` when it is empty. */
export function quantileOf(sorted: readonly number[], q: number): number {
  const place = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return below + (above - below) * (place - Math.floor(place));
}

/** Half and tail of a sample; `null` when it is empty. */
export function tailOf(sample: readonly number[]): Tail | null {
  if (sample.length === 0) return null;
  const sorted = sample.toSorted((a, b) => a - b);
  const at = (q: number): number => quantileOf(sorted, q);
  return { count: sample.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}
