import { describe, expect, it } from 'vitest';
import { readAttributes, readLongName } from '../../../src/control/archive-attributes.ts';
import { KerbError } from '../../../src/errors.ts';
import { paxRecord } from './tar-bytes.ts';

describe('attributes', () => {
  it('are counted records, of which path and size matter', () => {
    const bytes = Buffer.concat([paxRecord('mtime', '1'), paxRecord('path', 'a=b\nc'), paxRecord('size', '12')]);
    expect(readAttributes(bytes, 'entry')).toEqual({ path: 'a=b\nc', size: 12 });
    expect(readAttributes(new Uint8Array(0), 'global')).toEqual({ path: null, size: null });
  });

  it('are not confused by keys that objects have', () => {
    expect(readAttributes(paxRecord('__proto__', 'x'), 'entry')).toEqual({ path: null, size: null });
  });

  it.each([
    ['a length that is too short', '5 path=a\n'],
    ['a length beyond the end', '99 path=a\n'],
    ['a length of 0', '0 a=b\n'],
    ['a negative length', '-9 a=b\n'],
    ['a length with a zero before it', '08 ab=c\n'],
    ['a length in hexadecimal', '0x8 a=b\n'],
    ['no length', ' a=b\n'],
    ['an endless length', `${'9'.repeat(40)} a=b\n`],
    ['no end of line', '6 a=bc'],
    ['no equals sign', '5 ab\n'],
    ['no key', '5 =b\n'],
    ['a key twice', '6 a=b\n6 a=c\n'],
    ['zeros behind', '6 a=b\n\0\0'],
    ['a size that is no number', '12 size=1e3\n'],
    ['a negative size', '11 size=-1\n'],
    ['an empty size', '8 size=\n'],
    ['an endless size', `35 size=${'9'.repeat(26)}\n`],
  ])('with %s are refused', (_, text) => {
    expect(() => readAttributes(Buffer.from(text), 'entry')).toThrow(KerbError);
  });

  it('with a path that is not UTF-8 are refused', () => {
    expect(() => readAttributes(paxRecord('path', Uint8Array.of(0xff)), 'entry')).toThrow(/not UTF-8/);
  });
});

describe('a long name', () => {
  it('ends in one NUL', () => {
    expect(readLongName(Buffer.from('a/b\0'))).toBe('a/b');
  });

  it.each(['', '\0', 'a', 'a\0b', 'a\0\0'])('%j is refused', (text) => {
    expect(() => readLongName(Buffer.from(text))).toThrow(KerbError);
  });
});
