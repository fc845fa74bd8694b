import { describe, expect, test } from 'vitest';
import { isNotModified, rangeApplies, unconditional, validating } from '../../../src/cache/conditional.ts';
import { rangeOf } from '../../../src/cache/ranges.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { date, storedEntry, type Pairs } from './entries.ts';

function isUnchanged(stored: Pairs, asked: Pairs, status = 200): boolean {
  return isNotModified(HeaderList.from(asked), storedEntry({ pairs: stored, status }).head);
}

describe('a condition of a client (RFC 9110 §13, RFC 9111 §4.3.2)', () => {
  const modified = ['Last-Modified', date(-5000)] as const;

  test.each<[string, Pairs, Pairs, boolean]>([
    ['the tag', [['ETag', '"a"']], [['If-None-Match', '"a"']], true],
    ['another tag', [['ETag', '"a"']], [['If-None-Match', '"b"']], false],
    ['the tag, weak here', [['ETag', 'W/"a"']], [['If-None-Match', '"a"']], true],
    ['the tag, weak there', [['ETag', '"a"']], [['If-None-Match', 'W/"a"']], true],
    ['first of a list', [['ETag', '"a"']], [['If-None-Match', '"a", "b"']], true],
    ['last of a list', [['ETag', '"a"']], [['If-None-Match', '"c","b" , "a"']], true],
    [
      'in another line',
      [['ETag', '"a"']],
      [
        ['If-None-Match', '"b"'],
        ['If-None-Match', '"a"'],
      ],
      true,
    ],
    ['a tag with a comma', [['ETag', '"a,b"']], [['If-None-Match', '"x", "a,b"']], true],
    ['part of a tag', [['ETag', '"a"']], [['If-None-Match', '"a,b"']], false],
    ['any', [['ETag', '"a"']], [['If-None-Match', '*']], true],
    ['any, without a tag', [], [['If-None-Match', '*']], true],
    ['a tag, without a tag', [modified], [['If-None-Match', '"a"']], false],
    ['a tag without quotes', [['ETag', 'a']], [['If-None-Match', 'a']], true],
    [
      'a tag before a date, which would say no',
      [['ETag', '"a"'], modified],
      [
        ['If-None-Match', '"a"'],
        ['If-Modified-Since', date(-9000)],
      ],
      true,
    ],
    [
      'a tag before a date, which would say yes',
      [['ETag', '"a"'], modified],
      [
        ['If-None-Match', '"b"'],
        ['If-Modified-Since', date(0)],
      ],
      false,
    ],
    ['the date', [modified], [['If-Modified-Since', date(-5000)]], true],
    ['a later date', [modified], [['If-Modified-Since', date(-4000)]], true],
    ['an earlier date', [modified], [['If-Modified-Since', date(-6000)]], false],
    ['no date', [modified], [['If-Modified-Since', 'yesterday']], false],
    [
      'two dates',
      [modified],
      [
        ['If-Modified-Since', date(0)],
        ['If-Modified-Since', date(0)],
      ],
      false,
    ],
    ['a date, against Date', [], [['If-Modified-Since', date(0)]], true],
    ['an earlier date, against Date', [], [['If-Modified-Since', date(-1)]], false],
    ['none', [['ETag', '"a"']], [], false],
  ])('%s', (_name, stored, asked, expected) => {
    expect(isUnchanged(stored, asked)).toBe(expected);
  });

  test('says nothing of a response that is not a success', () => {
    expect(isUnchanged([['ETag', '"a"']], [['If-None-Match', '"a"']], 404)).toBe(false);
  });
});

test('a validating request has the validators of what is stored, and none of the client', () => {
  const asked = HeaderList.from([
    ['If-None-Match', '"x"'],
    ['If-Modified-Since', 'x'],
    ['Range', 'bytes=0-'],
    ['If-Range', 'x'],
    ['Abc', '1'],
  ]);
  const { head } = storedEntry({
    pairs: [
      ['ETag', 'W/"a"'],
      ['Last-Modified', date(-9)],
    ],
  });
  expect(unconditional(asked).names()).toEqual(['abc']);
  const sent = validating(asked, head);
  expect(sent.getAll('if-none-match')).toEqual(['W/"a"']);
  expect(sent.getAll('if-modified-since')).toEqual([date(-9)]);
  expect(sent.has('range')).toBe(false);
});

test.each<[string, Pairs, boolean]>([
  ['nothing', [], true],
  ['the tag', [['If-Range', '"a"']], true],
  ['another tag', [['If-Range', '"b"']], false],
  ['a weak tag', [['If-Range', 'W/"a"']], false],
  ['the date', [['If-Range', date(-60)]], true],
  ['a later date', [['If-Range', date(-59)]], false],
  ['rubbish', [['If-Range', 'a']], false],
])('If-Range with %s', (_name, asked, expected) => {
  const { head } = storedEntry({
    pairs: [
      ['ETag', '"a"'],
      ['Last-Modified', date(-60)],
      ['Date', date(0)],
    ],
  });
  expect(rangeApplies(HeaderList.from(asked), head)).toBe(expected);
});

test('a weak tag is no strong validator, even of the same text', () => {
  const { head } = storedEntry({ pairs: [['ETag', 'W/"a"']] });
  expect(rangeApplies(HeaderList.from([['If-Range', 'W/"a"']]), head)).toBe(false);
});

test('a date less than a second old is no strong validator', () => {
  const { head } = storedEntry({
    pairs: [
      ['Last-Modified', date(0)],
      ['Date', date(0)],
    ],
  });
  expect(rangeApplies(HeaderList.from([['If-Range', date(0)]]), head)).toBe(false);
});

describe('a range of ten bytes (RFC 9110 §14)', () => {
  test.each<[string, object]>([
    ['bytes=0-1', { kind: 'part', first: 0, last: 1 }],
    ['BYTES=0-0', { kind: 'part', first: 0, last: 0 }],
    ['bytes=1-', { kind: 'part', first: 1, last: 9 }],
    ['bytes=5-99', { kind: 'part', first: 5, last: 9 }],
    ['bytes=-1', { kind: 'part', first: 9, last: 9 }],
    ['bytes=-99', { kind: 'part', first: 0, last: 9 }],
    ['bytes=10-', { kind: 'unsatisfiable' }],
    ['bytes=-0', { kind: 'unsatisfiable' }],
    ['bytes=3-2', { kind: 'whole' }],
    ['bytes=0-1,3-4', { kind: 'whole' }],
    ['bytes=', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['bytes=a-b', { kind: 'whole' }],
    ['bytes=0x1-2', { kind: 'whole' }],
    ['lines=0-1', { kind: 'whole' }],
    ['bytes=99999999999999999999-', { kind: 'whole' }],
  ])('%s', (value, expected) => {
    expect(rangeOf([value], 10)).toEqual(expected);
  });

  test('several lines are no range', () => {
    expect(rangeOf(['bytes=0-1', 'bytes=0-1'], 10)).toEqual({ kind: 'whole' });
  });

  test('of nothing there is none', () => {
    expect(rangeOf(['bytes=0-'], 0)).toEqual({ kind: 'unsatisfiable' });
    expect(rangeOf(['bytes=-5'], 0)).toEqual({ kind: 'unsatisfiable' });
  });

  test('a part is what slicing gives, for every range of small bodies', () => {
    const bytes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (let first = 0; first < 9; first++) {
      for (let last = first; last < 9; last++) {
        const range = rangeOf([`bytes=${first}-${last}`], bytes.length);
        const slice = bytes.slice(first, last + 1);
        const part = range.kind === 'part' ? bytes.slice(range.first, range.last + 1) : [];
        expect(part).toEqual(slice);
        expect(range.kind).toBe(slice.length === 0 ? 'unsatisfiable' : 'part');
      }
    }
  });
});
