import { describe, expect, test } from 'vitest';
import { printable } from '../../../../src/abi/wasi/printable.ts';

describe('text for a log line', () => {
  test.each([
    ['a line end', 'a\nb\rc', String.raw`a\x0ab\x0dc`],
    ['a terminal sequence', '\u001b[2J\u001b]0;title\u0007', String.raw`\x1b[2J\x1b]0;title\x07`],
    ['an eight-bit terminal sequence', '\u009b31m', String.raw`\x9b31m`],
    ['a next-line control', 'a\u0085b', String.raw`a\x85b`],
    ['Unicode separators', 'a\u2028b\u2029c', String.raw`a\u2028b\u2029c`],
    ['controls that reorder', '\u202eabc\u2066\u200f\u061c', String.raw`\u202eabc\u2066\u200f\u061c`],
    ['NUL and DEL', '\0\u007f', String.raw`\x00\x7f`],
  ])('escapes %s', (_, text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test('leaves tabs, backslashes and all languages alone', () => {
    const text = 'tab\tand \\x1b, café, 日本語, עברית, 👩‍💻';
    expect(printable(text)).toBe(text);
  });
});
