import { describe, expect, test } from 'vitest';
import {
  HOP_BY_HOP,
  fromBytes,
  isFieldValue,
  isToken,
  stripHopByHop,
  toByteString,
  trimFieldValue,
} from '../../../src/http/fields.ts';
import { HeaderList } from '../../../src/http/headers.ts';

/** The lower-case names that survive {@link stripHopByHop}. */
function kept(pairs: [string, string][]): string[] {
  return stripHopByHop(HeaderList.from(pairs)).names();
}

describe('tokens', () => {
  test('are exactly the tchars of RFC 9110 §5.6.2', () => {
    const tchars = [...Array(0x250).keys()].map((code) => String.fromCharCode(code)).filter((char) => isToken(char));
    expect(tchars.join('')).toBe("!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
  });

  test('are not empty, and one bad character spoils them', () => {
    expect(isToken('')).toBe(false);
    expect(isToken('x-name')).toBe(true);
    for (const bad of ['x name', 'x:', ':x', 'x\n', 'näme', 'x\uD800']) expect(isToken(bad)).toBe(false);
  });
});

describe('values', () => {
  test('take every character but controls, and of these HTAB', () => {
    const refused = [...Array(0x200).keys()].filter((code) => !isFieldValue(`a${String.fromCharCode(code)}b`));
    expect(refused).toEqual([...Array(32).keys(), 0x7f].filter((code) => code !== 9));
  });

  test('are trimmed of blanks and tabs alone', () => {
    expect(trimFieldValue(' \t a b\t ')).toBe('a b');
    expect(trimFieldValue('')).toBe('');
    expect(trimFieldValue(' \t')).toBe('');
    expect(trimFieldValue('\u00a0a\u00a0')).toBe('\u00a0a\u00a0');
  });
});

describe('bytes', () => {
  test('response splitting through characters whose low byte is CR or LF does not survive', () => {
    const value = '\u010D\u010ASet-Cookie: a=b';
    expect(isFieldValue(value)).toBe(true);
    expect(isFieldValue(toByteString(value))).toBe(true);
    expect(Buffer.from(toByteString(value), 'latin1').includes('\n')).toBe(false);
  });

  test.each(['plain', '', 'Zürich', '東京', '😀', '\u0080\u009f'])('%j comes back', (text) => {
    expect(fromBytes(Buffer.from(toByteString(text), 'latin1'))).toBe(text);
  });

  test('ASCII is not copied', () => expect(toByteString('max-age=60')).toBe('max-age=60'));

  test('bytes that are not UTF-8 are Latin-1, so that different values stay different', () => {
    expect(fromBytes(Buffer.from([0xe9]))).toBe('é');
    expect(fromBytes(Buffer.from([0xff]))).not.toBe(fromBytes(Buffer.from([0xfe])));
    expect(fromBytes(Buffer.from([0xc3]))).toBe('Ã');
  });

  test('a byte-order mark stays', () => expect(fromBytes(Buffer.from([0xef, 0xbb, 0xbf, 0x61]))).toBe('\uFEFFa'));

  test('a view reads its own part of a shared buffer', () => {
    expect(fromBytes(new Uint8Array(Buffer.from('xxabcxx')).subarray(2, 5))).toBe('abc');
  });
});

describe('hop-by-hop fields', () => {
  test.each([...HOP_BY_HOP])('%s does not go further, in any case', (name) => {
    expect(
      kept([
        [name.toUpperCase(), 'x'],
        ['Accept', 'y'],
      ]),
    ).toEqual(['accept']);
  });

  test('nor does what Connection nominates, over several fields', () => {
    const pairs: [string, string][] = [
      ['Connection', 'close, X-Private'],
      ['X-Private', '1'],
      ['connection', '\tX-OTHER ,,'],
      ['x-other', '2'],
      ['x-public', '3'],
    ];
    expect(kept(pairs)).toEqual(['x-public']);
  });

  test.each([
    'X-Forwarded-For',
    'CDN-Loop',
    'Via',
    'Host',
    'Authorization',
    'Cookie',
    'Cache-Control',
    'Content-Length',
    'Forwarded',
  ])('hop-by-hop header abuse: Connection cannot remove %s', (name) => {
    expect(
      kept([
        ['Connection', `close, ${name}`],
        [name, 'x'],
      ]),
    ).toEqual([name.toLowerCase()]);
  });

  test('the rest keeps its order, spelling and repetitions, and the list given is not changed', () => {
    const list = HeaderList.from([
      ['B', '1'],
      ['TE', 'trailers'],
      ['a', '2'],
      ['B', '3'],
    ]);
    const seen: string[] = [];
    stripHopByHop(list).forEach((name, value) => seen.push(`${name}=${value}`));
    expect(seen).toEqual(['B=1', 'a=2', 'B=3']);
    expect(list.size).toBe(4);
  });

  test('a name from the prototype chain is a name like any other', () => {
    expect(
      kept([
        ['constructor', '1'],
        ['__proto__', '2'],
      ]),
    ).toEqual(['constructor', '__proto__']);
  });
});
