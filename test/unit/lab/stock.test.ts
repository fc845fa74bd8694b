import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadApp } from '../../../src/control/app-store.ts';
import { stock, type StockApp } from '../../../src/lab/stock.ts';
import { kindName, labTenants, stockApps, type TenantOptions } from '../../../src/lab/tenants.ts';
import { openBlobs } from '../../../src/store/blob-store.ts';
import { openSealer } from '../../../src/store/sealing-key.ts';
import { openStore } from '../../../src/store/sqlite-store.ts';
import { assemble } from '../../wat.ts';

const OPTIONS: TenantOptions = { tenants: 60, hostile: 0.1, distinct: 0.5, seed: 3, modules: null };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kerb-lab-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (): ReturnType<typeof openStore> =>
  openStore(join(folder, 'kerb.sqlite'), openSealer(join(folder, 'secrets.key'), undefined));

describe('stock', () => {
  it('leaves what deploys would have left: version 1 of each tenant in force, and its app', async () => {
    const tenants = labTenants(OPTIONS);
    expect(await stock(folder, stockApps(tenants))).toBe(66);
    const store = open();
    try {
      const blobs = openBlobs(join(folder, 'blobs'));
      for (const { name } of tenants) {
        expect(store.tenant(name)).toMatchObject({ active: 1, previous: null, canary: null });
        const version = store.version(name, 1);
        expect(version?.report).toMatchObject({ tenant: name, digest: version?.digest, abi: version?.abi });
        const app = version === null ? null : await loadApp(blobs, version);
        expect(app?.manifest).toMatchObject({ name, hosts: [`${name}.localhost`] });
      }
    } finally {
      store.close();
    }
  });

  it('stores a module that tenants share once', async () => {
    const tenants = labTenants({ ...OPTIONS, distinct: 0, hostile: 0 });
    await stock(folder, stockApps(tenants));
    const store = open();
    const digests = new Set(tenants.map(({ name }) => store.version(name, 1)?.digest));
    store.close();
    expect(digests.size).toBe(new Set(tenants.map(kindName)).size);
  });

  it('tells how far it is', async () => {
    const told: number[] = [];
    await stock(folder, stockApps(labTenants({ ...OPTIONS, tenants: 300, hostile: 0 })), (count) => told.push(count));
    expect(told).toEqual([256, 300]);
  });

  it('refuses an app that Kerb would, and gives the folder back', async () => {
    const app: StockApp = {
      name: 'bad',
      kind: 'bad',
      manifest: 'name = "bad"\nmain = "handler.wasm"\n',
      module: assemble('(module (import "nowhere" "nothing" (func)))'),
      files: new Map(),
    };
    await expect(stock(folder, [app])).rejects.toMatchObject({ name: 'KerbError' });
    open().close();
  });
});
