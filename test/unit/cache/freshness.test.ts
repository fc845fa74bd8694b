import { describe, expect, test } from 'vitest';
import { freshnessOf, type Freshness, type Refusal } from '../../../src/cache/freshness.ts';
import { MAX_HEURISTIC_SECONDS } from '../../../src/cache/limits.ts';
import { HeaderList } from '../../../src/http/headers.ts';

type Pairs = readonly (readonly [string, string])[];

const NOW = Date.UTC(2026, 10, 21, 12);
const TIMES = { requestMs: NOW, responseMs: NOW };

function date(seconds: number): string {
  return new Date(NOW + seconds * 1000).toUTCString();
}

function judge(pairs: Pairs, status = 200, asked: Pairs = [], times = TIMES): Freshness | Refusal {
  const response = { status, headers: HeaderList.from(pairs) };
  return freshnessOf({ method: 'GET', headers: HeaderList.from(asked) }, response, times);
}

function kept(pairs: Pairs, status = 200, asked: Pairs = [], times = TIMES): Freshness {
  const freshness = judge(pairs, status, asked, times);
  if (typeof freshness === 'string') throw new Error(`refused: ${freshness}`);
  return freshness;
}

describe('what may be stored (RFC 9111 §3)', () => {
  const fresh = ['Cache-Control', 'max-age=60'] as const;

  test.each<[string, Pairs, number, Pairs, Refusal | 'stored']>([
    ['explicitly fresh', [fresh], 200, [], 'stored'],
    ['any final status that is explicitly fresh', [fresh], 599, [], 'stored'],
    ['a part', [fresh], 206, [], 'status'],
    ['a 304', [fresh], 304, [], 'status'],
    ['no-store', [['Cache-Control', 'max-age=60, no-store']], 200, [], 'no-store'],
    ['no-store that is understood', [['Cache-Control', 'max-age=60, no-store, must-understand']], 200, [], 'stored'],
    ['a status not understood', [['Cache-Control', 'max-age=60, no-store, must-understand']], 599, [], 'status'],
    ['private', [['Cache-Control', 'private, max-age=60']], 200, [], 'private'],
    ['private fields', [['Cache-Control', 'private="x", max-age=60']], 200, [], 'stored'],
    ['a request with no-store', [fresh], 200, [['Cache-Control', 'no-store']], 'request-no-store'],
    ['authorized', [fresh], 200, [['Authorization', 'x']], 'authorization'],
    ['authorized, public', [['Cache-Control', 'max-age=60, public']], 200, [['Authorization', 'x']], 'stored'],
    ['authorized, s-maxage', [['Cache-Control', 's-maxage=60']], 200, [['Authorization', 'x']], 'stored'],
    [
      'authorized, must-revalidate',
      [['Cache-Control', 'max-age=60, must-revalidate']],
      200,
      [['Authorization', 'x']],
      'stored',
    ],
    [
      'authorized, public for others',
      [
        ['CDN-Cache-Control', 'max-age=60'],
        ['Cache-Control', 'public'],
      ],
      200,
      [['Authorization', 'x']],
      'authorization',
    ],
    ['nothing said', [], 200, [], 'useless'],
    ['nothing said, a status that is not guessed', [['ETag', '"a"']], 403, [], 'no-freshness'],
    ['a validator', [['ETag', '"a"']], 200, [], 'stored'],
    ['max-age=0', [['Cache-Control', 'max-age=0']], 200, [], 'useless'],
    ['no-cache without a validator', [['Cache-Control', 'no-cache, max-age=60']], 200, [], 'useless'],
    [
      'no-cache with one',
      [
        ['Cache-Control', 'no-cache'],
        ['ETag', '"a"'],
      ],
      200,
      [],
      'stored',
    ],
    [
      'a guess with a cookie',
      [
        ['Last-Modified', date(-1000)],
        ['Set-Cookie', 'a=b'],
      ],
      200,
      [],
      'set-cookie',
    ],
    ['a cookie with a life that may be the browser’s', [fresh, ['Set-Cookie', 'a=b']], 200, [], 'set-cookie'],
    [
      'a cookie for all',
      [
        ['Cache-Control', 'public, max-age=60'],
        ['Set-Cookie', 'a=b'],
      ],
      200,
      [],
      'stored',
    ],
    [
      'a cookie for caches',
      [
        ['Cache-Control', 's-maxage=60'],
        ['Set-Cookie', 'a=b'],
      ],
      200,
      [],
      'stored',
    ],
    [
      'a cookie for this cache',
      [
        ['CDN-Cache-Control', 'max-age=60'],
        ['Set-Cookie', 'a=b'],
      ],
      200,
      [],
      'stored',
    ],
    ['older than it may get', [fresh, ['Age', '61']], 200, [], 'useless'],
    [
      'older, but good for failures',
      [
        ['Cache-Control', 'max-age=60, stale-if-error=60'],
        ['Age', '61'],
      ],
      200,
      [],
      'stored',
    ],
  ])('%s', (_name, pairs, status, asked, expected) => {
    const verdict = judge(pairs, status, asked);
    expect(typeof verdict === 'string' ? verdict : 'stored').toBe(expected);
  });

  test.each(['HEAD', 'POST', 'get'])('nothing for %s', (method) => {
    const response = { status: 200, headers: HeaderList.from([fresh]) };
    expect(freshnessOf({ method, headers: new HeaderList() }, response, TIMES)).toBe('method');
  });
});

describe('for how long it is fresh (RFC 9111 §4.2.1, RFC 9213 §2.2)', () => {
  const etag = ['ETag', '"a"'] as const;

  test.each<[string, Pairs, number]>([
    ['max-age', [['Cache-Control', 'max-age=60']], 60],
    ['s-maxage before max-age', [['Cache-Control', 'max-age=60, s-maxage=30']], 30],
    [
      'a long s-maxage before max-age=0',
      [
        ['Cache-Control', 'max-age=0, s-maxage=30'],
        ['Expires', date(-9)],
      ],
      30,
    ],
    [
      'CDN-Cache-Control before all',
      [
        ['CDN-Cache-Control', 'max-age=5'],
        ['Surrogate-Control', 'max-age=6'],
        ['Cache-Control', 's-maxage=7'],
      ],
      5,
    ],
    [
      'Surrogate-Control before Cache-Control',
      [
        ['Surrogate-Control', 'max-age=6'],
        ['Cache-Control', 's-maxage=7'],
      ],
      6,
    ],
    [
      'a targeted field puts no-store aside',
      [
        ['CDN-Cache-Control', 'max-age=5'],
        ['Cache-Control', 'no-store'],
      ],
      5,
    ],
    ['a targeted field puts Expires aside', [etag, ['CDN-Cache-Control', 'foo'], ['Expires', date(60)]], 0],
    [
      'max-age before Expires',
      [
        ['Cache-Control', 'max-age=60'],
        ['Expires', date(5)],
      ],
      60,
    ],
    ['Expires', [['Expires', date(90)]], 90],
    [
      'Expires from Date',
      [
        ['Expires', date(90)],
        ['Date', date(-10)],
      ],
      100,
    ],
    ['a past Expires', [etag, ['Expires', date(-90)]], 0],
    ['an invalid Expires', [etag, ['Expires', '0']], 0],
    ['two that differ', [etag, ['Expires', date(90)], ['Expires', date(91)]], 0],
    ['a tenth of the age', [['Last-Modified', date(-1000)]], 100],
    ['a long age', [['Last-Modified', date(-1e8)]], MAX_HEURISTIC_SECONDS],
    ['a change in the future', [['Last-Modified', date(1000)]], 0],
  ])('%s', (_name, pairs, seconds) => {
    expect(kept(pairs).lifetimeMs).toBe(seconds * 1000);
  });

  test.each([
    [404, true],
    [501, true],
    [201, false],
    [302, false],
    [403, false],
    [503, false],
    [599, false],
  ])('%d is guessed: %s', (status, isGuessed) => {
    expect(typeof judge([['Last-Modified', date(-1000)]], status) !== 'string').toBe(isGuessed);
  });

  test('public lets any status be guessed', () => {
    expect(
      kept(
        [
          ['Last-Modified', date(-1000)],
          ['Cache-Control', 'public'],
        ],
        599,
      ).lifetimeMs,
    ).toBe(100_000);
  });
});

describe('how old it is (RFC 9111 §4.2.3)', () => {
  const fresh = ['Cache-Control', 'max-age=9999'] as const;

  test.each<[string, Pairs, number, number]>([
    ['new', [], 0, 0],
    ['Age', [['Age', '30']], 0, 30],
    ['Age and a slow answer', [['Age', '30']], 5, 35],
    ['a date in the past', [['Date', date(-100)]], 0, 100],
    [
      'the larger of both',
      [
        ['Date', date(-100)],
        ['Age', '300'],
      ],
      0,
      300,
    ],
    ['a date in the future', [['Date', date(100)]], 0, 0],
    ['a date that is none', [['Date', 'yesterday']], 0, 0],
  ])('%s', (_name, pairs, delaySeconds, seconds) => {
    const times = { requestMs: NOW - delaySeconds * 1000, responseMs: NOW };
    expect(kept([fresh, ...pairs], 200, [], times).initialAgeMs).toBe(seconds * 1000);
  });

  test('a date has whole seconds, and less than one is no age', () => {
    const times = { requestMs: NOW + 900, responseMs: NOW + 900 };
    expect(kept([fresh, ['Date', date(0)]], 200, [], times).initialAgeMs).toBe(0);
  });
});

describe('what may be done past its lifetime (RFC 9111 §4.2.4, RFC 5861)', () => {
  test.each<[string, number, number, boolean]>([
    ['max-age=1', 0, 0, false],
    ['max-age=1, stale-while-revalidate=5, stale-if-error=7', 5, 7, false],
    ['max-age=1, stale-while-revalidate=5, stale-if-error=7, must-revalidate', 0, 0, true],
    ['max-age=1, stale-while-revalidate=5, stale-if-error=7, proxy-revalidate', 0, 0, true],
    ['no-cache, stale-while-revalidate=5', 0, 0, true],
    ['s-maxage=1', 0, 0, true],
    ['s-maxage=1, stale-while-revalidate=5', 5, 0, true],
  ])('%s', (value, whileRevalidate, ifError, neverStale) => {
    const freshness = kept([
      ['Cache-Control', value],
      ['ETag', '"a"'],
    ]);
    expect(freshness).toMatchObject({
      staleWhileRevalidateMs: whileRevalidate * 1000,
      staleIfErrorMs: ifError * 1000,
      neverStale,
    });
  });
});
