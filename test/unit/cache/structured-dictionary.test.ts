import { describe, expect, test } from 'vitest';
import { formatString, parseDictionary, parseStringList } from '../../../src/cache/structured-dictionary.ts';

function members(...lines: string[]): object | null {
  const parsed = parseDictionary(lines);
  return parsed === null ? null : Object.fromEntries(parsed);
}

describe('a dictionary (RFC 9651 §3.2)', () => {
  test.each<[string, object]>([
    ['', {}],
    ['a', { a: true }],
    ['max-age=60, no-store', { 'max-age': 60, 'no-store': true }],
    ['a=?0, b=?1', { a: false, b: true }],
    ['a=-7, b=1.5, c=999999999999999', { a: -7, b: null, c: 999_999_999_999_999 }],
    ['a="x\\"y\\\\"', { a: 'x"y\\' }],
    ['a=token, b=:aGk=:, c=@1659578233, d=%"f%c3%bc"', { a: null, b: null, c: null, d: null }],
    ['a=(1 "x" y);p=1;q, b', { a: null, b: true }],
    ['a;p;q=1, b', { a: true, b: true }],
    ['a=1, b=2, a=3', { b: 2, a: 3 }],
    ['a \t,\t b', { a: true, b: true }],
  ])('%s', (text, expected) => {
    expect(members(text)).toEqual(expected);
  });

  test('goes on from line to line', () => {
    expect(members('a=1', 'b=2')).toEqual({ a: 1, b: 2 });
  });

  test.each([
    'a,',
    ',a',
    'a,,b',
    'a b',
    'A=1',
    'a =1',
    'a= 1',
    'a=',
    'a=1.',
    'a=1.2345',
    'a=1234567890123456',
    'a="x',
    'a="\\n"',
    'a="ü"',
    'a=(1 2',
    'a=?2',
    'a;=1',
    '&&&&&',
    '\ta',
  ])('%j is none', (text) => {
    expect(members(text)).toBeNull();
  });

  test('takes long hostile text in little time', () => {
    const start = performance.now();
    for (const text of ['a="' + '\\"'.repeat(50_000), 'a;'.repeat(50_000), 'a=' + '('.repeat(100_000)]) {
      expect(members(text)).toBeNull();
    }
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('a list of strings', () => {
  test('gives its strings and drops other kinds', () => {
    expect(parseStringList(['"a", "b c";p=1', 'token, 7, "d"'])).toEqual(['a', 'b c', 'd']);
    expect(parseStringList([''])).toEqual([]);
  });

  test.each(['"a', '"a",', '"a" "b"', '=', '"a";;'])('%j is none', (text) => {
    expect(parseStringList([text])).toBeNull();
  });
});

test('a string is written with its quotes escaped, and not at all when it is not ASCII', () => {
  expect(formatString('a"b\\c')).toBe('"a\\"b\\\\c"');
  expect(formatString('ü')).toBeNull();
  expect(formatString('a\nb')).toBeNull();
});
