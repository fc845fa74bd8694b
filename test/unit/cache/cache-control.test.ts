import { describe, expect, test } from 'vitest';
import {
  parseAge,
  parseCacheControl,
  parseSurrogateControl,
  parseTargeted,
  requestDirectives,
  type Directives,
} from '../../../src/cache/cache-control.ts';
import { MAX_DELTA_SECONDS } from '../../../src/cache/limits.ts';
import { HeaderList } from '../../../src/http/headers.ts';

/** What a record says: its directives that are neither off nor absent. */
function said(directives: Directives | null): Record<string, unknown> | null {
  if (directives === null) return null;
  const entries = Object.entries(directives).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value));
  return Object.fromEntries(directives.maxAge === 0 ? [...entries, ['maxAge', 0]] : entries);
}

describe('Cache-Control (RFC 9111 §5.2)', () => {
  test.each<[string, object]>([
    ['', {}],
    ['max-age=60', { maxAge: 60 }],
    ['MaX-aGe=60', { maxAge: 60 }],
    ['max-age="60"', { maxAge: 60 }],
    ['max-age=003600', { maxAge: 3600 }],
    [' ,, max-age=60 ,\t', { maxAge: 60 }],
    ['max-age=60, s-maxage=30', { maxAge: 60, sMaxAge: 30 }],
    ['max-age=99999999999', { maxAge: MAX_DELTA_SECONDS }],
    ['max-age=99999999999999999999999999', { maxAge: MAX_DELTA_SECONDS }],
    ['extension="max-age=3600", max-age=1', { maxAge: 1 }],
    ['max-age=1, extension="max-age=3600"', { maxAge: 1 }],
    ['extension="a\\", max-age=5", max-age=1', { maxAge: 1 }],
    ['No-StOrE', { noStore: true }],
    ['no-store=x', { noStore: true }],
    ['no-store;x', { noStore: true }],
    ['private', { private: true }],
    ['private="Set-Cookie, x"', { withheldFields: ['set-cookie', 'x'] }],
    ['private=""', { private: true }],
    ['private="x", private', { private: true, withheldFields: ['x'] }],
    ['private, private="x"', { private: true, withheldFields: ['x'] }],
    ['no-cache="a"', { withheldFields: ['a'] }],
    ['no-cache=a', { withheldFields: ['a'] }],
    ['no-cache', { noCache: true }],
    ['public, must-understand', { public: true, mustUnderstand: true }],
    ['public=yes', {}],
    ['public;x', {}],
    ['must-revalidate, proxy-revalidate', { mustRevalidate: true, proxyRevalidate: true }],
    ['stale-while-revalidate=5, stale-if-error=9', { staleWhileRevalidate: 5, staleIfError: 9 }],
    ['stale-while-revalidate=x, stale-if-error', {}],
    ['stale-if-error=5, stale-if-error=9', { staleIfError: 5 }],
    ['max-stale', { maxStale: Infinity }],
    ['max-stale=5, min-fresh=7, only-if-cached', { maxStale: 5, minFresh: 7, onlyIfCached: true }],
    ['nothing-to-see-here, __proto__=1', {}],
  ])('%s', (text, expected) => {
    expect(said(parseCacheControl([text]))).toEqual(expected);
  });

  test.each([
    "max-age='3600'",
    'max-age=-1',
    'max-age=1.5',
    'max-age=60a',
    'max-age=a60',
    'max-age',
    'max-age=',
    'max-age =60',
    'max-age= 60',
    'max-age=1, max-age=60',
    'max-age=60, max-age=1',
  ])('%s has no lifetime', (text) => {
    expect(parseCacheControl([text]).maxAge).toBe(0);
  });

  test('the same lifetime twice is that lifetime', () => {
    expect(parseCacheControl(['max-age=60', 'max-age=60']).maxAge).toBe(60);
  });

  test('a quote that is never closed hides nothing that restricts, on its line or the next', () => {
    expect(said(parseCacheControl(['x="a, no-store', 'private']))).toEqual({ noStore: true, private: true });
  });

  test('takes long hostile text in little time', () => {
    const start = performance.now();
    for (const piece of ['"', ',', 'a=', 'a="\\', ' ', '=']) parseCacheControl([piece.repeat(60_000)]);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('a request', () => {
  test.each<[[string, string][], boolean]>([
    [[['Pragma', 'no-cache']], true],
    [[['Pragma', 'foo']], false],
    [
      [
        ['Pragma', 'no-cache'],
        ['Cache-Control', 'foo'],
      ],
      false,
    ],
    [[['Cache-Control', 'no-cache']], true],
    [[], false],
  ])('%j asks for validation: %s', (pairs, noCache) => {
    expect(requestDirectives(HeaderList.from(pairs)).noCache).toBe(noCache);
  });
});

describe('CDN-Cache-Control (RFC 9213)', () => {
  test.each<[string, object | null]>([
    ['max-age=60', { maxAge: 60 }],
    ['foobar, max-age=60', { maxAge: 60 }],
    ['foo', {}],
    ['no-store, private, no-cache', { noStore: true, private: true, noCache: true }],
    ['no-store=?0, max-age=5', { maxAge: 5 }],
    ['no-cache="a"', { noCache: true }],
    ['max-age=-5', { maxAge: 0 }],
    ['max-age=99999999999', { maxAge: MAX_DELTA_SECONDS }],
    ['stale-while-revalidate=5', { staleWhileRevalidate: 5 }],
    ['max-age=60, &&&&&', null],
    ['max-age="60"', null],
    ['max-age=60.0', null],
    ['max-age', null],
    ['MaX-aGe=60', null],
    ['max-age =100', null],
    ['', null],
  ])('%s', (text, expected) => {
    expect(said(parseTargeted([text]))).toEqual(expected);
  });
});

describe('Surrogate-Control', () => {
  test.each<[string, object | null]>([
    ['max-age=60', { maxAge: 60 }],
    ['max-age=60+30', { maxAge: 60, staleWhileRevalidate: 30 }],
    ['max-age=60, content="ESI/1.0"', { maxAge: 60 }],
    ['no-store', { noStore: true }],
    ['content="ESI/1.0"', null],
    ['max-age=60;abc', null],
    ['', null],
  ])('%s', (text, expected) => {
    expect(said(parseSurrogateControl([text]))).toEqual(expected);
  });
});

describe('Age (RFC 9111 §5.1)', () => {
  test.each([
    [['7200'], 7200],
    [['abc'], 0],
    [['-7200'], 0],
    [['7200.0'], 0],
    [['2147483649'], MAX_DELTA_SECONDS],
    [['7200, 0'], 7200],
    [['0, 7200'], 0],
    [['0', '7200'], 0],
    [['7200', '0'], 7200],
    [[''], 0],
    [[], 0],
  ])('%j is %d', (lines, seconds) => {
    expect(parseAge(HeaderList.from(lines.map((line) => ['Age', line])))).toBe(seconds);
  });
});
