import { expect, test } from 'vitest';
import { acceptPage, cursorAfter, numberOf, pageOf, positionOf } from '../../../src/store/pages.ts';
import { refusal } from './fixtures.ts';

test('a cursor gives back its position', () => {
  for (const position of ['a', 'a:b', '…\u0000/%', 'x'.repeat(512)]) {
    expect(positionOf('kv', cursorAfter('kv', position))).toBe(position);
  }
  expect(numberOf('audit', cursorAfter('audit', '17'))).toBe(17);
  expect(positionOf('kv', null)).toBeNull();
  expect(numberOf('audit', null)).toBeNull();
});

test.each([
  ['of nothing', ''],
  ['that is no base64url', 'a+b/'],
  ['with padding', `${cursorAfter('kv', 'ab')}=`],
  ['with bits that say nothing', cursorAfter('kv', 'ab').replace(/.$/, (last) => (last === 'I' ? 'J' : `${last}x`))],
  ['of another list', cursorAfter('tenants', 'a')],
  ['of bytes that are no text', Buffer.from([...Buffer.from('kv:'), 0xff]).toString('base64url')],
  ['that is longer than any', cursorAfter('kv', 'x'.repeat(1_000))],
  ['of a SQL text', "' OR 1=1 --"],
])('a cursor %s is refused', (_, cursor) => {
  const { code, message } = refusal(() => positionOf('kv', cursor));
  expect(code).toBe('bad_request');
  expect(message).toMatch(/cursor .*; give back "next" as it was, or none/);
});

test.each(['0', '-1', '1.5', '1e3', 'x', '', '9'.repeat(16), '9'.repeat(40)])(
  'a cursor of the number %j is refused',
  (text) => {
    expect(refusal(() => numberOf('versions', cursorAfter('versions', text))).code).toBe('bad_request');
  },
);

test('a page has 1 to 1,000 items', () => {
  for (const limit of [1, 1_000]) expect(() => acceptPage({ limit, cursor: null })).not.toThrow();
  for (const limit of [0, -1, 1.5, NaN, 1_001, Infinity]) {
    expect(refusal(() => acceptPage({ limit, cursor: null })).code).toBe('bad_request');
  }
});

test('there is a next page only when there is one item more', () => {
  expect(pageOf('tenants', ['a', 'b'], 2, String)).toEqual({ items: ['a', 'b'], next: null });
  expect(pageOf('tenants', ['a', 'b', 'c'], 2, String)).toEqual({
    items: ['a', 'b'],
    next: cursorAfter('tenants', 'b'),
  });
  expect(pageOf('tenants', [], 2, String)).toEqual({ items: [], next: null });
});
