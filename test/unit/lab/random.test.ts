import { describe, expect, it } from 'vitest';
import { randomFrom, shuffled } from '../../../src/lab/random.ts';

const first = (seed: number, count: number): number[] => {
  const random = randomFrom(seed);
  return Array.from({ length: count }, random);
};

describe('randomFrom', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    expect(first(7, 100)).toEqual(first(7, 100));
    expect(first(7, 10)).not.toEqual(first(8, 10));
    expect(first(0, 10)).not.toEqual(first(1, 10));
  });

  it('gives numbers from 0 on and below 1, spread evenly', () => {
    const numbers = first(1, 100_000);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = numbers.filter((number) => Math.floor(number * 10) === tenth).length / numbers.length;
      expect(share).toBeGreaterThan(0.095);
      expect(share).toBeLessThan(0.105);
    }
  });
});

describe('shuffled', () => {
  it('keeps every item, and leaves the list as it is', () => {
    const items = Array.from({ length: 100 }, (_, at) => at);
    const mixed = shuffled(items, randomFrom(3));
    expect(mixed).not.toEqual(items);
    expect(mixed.toSorted((a, b) => a - b)).toEqual(items);
    expect(items[0]).toBe(0);
  });
});
