import { describe, expect, it } from 'vitest';
import { MAX_TARGET_BYTES } from '../../../src/http/limits.ts';
import { isHostRequestField, isSendableMethod, targetFault } from '../../../src/http/request-rules.ts';

describe('a target', () => {
  it.each(['/', '/a?b=c%20d', '//evil.example/x', '/@evil', '/..%2f..', '/http://evil'])('%s is a path', (target) => {
    expect(targetFault(target)).toBeNull();
  });

  it.each(['', '*', 'http://evil/', 'evil', '?q', '/a b', '/a\r\nHost: b', '/#f', '/\u00ff', '\\\\evil', '@evil'])(
    '%j is none',
    (target) => {
      expect(targetFault(target)).toBe('malformed');
    },
  );

  it('has a longest length', () => {
    const longest = `/${'a'.repeat(MAX_TARGET_BYTES - 1)}`;
    expect([targetFault(longest), targetFault(`${longest}a`)]).toEqual([null, 'too_long']);
  });
});

it.each([
  ['GET', true],
  ['PURGE', true],
  ['CONNECT', false],
  ['', false],
  ['GET /', false],
  ['G\r\n', false],
])('the method %j may be sent: %s', (method, may) => {
  expect(isSendableMethod(method)).toBe(may);
});

it.each([
  ['host', true],
  ['content-length', true],
  ['transfer-encoding', true],
  ['connection', true],
  ['cdn-loop', true],
  ['x-forwarded-for', true],
  ['accept', false],
  ['authorization', false],
])('the field %s is the host’s: %s', (name, is) => {
  expect(isHostRequestField(name)).toBe(is);
});
