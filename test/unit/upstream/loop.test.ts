import { describe, expect, test } from 'vitest';
import { HeaderList } from '../../../src/http/headers.ts';
import { MAX_LOOPS } from '../../../src/upstream/limits.ts';
import { countPasses, isLooping, loopOf, withPass } from '../../../src/upstream/loop.ts';

describe('CDN-Loop (RFC 8586)', () => {
  test.each([
    ['', 0],
    ['kerb', 1],
    ['KERB', 1],
    ['other, kerb; v=1 ,\tkerb', 2],
    ['kerb.example, notkerb, x; y=kerb', 0],
    ['kerb,kerb,,kerb', 3],
  ])('%j names us %d times', (value, passes) => expect(countPasses(value)).toBe(passes));

  test('each pass adds one', () => {
    let value: string | undefined;
    for (let pass = 1; pass <= 3; pass++) {
      value = withPass(value);
      expect(countPasses(value)).toBe(pass);
    }
    expect(value).toBe('kerb, kerb, kerb');
    expect(withPass('')).toBe('kerb');
  });

  test('as many passes as allowed are none, one more is a loop', () => {
    const allowed = Array.from({ length: MAX_LOOPS }, () => 'kerb').join(', ');
    expect(isLooping(new HeaderList())).toBe(false);
    expect(isLooping(HeaderList.from([['cdn-loop', allowed]]))).toBe(false);
    expect(isLooping(HeaderList.from([['CDN-Loop', withPass(allowed)]]))).toBe(true);
  });

  test('several fields count together', () => {
    const list = HeaderList.from(Array.from({ length: MAX_LOOPS + 1 }, () => ['cdn-loop', 'kerb'] as const));
    expect(isLooping(list)).toBe(true);
    expect(loopOf(list)).toBe('kerb, kerb, kerb, kerb');
    expect(loopOf(new HeaderList())).toBeUndefined();
  });
});
