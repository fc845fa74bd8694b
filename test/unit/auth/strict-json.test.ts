import { describe, expect, it } from 'vitest';
import { MAX_JSON_DEPTH } from '../../../src/auth/limits.ts';
import { readObject } from '../../../src/auth/strict-json.ts';

function read(text: string): Record<string, unknown> | null {
  const members = readObject(new TextEncoder().encode(text));
  return members === null ? null : Object.fromEntries(members);
}

describe('readObject', () => {
  it('reads an object', () => {
    expect(read(' {"a": 1, "b": {"a": [true, null]}, "c": [{"a": 1}, {"a": 2}], "d": "x:{[\\"a\\":"} ')).toEqual({
      a: 1,
      b: { a: [true, null] },
      c: [{ a: 1 }, { a: 2 }],
      d: 'x:{["a":',
    });
  });

  it('keeps members that act on prototypes as members', () => {
    const members = readObject(new TextEncoder().encode('{"__proto__": {"scope": "operator"}, "constructor": 1}'));
    expect([...(members ?? [])].map(([name]) => name)).toEqual(['__proto__', 'constructor']);
    expect(members?.get('scope')).toBeUndefined();
  });

  it.each([
    ['at the top', '{"a":1,"a":1}'],
    ['spelled differently', '{"a":1,"\\u0061":2}'],
    ['below', '{"x":{"b":1,"c":[],"b":2}}'],
    ['in a list', '{"x":[{"b":1},{"b":1,"b":2}]}'],
    ['after an object', '{"a":{},"b":1,"a":2}'],
    ['with an escaped quote', '{"a\\"":1,"a\\"":2}'],
    ['with a backslash at the end', '{"a\\\\":1,"a\\\\":2}'],
    ['__proto__', '{"__proto__":1,"__proto__":2}'],
  ])('refuses a member twice: %s', (_, text) => {
    expect(() => void JSON.parse(text)).not.toThrow();
    expect(read(text)).toBeNull();
  });

  it.each(['', 'x', '[]', 'null', '1', '"a"', '{"a":1}x', '{"a":1,}', "{'a':1}", '\u{feff}{"a":1}'])(
    'refuses what is no object: %j',
    (text) => expect(read(text)).toBeNull(),
  );

  it('refuses what is not UTF-8', () => {
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]])
      expect(readObject(Uint8Array.from([...Buffer.from('{"a":"'), ...bytes, ...Buffer.from('"}')]))).toBeNull();
  });

  it('takes a bounded depth', () => {
    const deep = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect(read(deep(MAX_JSON_DEPTH))).not.toBeNull();
    expect(read(deep(MAX_JSON_DEPTH + 1))).toBeNull();
    expect(read(deep(4_000))).toBeNull();
  });
});
