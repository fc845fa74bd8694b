import { expect, it } from 'vitest';
import { CacheQuotas } from '../../../src/server/cache-quotas.ts';

it('a tenant has the bytes of its latest deployment, until the last one is closed', () => {
  const quotas = new CacheQuotas();
  expect(quotas.of('a')).toBe(0);
  quotas.open('a', 10);
  quotas.open('a', 20);
  quotas.open('b', 5);
  expect([quotas.of('a'), quotas.of('b')]).toEqual([20, 5]);
  expect([quotas.close('a'), quotas.of('a')]).toEqual([false, 20]);
  expect([quotas.close('a'), quotas.of('a'), quotas.of('b')]).toEqual([true, 0, 5]);
  expect(quotas.close('a')).toBe(false);
});
