import { describe, expect, it } from 'vitest';
import { sampleOf, turnOrder } from '../../../bench/measurement.ts';

const RESULT = { requests: 1000, seconds: 2, errors: 0, p50Us: 1, p99Us: 9 };

describe('turnOrder', () => {
  it('has everybody once in each round, and another one first', () => {
    const rounds = [0, 1, 2, 3].map((round) => turnOrder(3, round));
    expect(rounds).toEqual([
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
      [0, 1, 2],
    ]);
  });
});

describe('sampleOf', () => {
  it('relates requests to time and to CPU time', () => {
    expect(sampleOf(RESULT, 0.5)).toEqual({ requestsPerSecond: 500, requestsPerCpuSecond: 2000, p99Us: 9 });
  });

  it('counts no run that had errors, answered nothing, or took too little CPU time to be read', () => {
    expect(sampleOf({ ...RESULT, errors: 1 }, 0.5)).toBeNull();
    expect(sampleOf({ ...RESULT, requests: 0 }, 0.5)).toBeNull();
    expect(sampleOf(RESULT, 0.01)).toBeNull();
  });
});
