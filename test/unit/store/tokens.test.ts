import { expect, test } from 'vitest';
import { opened, refusal } from './fixtures.ts';

const token = (id: string, tenant: string | null = null) => ({
  id,
  subject: 'ci',
  tenant,
  scopes: ['tenant:deploy', 'tenant:read'],
  createdMs: 10,
  expiresMs: 1_000,
  revokedMs: null,
});

test('a token comes back, and is revoked once', () => {
  const { store, reopen } = opened();
  store.addToken(token('one', 'shop'));
  store.addToken(token('two'));
  const again = reopen();
  expect(again.token('one')).toEqual(token('one', 'shop'));
  expect(again.token('none')).toBeNull();
  expect(again.revokeToken('one', 50)).toBe(true);
  expect(again.revokeToken('one', 60)).toBe(false);
  expect(again.revokeToken('none', 60)).toBe(false);
  expect(reopen().token('one')).toEqual({ ...token('one', 'shop'), revokedMs: 50 });
  expect(reopen().token('two')).toEqual(token('two'));
});

test('an id is issued once', () => {
  const { store } = opened();
  store.addToken(token('one'));
  expect(refusal(() => store.addToken({ ...token('one'), scopes: ['operator'] })).code).toBe('conflict');
  expect(store.token('one')).toEqual(token('one'));
  expect(refusal(() => store.addToken(token(''))).code).toBe('bad_request');
  expect(() => store.addToken({ ...token('two'), expiresMs: NaN })).toThrow(TypeError);
  expect(() => store.revokeToken('one', 0.5)).toThrow(TypeError);
});

test('a tenant has 10,000 tokens that are not over', () => {
  const { store, behind } = opened();
  behind(`WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
    INSERT INTO tokens SELECT 't' || i, 'ci', 'shop', '[]', 0, 500, NULL FROM n`);
  expect(refusal(() => store.addToken(token('more', 'shop'))).message).toContain('tenantTokens');
  expect(store.token('more')).toBeNull();
  store.addToken(token('more', 'blog'));
  store.addToken(token('operator'));
  store.addToken({ ...token('later', 'shop'), createdMs: 500 });
});
