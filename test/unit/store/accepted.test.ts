import { expect, test } from 'vitest';
import {
  acceptCount,
  acceptDigest,
  acceptKvKey,
  acceptName,
  acceptSize,
  acceptTenantName,
  acceptText,
  acceptWhole,
} from '../../../src/store/accepted.ts';
import { refusal } from './fixtures.ts';

test.each(['a', '0', 'a-b', '-', 'x'.repeat(63)])('the tenant name %s is taken', (name) => {
  expect(() => acceptTenantName(name)).not.toThrow();
});

test.each(['', 'A', 'a_b', 'a.b', '../a', 'a\n', 'ä', 'x'.repeat(64)])('the tenant name %j is refused', (name) => {
  const { code, message } = refusal(() => acceptTenantName(name));
  expect(code).toBe('bad_request');
  expect(message).toContain('use 1 to 63 of a-z');
});

test('a digest that is none is a mistake of the caller', () => {
  expect(() => acceptDigest('a'.repeat(64))).not.toThrow();
  for (const digest of ['', 'A'.repeat(64), 'a'.repeat(63), '../'.padEnd(64, 'a')]) {
    expect(() => acceptDigest(digest)).toThrow(TypeError);
  }
});

test('a number that is not whole is a mistake of the caller', () => {
  expect(() => acceptWhole('size', 0)).not.toThrow();
  for (const value of [-1, 0.5, NaN, Infinity, 2 ** 53]) expect(() => acceptWhole('size', value)).toThrow(TypeError);
});

test('a size and a count beyond a limit name the limit, the value and the remedy', () => {
  expect(refusal(() => acceptSize('the secret', 65_537, 'secretBytes', 'make it smaller'))).toMatchObject({
    code: 'too_large',
    message: 'the secret has 65537 bytes, and at most 65536 are stored (secretBytes); make it smaller',
  });
  expect(refusal(() => acceptCount('secrets', 1_001, 'secrets', 'delete one first'))).toMatchObject({
    code: 'too_large',
    message: 'secrets: at most 1000 are stored (secrets); delete one first',
  });
  expect(() => acceptSize('the secret', 65_536, 'secretBytes', '')).not.toThrow();
});

test('names and texts that UTF-8 cannot hold are refused, and so are names of nothing', () => {
  expect(refusal(() => acceptName('name', '')).code).toBe('bad_request');
  expect(refusal(() => acceptName('name', 'a\ud800')).code).toBe('bad_request');
  expect(refusal(() => acceptText('the note', '\udc00')).code).toBe('bad_request');
  expect(refusal(() => acceptName('name', 'ä'.repeat(129))).code).toBe('too_large');
  expect(() => acceptName('name', 'ä'.repeat(128))).not.toThrow();
});

test('a key that no address can name is refused', () => {
  for (const key of ['.', '..', '']) expect(refusal(() => acceptKvKey(key)).code).toBe('bad_request');
  for (const key of ['...', 'a/../b', '\0', ' ']) expect(() => acceptKvKey(key)).not.toThrow();
});
