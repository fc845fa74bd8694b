import { expect, test } from 'vitest';
import { opened, refusal } from './fixtures.ts';

const domain = (host: string, tenant: string) => ({ host, tenant, createdMs: 3, createdBy: 'operator' });

test('a host leads to its tenant until it is removed', () => {
  const { store, reopen } = opened('shop');
  store.addDomain(domain('*.shop.test', 'shop'));
  store.addDomain(domain('a.test', 'shop'));
  expect(reopen().domain('a.test')).toEqual(domain('a.test', 'shop'));
  const again = reopen();
  expect(again.domains('shop')).toEqual([domain('*.shop.test', 'shop'), domain('a.test', 'shop')]);
  again.removeDomain('shop', 'a.test');
  expect(again.domain('a.test')).toBeNull();
  expect(again.domains('shop').map(({ host }) => host)).toEqual(['*.shop.test']);
});

test('a host has one tenant: another one does not get it, the same one has it already', () => {
  const { store } = opened('shop', 'blog');
  store.addDomain(domain('a.test', 'shop'));
  store.addDomain({ ...domain('a.test', 'shop'), createdMs: 99 });
  const { code, message } = refusal(() => store.addDomain(domain('a.test', 'blog')));
  expect(code).toBe('conflict');
  expect(message).not.toContain('shop');
  expect(store.domain('a.test')).toEqual(domain('a.test', 'shop'));
});

test('adding and removing are changes of the tenant, having it already is none', () => {
  const { store } = opened('shop');
  const revision = () => store.tenant('shop')?.revision;
  store.addDomain(domain('a.test', 'shop'));
  expect(revision()).toBe(2);
  store.addDomain(domain('a.test', 'shop'));
  expect(revision()).toBe(2);
  store.removeDomain('shop', 'a.test');
  expect(revision()).toBe(3);
});

test('what is not there is refused', () => {
  const { store } = opened('shop', 'blog');
  store.addDomain(domain('a.test', 'shop'));
  expect(refusal(() => store.addDomain(domain('b.test', 'nobody'))).code).toBe('not_found');
  expect(refusal(() => store.removeDomain('shop', 'b.test')).code).toBe('not_found');
  expect(refusal(() => store.removeDomain('blog', 'a.test')).code).toBe('not_found');
  expect(store.domains('nobody')).toEqual([]);
});

test('a host of nothing or of too much is refused', () => {
  const { store } = opened('shop');
  expect(refusal(() => store.addDomain(domain('', 'shop'))).code).toBe('bad_request');
  expect(refusal(() => store.addDomain(domain('x'.repeat(258), 'shop'))).code).toBe('too_large');
});
