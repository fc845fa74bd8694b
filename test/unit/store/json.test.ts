import { expect, test } from 'vitest';
import { tableOf, textOf, valueOf } from '../../../src/store/json.ts';
import { refusal } from './fixtures.ts';

test('plain data comes back', () => {
  const value = { a: [1, null, true, '\ud800', 'ä'], __proto: {} };
  expect(valueOf(textOf('x', value, 'settingBytes'))).toEqual(value);
});

test('a text beyond its limit is refused by its bytes, not its characters', () => {
  expect(textOf('x', 'a'.repeat(65_534), 'auditDetailBytes')).toHaveLength(65_536);
  expect(refusal(() => textOf('x', 'ä'.repeat(33_000), 'auditDetailBytes')).code).toBe('too_large');
});

test('a table has no prototype, whatever its keys are', () => {
  const table = tableOf<{ polluted: boolean }>('{"__proto__": {"polluted": true}, "constructor": {"polluted": false}}');
  expect(Object.getPrototypeOf(table)).toBeNull();
  expect(Object.keys(table)).toEqual(['__proto__', 'constructor']);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});
