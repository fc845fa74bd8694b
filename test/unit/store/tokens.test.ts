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
  mintedBy: null,
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
    INSERT INTO tokens SELECT 't' || i, 'ci', 'shop', '[]', 0, 500, NULL, NULL FROM n`);
  expect(refusal(() => store.addToken(token('more', 'shop'))).message).toContain('tenantTokens');
  expect(store.token('more')).toBeNull();
  store.addToken(token('more', 'blog'));
  store.addToken(token('operator'));
  store.addToken({ ...token('later', 'shop'), createdMs: 500 });
});

test('a token takes those with it that it has minted, and what these have minted', () => {
  const { store } = opened();
  store.addToken(token('root'));
  store.addToken({ ...token('child', 'shop'), mintedBy: 'root' });
  store.addToken({ ...token('grandchild', 'shop'), mintedBy: 'child' });
  store.addToken({ ...token('other', 'shop'), mintedBy: 'another' });
  expect(store.token('grandchild')?.mintedBy).toBe('child');
  expect(store.revokeToken('grandchild', 40)).toBe(true);
  expect(store.revokeToken('root', 50)).toBe(true);
  const revoked = ['root', 'child', 'grandchild', 'other'].map((id) => store.token(id)?.revokedMs);
  expect(revoked).toEqual([50, 50, 40, null]);
  expect(store.revokeToken('child', 60)).toBe(false);
});

test('a tenant’s tokens that are over go when it gets another', () => {
  const { store } = opened();
  for (const tenant of ['shop', 'blog', null]) store.addToken(token(`old-${tenant}`, tenant));
  store.addToken({ ...token('new', 'shop'), createdMs: 1_000, expiresMs: 2_000 });
  expect(['old-shop', 'old-blog', 'old-null', 'new'].map((id) => store.token(id) !== null)).toEqual([
    false,
    true,
    true,
    true,
  ]);
});
