import { describe, expect, it } from 'vitest';
import { AZURE_2019, popularityOf, waitOf, WeightedDraw } from '../../../src/lab/popularity.ts';
import { randomFrom } from '../../../src/lab/random.ts';

const azure = (tenants: number, seed = 1): number[] =>
  popularityOf({ tenants, shape: 'azure', exponent: 1 }, randomFrom(seed));

describe('popularity as of Azure Functions 2019', () => {
  it('has the published shares of apps', () => {
    const rates = azure(10_000);
    const upTo = (perSecond: number): number => rates.filter((rate) => rate <= perSecond).length / rates.length;
    expect(upTo(1 / 3_600)).toBeCloseTo(0.45, 3);
    expect(upTo(1 / 60)).toBeCloseTo(0.81, 3);
    expect(upTo(1)).toBeCloseTo(0.97, 3);
    expect(AZURE_2019.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  });

  it('gives nearly all requests to few', () => {
    const rates = azure(10_000).sort((a, b) => b - a);
    const sum = (list: readonly number[]): number => list.reduce((total, rate) => total + rate, 0);
    // The paper: the 18.6 % most popular apps have 99.6 % of the invocations.
    expect(sum(rates.slice(0, 1_860)) / sum(rates)).toBeGreaterThan(0.99);
  });

  it('gives each tenant one place, whatever their number, the same for the same seed', () => {
    for (const tenants of [1, 2, 7, 33]) expect(azure(tenants)).toHaveLength(tenants);
    expect(azure(50, 4)).toEqual(azure(50, 4));
    expect(azure(50, 4)).not.toEqual(azure(50, 5));
  });
});

describe("popularity by Zipf's law", () => {
  it('falls with the rank to the power of the exponent', () => {
    const rates = popularityOf({ tenants: 100, shape: 'zipf', exponent: 2 }, randomFrom(1)).sort((a, b) => b - a);
    expect(rates[0]).toBe(1);
    expect(rates[9]).toBeCloseTo(1 / 100, 9);
  });
});

describe('WeightedDraw', () => {
  it('draws each place as often as its weight says', () => {
    const draw = new WeightedDraw([1, 0, 3, 6], randomFrom(2));
    const counts = [0, 0, 0, 0];
    for (let drawn = 0; drawn < 100_000; drawn++) {
      const place = draw.next();
      counts[place] = (counts[place] ?? 0) + 1;
    }
    expect(counts[1]).toBe(0);
    expect((counts[0] ?? 0) / 100_000).toBeCloseTo(0.1, 1);
    expect((counts[2] ?? 0) / 100_000).toBeCloseTo(0.3, 1);
    expect((counts[3] ?? 0) / 100_000).toBeCloseTo(0.6, 1);
  });

  it('refuses weights of nothing', () => {
    expect(() => new WeightedDraw([], randomFrom(1))).toThrow(TypeError);
    expect(() => new WeightedDraw([0, 0], randomFrom(1))).toThrow(TypeError);
  });
});

describe('waitOf', () => {
  it('is positive, finite and as long as the rate says on average', () => {
    const random = randomFrom(5);
    const waits = Array.from({ length: 50_000 }, () => waitOf(20, random));
    expect(waits.every((wait) => wait >= 0 && Number.isFinite(wait))).toBe(true);
    expect(waits.reduce((sum, wait) => sum + wait, 0) / waits.length).toBeCloseTo(1 / 20, 2);
  });
});
