import { describe, expect, it } from 'vitest';
import { clipped, printable, quoted } from '../../src/quoted.ts';

describe('hostile text in an error', () => {
  it.each([
    ['an escape sequence', '\u001b[2J', '\\u{1b}[2J'],
    ['a C1 control', '\u009b2J', '\\u{9b}2J'],
    ['a line break', 'a\r\nb\u2028c\u0085', 'a\\u{d}\\u{a}b\\u{2028}c\\u{85}'],
    ['a change of direction', 'a\u202eb\u2066', 'a\\u{202e}b\\u{2066}'],
    ['a lone surrogate', 'a\ud800', 'a\\u{d800}'],
    ['a private character', '\ue000', '\\u{e000}'],
    ['an invisible one', 'a\u200b\ufeff', 'a\\u{200b}\\u{feff}'],
  ])('shows %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('leaves ordinary text of any language alone', () => {
    expect(printable('héllo 世界 🙂')).toBe('héllo 世界 🙂');
  });

  it('cannot end its own quotes', () => {
    expect(quoted('a" is fine; "b')).toBe('"a\\" is fine; \\"b"');
  });

  it('is cut, also through the middle of a character, before it is escaped', () => {
    expect(clipped('abcdef', 4)).toBe('abc…');
    expect(clipped('abcd', 4)).toBe('abcd');
    expect(clipped('ab🙂🙂', 4)).toBe('ab…');
    expect(quoted('\u001b'.repeat(1_000_000)).length).toBeLessThan(450);
  });

  it('has 64 characters at most unless it is said otherwise', () => {
    expect(quoted('a\u001b[2Jb"c\u202e')).toBe(String.raw`"a\u{1b}[2Jb\"c\u{202e}"`);
    expect(quoted('x'.repeat(1_000))).toHaveLength(66);
    expect(quoted('x'.repeat(1_000), 8)).toBe('"xxxxxxx…"');
    expect(quoted('\ud800')).toBe(String.raw`"\u{d800}"`);
  });
});
