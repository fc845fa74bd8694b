import { describe, expect, it } from 'vitest';
import { contentOf, etagOf, HIT_CASES, keysOf, KEYS, pathOf, scriptOf, zipfDraws } from '../../../bench/cache-cases.ts';

describe('content', () => {
  it('is as long as its path says, and different for each path', () => {
    const [one, other] = [contentOf('/bytes/1024/a'), contentOf('/bytes/1024/b')];
    expect([one?.length, other?.length]).toEqual([1024, 1024]);
    expect(one?.equals(other ?? Buffer.alloc(0))).toBe(false);
    expect(etagOf(pathOf(1, 'a'))).not.toBe(etagOf(pathOf(1, 'b')));
  });

  it('is nowhere else', () => {
    for (const path of ['/', '/bytes/x/a', '/bytes/99999999/a', '/bytes/1/a/b', '/count'])
      expect(contentOf(path)).toBeNull();
  });
});

describe('the cases', () => {
  it('are each about content that there is', () => {
    for (const one of HIT_CASES) {
      const length = contentOf(one.path)?.length ?? 0;
      expect(one.range === null ? 0 : one.range.last).toBeLessThan(length);
      expect(new Set(keysOf(one)).size).toBe(one.keys);
      expect(keysOf(one)).toContain(one.path);
    }
  });
});

describe('zipfDraws', () => {
  it('are the same each time, reach all keys and prefer the first', () => {
    const draws = zipfDraws(10, 5_000);
    expect(zipfDraws(10, 5_000)).toEqual(draws);
    const counts = Array.from({ length: 10 }, (_, key) => draws.filter((drawn) => drawn === key).length);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    const ratio = (counts[0] ?? 0) / (counts[9] ?? 1);
    expect(ratio).toBeGreaterThan(7);
    expect(ratio).toBeLessThan(14);
  });
});

describe('scriptOf', () => {
  it('sends the fields of the case, and every key in its turn', () => {
    const [first, zipf] = HIT_CASES;
    expect(scriptOf(first as (typeof HIT_CASES)[number])).toContain('["Host"] = \'shop.localhost\'');
    const script = scriptOf(zipf as (typeof HIT_CASES)[number]);
    expect(script.match(/"\/bytes\/4096\/k\d+"/g)).toHaveLength(KEYS);
    const conditional = HIT_CASES.find(({ status }) => status === 304);
    expect(scriptOf(conditional as (typeof HIT_CASES)[number])).toContain(`["If-None-Match"] = '"bytes-1024-hot"'`);
  });
});
