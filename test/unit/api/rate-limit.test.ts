import { beforeEach, describe, expect, it } from 'vitest';
import { RateLimit } from '../../../src/api/rate-limit.ts';
import { Refusal } from '../../../src/api/refusal.ts';

let nowMs: number;
let rate: RateLimit;
beforeEach(() => {
  nowMs = 0;
  rate = new RateLimit({ requestsPerSecond: 0.5, requestBurst: 2, countedCallers: 3 }, () => nowMs);
});

function passes(caller: string): boolean {
  try {
    rate.take(caller);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** How many of `tries` requests go through. */
function passing(caller: string, tries: number): number {
  let passed = 0;
  for (let tried = 0; tried < tries; tried++) {
    if (passes(caller)) passed++;
  }
  return passed;
}

describe('a caller', () => {
  it('may come as often as the burst, then at the rate', () => {
    expect(passing('a', 5)).toBe(2);
    nowMs += 2_000;
    expect(passing('a', 5)).toBe(1);
    nowMs += 1_999;
    expect(passing('a', 5)).toBe(0);
    nowMs += 3_600_000;
    expect(passing('a', 5)).toBe(2);
  });

  it('hears when to come back, in whole seconds', () => {
    passing('a', 2);
    nowMs += 500;
    expect(() => rate.take('a')).toThrow(
      expect.objectContaining({ status: 429, code: 'rate_limited', headers: { 'retry-after': '2' } }),
    );
  });

  it('does not use up what others have', () => {
    passing('a', 5);
    expect(passing('b', 5)).toBe(2);
    expect(passing('__proto__', 5)).toBe(2);
  });

  it('that keeps coming is not forgotten for others', () => {
    passing('a', 2);
    for (let other = 0; other < 100; other++) {
      passing(`other ${other}`, 1);
      expect(passing('a', 1)).toBe(0);
    }
  });
});
