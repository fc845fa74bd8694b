import { describe, expect, test } from 'vitest';
import { primaryKey, withoutUnkeyed } from '../../../src/cache/key.ts';
import { preferredLanguage, varyNames, varyValues } from '../../../src/cache/vary.ts';
import { HeaderList } from '../../../src/http/headers.ts';

function lines(name: string, ...values: string[]): HeaderList {
  return HeaderList.from(values.map((value) => [name, value]));
}

describe('a primary key', () => {
  const parts = { tenant: 'a', scheme: 'https', host: 'x.test', target: '/' } as const;

  test('differs wherever a part differs, byte by byte', () => {
    const all = [
      parts,
      { ...parts, tenant: 'b' },
      { ...parts, scheme: 'http' } as const,
      { ...parts, host: 'y.test' },
      { ...parts, host: 'x.test:8443' },
      { ...parts, target: '/a' },
      { ...parts, target: '/%61' },
      { ...parts, target: '/A' },
      { ...parts, target: '/?' },
      { ...parts, target: '//' },
      { ...parts, extra: 'x' },
      { ...parts, extra: '\n/' },
    ];
    expect(new Set(all.map(primaryKey)).size).toBe(all.length);
  });

  test.each(['tenant', 'host', 'target'])('no part can run into the next: %s', (part) => {
    expect(() => primaryKey({ ...parts, [part]: 'a\nb' })).toThrow(TypeError);
  });
});

test('fields that no key has go, unless the URL varies on them', () => {
  const headers = HeaderList.from([
    ['X-Forwarded-Host', 'evil'],
    ['Accept', '*/*'],
    ['X-Original-URL', '/admin'],
  ]);
  expect(withoutUnkeyed(headers, new Set()).names()).toEqual(['accept']);
  expect(withoutUnkeyed(headers, new Set(['x-original-url'])).names()).toEqual(['accept', 'x-original-url']);
  expect(headers.size).toBe(3);
});

describe('the names of Vary', () => {
  test.each<[string[], readonly string[] | null]>([
    [[], []],
    [['Foo, bar,FOO'], ['bar', 'foo']],
    [
      ['Foo', 'Bar'],
      ['bar', 'foo'],
    ],
    [[', ,'], []],
    [['*'], null],
    [['*, *'], null],
    [[', *'], null],
    [['', '*'], null],
    [['Foo, *'], null],
    [['a b'], null],
    [[Array.from({ length: 17 }, (_, i) => `f${i}`).join(',')], null],
  ])('%j', (values, names) => {
    expect(varyNames(lines('Vary', ...values))).toEqual(names);
  });
});

describe('the values that a request has (RFC 9111 §4.1)', () => {
  test.each<[string, string[], string[]]>([
    ['Foo', ['1, 2'], ['1', '2']],
    ['Foo', ['1,2'], [' 1 ,\t2 ']],
    ['Foo', ['1,,2,'], ['1,2']],
    ['Accept-Language', ['en, de'], ['de, en']],
    ['Accept-Language', ['en, de'], ['eN', 'De;q=1.0']],
    ['Accept-Language', ['en;q=0.5, de'], ['de, en ; q=0.50']],
    ['Accept-Encoding', ['gzip, br'], ['br,GZIP']],
  ])('%s: %j selects what %j does', (name, a, b) => {
    const names = [name.toLowerCase()];
    expect(varyValues(names, lines(name, ...a))).toBe(varyValues(names, lines(name, ...b)));
  });

  test.each<[string, string[], string[]]>([
    ['Foo', ['1'], ['2']],
    ['Foo', [], ['']],
    ['Foo', ['1 2'], ['12']],
    ['Foo', ['a'], ['A']],
    ['Foo', ['1, 2'], ['2, 1']],
    ['Foo', ['"a, b"'], ['"a,b"']],
    ['Cookie', ['a=1 ,b'], ['a=1,b']],
    ['Cookie', ['a', 'b'], ['a,b']],
    ['Accept', ['text/html;level=1'], ['text/html']],
    ['Accept-Language', ['en;q=0.5, de'], ['en, de;q=0.5']],
    ['Accept-Language', ['en;q=2'], ['en']],
    ['Accept-Encoding', ['gzip;q=0'], ['gzip']],
  ])('%s: %j is another than %j', (name, a, b) => {
    const names = [name.toLowerCase()];
    expect(varyValues(names, lines(name, ...a))).not.toBe(varyValues(names, lines(name, ...b)));
  });

  test('no value of one field passes for two fields', () => {
    const one = HeaderList.from([['a', '1","2']]);
    const two = HeaderList.from([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(varyValues(['a', 'b'], one)).not.toBe(varyValues(['a', 'b'], two));
  });

  test('long hostile values take little time', () => {
    const start = performance.now();
    for (const piece of [' ', ',', ';', 'q=', '"']) {
      varyValues(
        ['accept-language', 'foo'],
        HeaderList.from([
          ['Accept-Language', piece.repeat(60_000)],
          ['Foo', piece.repeat(60_000)],
        ]),
      );
    }
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

test.each([
  ['fr;q=0.5, de;q=1.0', 'de'],
  ['DE', 'de'],
  ['de, en', null],
  ['*', null],
  ['de;q=0', null],
  ['', null],
])('%j prefers %j', (value, language) => {
  expect(preferredLanguage(lines('Accept-Language', value))).toBe(language);
});
