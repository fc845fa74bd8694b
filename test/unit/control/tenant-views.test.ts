import { describe, expect, it } from 'vitest';
import { ANN, ControlHarness, folderSource, NARROW, refusalOf } from './control-harness.ts';

async function listed(harness: ControlHarness, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  for (let cursor: string | null | undefined; cursor !== null && pages.length < 50;) {
    const page = harness.tenants.tenants({ limit, cursor: cursor ?? null });
    pages.push(page.items.map(({ name, source }) => `${name} ${source}`));
    cursor = page.next;
  }
  return pages;
}

describe('a list of tenants', () => {
  it.each([1, 2, 3, 7, 100])(
    'has those of store and folder by name, each once, in parts of at most %d',
    async (limit) => {
      const stored = ['b', 'd', 'e', 'constructor'];
      const harness = await ControlHarness.open(stored);
      const folder = ['a', 'c', 'f', 'g', 'h'];
      await harness.inFolder(...folder.map((name) => folderSource(name)));
      const pages = await listed(harness, limit);
      const all = [...stored.map((name) => `${name} api`), ...folder.map((name) => `${name} folder`)].toSorted();
      expect(pages.flat()).toEqual(all);
      expect(pages).toHaveLength(Math.ceil(all.length / limit));
      for (const page of pages) expect(page.length).toBeLessThanOrEqual(limit);
    },
  );

  it('that ends with the store, with the folder, or is empty ends', async () => {
    const harness = await ControlHarness.open();
    expect(await listed(harness, 1)).toEqual([[]]);
    await harness.inFolder(folderSource('a'));
    expect(await listed(harness, 1)).toEqual([['a folder']]);
    harness.tenants.createTenant('b', 'ann');
    expect(await listed(harness, 1)).toEqual([['a folder'], ['b api']]);
    expect(await listed(harness, 2)).toEqual([['a folder', 'b api']]);
  });

  it.each([
    { limit: 0, cursor: null },
    { limit: 1_001, cursor: null },
    { limit: 1, cursor: 'x' },
    { limit: 1, cursor: '__proto__' },
  ])('as %j is refused', async (page) => {
    const { tenants } = await ControlHarness.open();
    expect((await refusalOf(() => tenants.tenants(page))).code).toBe('bad_request');
  });
});

describe('a tenant', () => {
  it('of the folder is as old as the process, with its hosts, and no versions', async () => {
    const before = Date.now();
    const harness = await ControlHarness.open();
    await harness.inFolder(folderSource('constructor', 'hosts = ["x.test", "y.test"]'));
    const view = harness.tenants.tenant('constructor');
    expect(view.createdMs).toBeGreaterThanOrEqual(before);
    expect({ ...view, createdMs: 0 }).toEqual({
      name: 'constructor',
      source: 'folder',
      createdMs: 0,
      revision: 0,
      active: null,
      previous: null,
      canary: null,
      requiredKeys: [],
      limits: {},
      hosts: ['x.test', 'y.test'],
    });
  });

  it('of the store has the hosts of its active version, not of the canary', async () => {
    const harness = await ControlHarness.open(['a']);
    expect(harness.tenants.tenant('a').hosts).toEqual([]);
    await harness.deploy('a', 1, 'hosts = ["v1.a.localhost"]');
    await harness.deploy('a', 2, 'hosts = ["v2.a.localhost"]', { activate: false });
    await harness.tenants.startCanary(
      'a',
      { version: 2, percent: 5, maxCostFactor: 2 },
      { ...NARROW, acceptWider: true },
    );
    expect(harness.tenants.tenant('a').hosts).toEqual(['v1.a.localhost']);
    await harness.tenants.activate('a', 2, { ...NARROW, acceptWider: true });
    expect(harness.tenants.tenant('a').hosts).toEqual(['v2.a.localhost']);
  });

  it.each(['a', '__proto__', 'constructor', 'toString'])('%s that is nowhere is not_found', async (name) => {
    const { tenants } = await ControlHarness.open();
    expect((await refusalOf(() => tenants.tenant(name))).code).toBe('not_found');
  });
});

describe('figures', () => {
  it('are of every tenant that serves, of both kinds, once each', async () => {
    const harness = await ControlHarness.open(['a', 'idle']);
    await harness.deployed('a', 2);
    await harness.tenants.startCanary('a', { version: 1, percent: 5, maxCostFactor: 2 }, NARROW);
    await harness.inFolder(folderSource('f', '', 7));
    const slot = harness.serving('a.localhost')?.slot ?? -1;
    expect(harness.counters.tryEnter(slot, 9)).toBe(true);
    harness.counters.count(slot, 'ok');
    harness.counters.count(slot, 'guest_trap');
    harness.counters.addCpu(slot, 33);
    harness.counters.addPages(slot, 5);
    const [a, f, ...others] = harness.tenants.figures().toSorted((one, two) => (one.tenant < two.tenant ? -1 : 1));
    expect(others).toEqual([]);
    expect(a).toMatchObject({
      tenant: 'a',
      source: 'api',
      version: 2,
      label: '2',
      canary: 1,
      requests: 2,
      inFlight: 1,
      cpuUs: 33,
      memoryPages: 5,
      outcomes: { ok: 1, guest_trap: 1 },
    });
    expect(f).toMatchObject({
      tenant: 'f',
      source: 'folder',
      version: null,
      label: '000000000000',
      canary: null,
      requests: 0,
    });
  });

  it('of a tenant that is deleted are not shown, and begin anew when its name comes back', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    harness.counters.count(0, 'ok');
    await harness.tenants.deleteTenant('a', ANN);
    expect(harness.tenants.figures()).toEqual([]);
    harness.tenants.createTenant('a', 'ann');
    await harness.deploy('a', 1);
    expect(harness.tenants.figures()).toMatchObject([{ tenant: 'a', requests: 0 }]);
  });
});
