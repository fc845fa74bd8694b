import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../src/spelling.ts';

describe('didYouMean', () => {
  it('finds a letter wrong, missing, added or swapped', () => {
    const words = ['limits', 'stores'];
    for (const word of ['limots', 'limts', 'limmits', 'limtis', 'Limits'])
      expect(didYouMean(word, words)).toBe('limits');
  });

  it('answers null rather than something far away', () => {
    expect(didYouMean('budget', ['limits', 'stores'])).toBeNull();
    expect(didYouMean('ab', ['cd', 'a'])).toBeNull();
    expect(didYouMean('x'.repeat(100_000), ['limits'])).toBeNull();
  });

  it('prefers the closest', () => {
    expect(didYouMean('hostss', ['host', 'hosts'])).toBe('hosts');
  });
});
