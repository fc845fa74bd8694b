import { describe, expect, it } from 'vitest';
import type { Purge } from '../../../src/cache/purge.ts';
import type { TenantHome } from '../../../src/capability/stores.ts';
import { CacheDesk } from '../../../src/control/cache-desk.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';

function desk(madeMs: number | null = null): {
  desk: CacheDesk;
  purges: Purge[];
  removed: unknown[];
  counters: TenantCounters;
} {
  const purges: Purge[] = [];
  const removed: unknown[] = [];
  const objects = {
    purgeTag: (home: TenantHome, tag: string) => 10 * removed.push([home, tag]),
    purgeAll: (home: TenantHome) => 10 * removed.push(home),
  };
  const counters = TenantCounters.create(3);
  const deployment = { tenant: 'a', slot: 2, budgets: { cacheBytes: 99 }, grants: { stores: { madeMs } } };
  const cache = {
    purge: async (purge: Purge) => purges.push(purge),
    usage: async (tenant: string) => ({ bytes: tenant.length, entries: 1 }),
  };
  const serving = (name: string): Deployment | undefined =>
    name === 'a' ? (deployment as unknown as Deployment) : undefined;
  return { desk: new CacheDesk({ cache, objects, counters, serving }), purges, removed, counters };
}

describe('a purge', () => {
  it.each([
    ['http://X.Test/a/../b?c#d', 'x.test', '/a/../b?c'],
    ['https://x.test', 'x.test', '/'],
    ['HTTPS://x.test:8443?q', 'x.test', '/?q'],
    ['http://x.test./%7e', 'x.test', '/%7e'],
    ['http://[::1]:80/', '[::1]', '/'],
  ])('of %s is of that host and target, as it is written', async (url, host, target) => {
    const { desk: own, purges } = desk();
    expect(await own.purge('a', { url, soft: true })).toBe(1);
    expect(purges).toEqual([{ tenant: 'a', subject: { kind: 'url', host, target }, mode: 'soft' }]);
  });

  it.each([
    '/x',
    'x.test/a',
    'ftp://x.test/',
    'http://',
    'http://a b/',
    'http://x.test/ä',
    'http://u@x.test/',
    'http://x.test/a b',
  ])('of %s is refused', async (url) => {
    const { desk: own, purges } = desk();
    await expect(own.purge('a', { url })).rejects.toThrow(/^url: is not an http or https URL/);
    expect(purges).toEqual([]);
  });

  it('of a tag or of all is under the name that the tenant has in the cache', async () => {
    const { desk: own, purges, removed } = desk(17);
    expect([await own.purge('a', { tag: 'x' }), await own.purge('a', { all: true })]).toEqual([11, 22]);
    const home = { tenant: 'a', madeMs: 17 };
    expect(removed).toEqual([[home, 'x'], home]);
    expect(purges).toEqual([
      { tenant: 'a@17', subject: { kind: 'tag', tag: 'x' }, mode: 'hard' },
      { tenant: 'a@17', subject: { kind: 'all' }, mode: 'hard' },
    ]);
  });

  it('of a tenant that serves nothing finds nothing', async () => {
    const { desk: own, purges } = desk();
    expect([await own.purge('b', { all: true }), purges]).toEqual([0, []]);
    expect(await own.view('b')).toEqual({ entries: 0, bytes: 0, quotaBytes: 0, requests: {} });
  });
});

it('the view has what is held and what was done', async () => {
  const { desk: own, counters } = desk(1);
  counters.countCache(2, 'hit');
  expect(await own.view('a')).toMatchObject({ entries: 1, bytes: 3, quotaBytes: 99, requests: { hit: 1, miss: 0 } });
});
