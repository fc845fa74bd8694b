import { describe, expect, it } from 'vitest';
import { coldShareFrom, coldShares } from '../../../src/lab/cold-share.ts';
import { aLook } from './a-record.ts';

/** A look a second, each with what was sent and how many wakes Kerb had told of. */
const looksOf = (...all: readonly (readonly [sent: number, wakes: number | null])[]): ReturnType<typeof aLook>[] =>
  all.map(([sent, wakes], at) => aLook(at + 1, { sent, wakes }));

describe('coldShares', () => {
  it('are wakes per request, from each count to the next', () => {
    expect(coldShares(looksOf([100, 50], [100, 60], [200, 60]))).toEqual([0.5, 0.1, 0]);
  });

  it('are those of the whole time between two counts, where Kerb was not asked at every look', () => {
    expect(coldShares(looksOf([100, 20], [100, null], [300, 60]))).toEqual([0.2, 0.1, 0.1]);
  });

  it('are unknown after the last count, and where nothing was sent', () => {
    expect(coldShares(looksOf([0, 0], [100, 10], [100, null]))).toEqual([null, 0.1, null]);
    expect(coldShares(looksOf([5, null], [5, null]))).toEqual([null, null]);
    expect(coldShares([])).toEqual([]);
  });

  it('are never more than all', () => {
    expect(coldShares(looksOf([1, 3]))).toEqual([1]);
  });
});

describe('coldShareFrom', () => {
  it('leaves out what was before, also where it goes on beyond', () => {
    const looks = looksOf([100, 100], [100, 150], [100, 160], [300, 170], [1, null]);
    expect(coldShareFrom(looks, 0)).toBeCloseTo(170 / 600);
    expect(coldShareFrom(looks, 2)).toBe(20 / 400);
    expect(coldShareFrom(looks, 1.5)).toBe(20 / 400);
    expect(coldShareFrom(looks, 4)).toBeNull();
  });
});
