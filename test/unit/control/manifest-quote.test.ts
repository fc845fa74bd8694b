import { describe, expect, it } from 'vitest';
import { quoted, shownKey, shownValue } from '../../../src/control/manifest-quote.ts';

describe('hostile text of a manifest', () => {
  it('is shown short and in quotes', () => {
    expect(quoted('a\n')).toBe('"a\\u{a}"');
    expect(quoted('x'.repeat(1_000))).toHaveLength(34);
  });

  it('is told from other values', () => {
    expect(['x', 1, true, [], {}, NaN].map(shownValue)).toEqual(['"x"', '1', 'true', 'a list', 'a table', 'NaN']);
  });

  it('is quoted in keys that are not plain', () => {
    expect(shownKey(['backends', 'site', 'url'])).toBe('backends.site.url');
    expect(shownKey(['hosts', 1])).toBe('hosts[1]');
    expect(shownKey(['env', 'a.b'])).toBe('env."a.b"');
    expect(shownKey(['', '\n'])).toBe('""."\\u{a}"');
    expect(shownKey(Array.from({ length: 10_000 }, () => 'a'.repeat(100))).length).toBeLessThanOrEqual(64);
  });
});
