/** Order statistics: what a handful of noisy measurements say. Pure. */
import { quantileOf, tailOf as tailIn, type Tail } from '../src/lab/quantile.ts';

/** The middle and the extremes of a sample. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The value below which the share `q` (0 to 1) of the sample lies, interpolated linearly between its neighbours. Throws
 * `RangeError` for an empty sample or a share outside 0..1.
 */
export function quantile(sample: readonly number[], q: number): number {
  if (sample.length === 0) throw new RangeError('an empty sample has no quantiles');
  if (!(q >= 0 && q <= 1)) throw new RangeError(`a quantile is a share from 0 to 1, not ${q}`);
  return quantileOf(
    sample.toSorted((a, b) => a - b),
    q,
  );
}

/** The median of a sample. Throws `RangeError` when it is empty. */
export function median(sample: readonly number[]): number {
  return quantile(sample, 0.5);
}

/** Median, least and greatest of a sample. Throws `RangeError` when it is empty. */
export function spreadOf(sample: readonly number[]): Spread {
  return { median: median(sample), min: quantile(sample, 0), max: quantile(sample, 1) };
}

/** The geometric mean of positive numbers: the mean for ratios. Throws `RangeError` when there are none, or one is not positive. */
export function geometricMean(sample: readonly number[]): number {
  if (sample.length === 0) throw new RangeError('an empty sample has no mean');
  if (sample.some((value) => !(value > 0))) throw new RangeError('a geometric mean takes positive numbers');
  return Math.exp(sample.reduce((sum, value) => sum + Math.log(value), 0) / sample.length);
}

/** Half and tail of a sample. Throws `RangeError` when it is empty. */
export function tailOf(sample: readonly number[]): Tail {
  const tail = tailIn(sample);
  if (tail === null) throw new RangeError('an empty sample has no tail');
  return tail;
}

/**
 * How many times `mine` is `theirs`, round by round: what the machine does to one round it does to both, so the median of
 * the ratios holds still where the ratio of the medians would not. Rounds that either lacks do not count; `null` when
 * none is left.
 */
export function ratioOf(mine: readonly (number | null)[], theirs: readonly (number | null)[]): Spread | null {
  const ratios = mine.flatMap((value, round) => {
    const other = theirs[round];
    return value === null || other === null || other === undefined || other === 0 ? [] : [value / other];
  });
  return ratios.length === 0 ? null : spreadOf(ratios);
}
