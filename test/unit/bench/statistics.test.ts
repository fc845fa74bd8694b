import { describe, expect, it } from 'vitest';
import { geometricMean, median, quantile, ratioOf, spreadOf, tailOf } from '../../../bench/statistics.ts';

describe('quantile', () => {
  it('interpolates between neighbours, whatever the order of the sample', () => {
    expect(quantile([40, 10, 30, 20], 0.5)).toBe(25);
    expect(quantile([40, 10, 30, 20], 0.25)).toBe(17.5);
  });

  it('has the extremes at its ends', () => {
    expect(quantile([3, 9, 1], 0)).toBe(1);
    expect(quantile([3, 9, 1], 1)).toBe(9);
  });

  it('sorts by value, not by text', () => {
    expect(median([9, 10, 100])).toBe(10);
  });

  it('leaves the sample as it was', () => {
    const sample = [3, 1, 2];
    median(sample);
    expect(sample).toEqual([3, 1, 2]);
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses the share %s', (share) => {
    expect(() => quantile([1], share)).toThrow(RangeError);
  });

  it('refuses an empty sample', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

describe('spreadOf and tailOf', () => {
  it('say what the sample is like', () => {
    expect(spreadOf([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
    const hundred = Array.from({ length: 101 }, (_, at) => at);
    expect(tailOf(hundred)).toEqual({ count: 101, p50: 50, p99: 99, p999: 99.9, max: 100 });
  });
});

describe('ratioOf', () => {
  it('compares within each round: a slow round for both changes nothing', () => {
    expect(ratioOf([100, 10, 200], [50, 5, 100])).toEqual({ median: 2, min: 2, max: 2 });
  });

  it('is the median of ratios, not the ratio of medians', () => {
    expect(ratioOf([1, 10, 100], [1, 1, 1000])?.median).toBe(1);
  });

  it('passes over rounds that one of the two lacks', () => {
    expect(ratioOf([4, null, 9, 8], [2, 7, null, 0])).toEqual({ median: 2, min: 2, max: 2 });
  });

  it('is nothing when no round is left', () => {
    expect(ratioOf([null, 1], [1])).toBeNull();
    expect(ratioOf([], [])).toBeNull();
  });
});

describe('geometricMean', () => {
  it('takes ratios and their inverses for equal and opposite', () => {
    expect(geometricMean([2, 0.5])).toBeCloseTo(1);
    expect(geometricMean([1.1, 1.21, 1.331])).toBeCloseTo(1.21);
  });

  it('refuses what has none', () => {
    expect(() => geometricMean([])).toThrow(RangeError);
    expect(() => geometricMean([1, 0])).toThrow(RangeError);
    expect(() => geometricMean([1, NaN])).toThrow(RangeError);
  });
});
