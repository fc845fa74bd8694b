import { describe, expect, test } from 'vitest';
import { cacheStatus } from '../../../src/cache/cache-status.ts';
import { invalidatedTargets, isNonError, isUnsafe } from '../../../src/cache/invalidation.ts';
import { mergedHeaders, renewed, selects } from '../../../src/cache/update.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { date, NOW, storedEntry, type Pairs } from './entries.ts';

const LATER = NOW + 100_000;

function renew(stored: Pairs, notModified: Pairs): ReturnType<typeof renewed> {
  const response = { status: 304, headers: HeaderList.from(notModified) };
  const request = { method: 'GET', headers: new HeaderList() };
  return renewed(storedEntry({ pairs: stored }), request, response, { requestMs: LATER, responseMs: LATER }, 100_000);
}

describe('a 304 (RFC 9111 §3.2, §4.3.4)', () => {
  test('replaces the fields that it has, all lines of a name, and leaves the others', () => {
    const stored = HeaderList.from([
      ['A', '1'],
      ['A', '2'],
      ['B', '1'],
      ['Content-Length', '4'],
      ['Content-Encoding', 'br'],
    ]);
    const merged = mergedHeaders(
      stored,
      HeaderList.from([
        ['a', '3'],
        ['C', '1'],
        ['Content-Length', '0'],
        ['Content-Encoding', 'gzip'],
      ]),
    );
    const pairs: string[] = [];
    merged.forEach((_name, value, lowerName) => pairs.push(`${lowerName}=${value}`));
    expect(pairs).toEqual(['b=1', 'content-length=4', 'content-encoding=br', 'a=3', 'c=1']);
  });

  test('makes the response as young as itself, with its own lifetime', () => {
    const { entry, mayBeStored } = renew(
      [
        ['ETag', '"a"'],
        ['Date', date(-500)],
      ],
      [
        ['Cache-Control', 'max-age=7'],
        ['Date', date(100)],
      ],
    );
    expect(mayBeStored).toBe(true);
    expect(entry.head.freshness).toMatchObject({ lifetimeMs: 7000, initialAgeMs: 0 });
    expect(entry.head.storedAtMs).toBe(100_000);
    expect(Buffer.from(entry.body).toString()).toBe('body');
  });

  test('without a date is dated by its arrival', () => {
    const { entry } = renew(
      [
        ['ETag', '"a"'],
        ['Date', date(-500)],
      ],
      [],
    );
    expect(entry.head.freshness).toMatchObject({ lifetimeMs: 60_000, initialAgeMs: 0 });
    expect(entry.head.headers.get('date')).toBe(date(100));
  });

  test.each<[string, Pairs]>([
    ['no-store', [['Cache-Control', 'no-store']]],
    ['private', [['Cache-Control', 'private']]],
    ['a star', [['Vary', '*']]],
  ])('with %s ends the storing', (_name, pairs) => {
    expect(renew([['ETag', '"a"']], pairs).mayBeStored).toBe(false);
  });

  test.each<[Pairs, Pairs, boolean]>([
    [[['ETag', '"a"']], [['ETag', '"a"']], true],
    [[['ETag', '"a"']], [['ETag', 'W/"a"']], true],
    [[['ETag', '"a"']], [['ETag', '"b"']], false],
    [[['ETag', '"a"']], [], true],
    [[['Last-Modified', date(-9)]], [['Last-Modified', date(-9)]], true],
    [[['Last-Modified', date(-9)]], [['Last-Modified', date(-8)]], false],
    [[['Last-Modified', date(-9)]], [['ETag', '"new"']], true],
  ])('for %j that says %j speaks of it: %s', (stored, pairs, expected) => {
    expect(selects(storedEntry({ pairs: stored }), HeaderList.from(pairs))).toBe(expected);
  });
});

describe('an unsafe method (RFC 9111 §4.4)', () => {
  test.each([
    ['GET', false],
    ['HEAD', false],
    ['OPTIONS', false],
    ['QUERY', false],
    ['POST', true],
    ['PUT', true],
    ['DELETE', true],
    ['PATCH', true],
    ['M-SEARCH', true],
    ['get', true],
  ])('%s: %s', (method, expected) => {
    expect(isUnsafe(method)).toBe(expected);
  });

  test.each([
    [200, true],
    [201, true],
    [303, true],
    [400, false],
    [500, false],
  ])('%d carried it out: %s', (status, expected) => {
    expect(isNonError(status)).toBe(expected);
  });

  const request = { tenant: 'a', scheme: 'http', host: 'x.test:81', target: '/a/b?c' } as const;

  test.each<[string, string | null]>([
    ['/d', '/d'],
    ['/d?e#f', '/d?e'],
    ['/%7Ed', '/%7Ed'],
    ['d', '/a/d'],
    ['../d', '/d'],
    ['?x', '/a/b?x'],
    ['http://x.test:81/d', '/d'],
    ['HTTP://X.TEST:81/d', '/d'],
    ['https://x.test:81/d', null],
    ['http://x.test/d', null],
    ['http://y.test:81/d', null],
    ['//y.test/d', null],
    ['http://x.test:81@y.test/', null],
    ['javascript:alert(1)', null],
    ['http://[', null],
  ])('with Location %s invalidates %s', (value, target) => {
    for (const name of ['Location', 'Content-Location']) {
      const targets = invalidatedTargets(request, HeaderList.from([[name, value]]));
      expect(targets).toEqual(target === null ? ['/a/b?c'] : ['/a/b?c', target]);
    }
  });
});

describe('Cache-Status (RFC 9211)', () => {
  test.each<[Parameters<typeof cacheStatus>[0], string]>([
    [{ forward: null, ttlSeconds: 30, url: 'x/a' }, 'Kerb; hit; ttl=30; key="x/a"'],
    [
      { forward: 'stale', forwardStatus: 304, ttlSeconds: -2, stored: true, url: 'x/' },
      'Kerb; fwd=stale; fwd-status=304; ttl=-2; stored; key="x/"',
    ],
    [{ forward: 'uri-miss', collapsed: true, url: 'x/"\\' }, 'Kerb; fwd=uri-miss; collapsed; key="x/\\"\\\\"'],
    [{ forward: 'bypass', url: 'x'.repeat(300), detail: 'failure' }, 'Kerb; fwd=bypass; detail=failure'],
    [{ forward: 'method', url: 'ü' }, 'Kerb; fwd=method'],
  ])('%j', (report, expected) => {
    expect(cacheStatus(report)).toBe(expected);
  });
});
