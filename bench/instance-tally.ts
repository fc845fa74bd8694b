/** Order statistics of hundreds of thousands of short times. Pure. */

/** The middle and the far tail of a sample, in its own unit. */
export interface Tally {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Tallies a sample, which is sorted in place: a copy would be garbage in the next measurement. Throws `RangeError` when empty. */
export function tallyOf(sample: Float64Array): Tally {
  if (sample.length === 0) throw new RangeError('an empty sample has no tally');
  const mean = sample.reduce((sum, one) => sum + one, 0) / sample.length;
  sample.sort();
  const at = (q: number): number => sample[Math.min(sample.length - 1, Math.floor(q * sample.length))] as number;
  return { mean, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}
