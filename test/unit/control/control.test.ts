import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDeployed } from '../../../src/runtime/deployment.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Control } from '../../../src/control/control.ts';
import { CANARY_LOOK_MS, USAGE_MS } from '../../../src/control/limits.ts';
import { HOUR_MS } from '../../../src/control/usage-meter.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { VersionCounters } from '../../../src/runtime/version-counters.ts';
import { PRUNED_ROWS } from '../../../src/store/limits.ts';
import { textLog } from '../../../src/telemetry/log.ts';
import {
  ANN,
  ControlHarness,
  folderSource,
  NARROW,
  refusalOf,
  STARTED,
  stubCompile,
  temporaryFolder,
  RESTING,
} from './control-harness.ts';

const CANARY = { version: 1, percent: 10, maxCostFactor: 2 };

afterEach(() => vi.useRealTimers());

function open(dataFolder: string, env: NodeJS.ProcessEnv = {}): Promise<Control> {
  const options = {
    dataFolder,
    compile: stubCompile(),
    publish: () => Promise.resolve(),
    counters: TenantCounters.create(1),
    versionCounters: VersionCounters.create(1),
    rehearse: () => Promise.resolve(STARTED),
    objects: { purgeTag: () => 0, purgeAll: () => 0 },
    resting: RESTING,
    cache: { purge: () => Promise.resolve(0), usage: () => Promise.resolve({ bytes: 0, entries: 0 }) },
    log: textLog('error', () => undefined),
  };
  return Control.open(options, env);
}

function blobOf(harness: ControlHarness, tenant: string, version: number): string {
  const { digest } = harness.tenants.version(tenant, version);
  return join(harness.folder, 'data', 'blobs', digest.slice(0, 2), digest);
}

/** Another program, such as a backup, that keeps the database locked until it is closed. */
function lockedBy(harness: ControlHarness): DatabaseSync {
  const other = new DatabaseSync(join(harness.folder, 'data', 'kerb.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  return other;
}

/** What serves, as it is seen from outside. */
function served(harness: ControlHarness): unknown {
  return [...harness.control.inForce.routes.values()]
    .filter(isDeployed)
    .map(({ tenant, version, hosts, allowBackends }) => ({ tenant, version, hosts, allowBackends }))
    .toSorted((a, b) => (`${a.tenant} ${a.version}` < `${b.tenant} ${b.version}` ? -1 : 1));
}

describe('a data folder', () => {
  it('is made where it is missing, for nobody else to read', async () => {
    const folder = join(temporaryFolder(), 'x', 'y');
    const control = await open(folder);
    control.close();
    expect(statSync(folder).mode & 0o077).toBe(0);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['blobs', 'kerb.sqlite', 'secrets.key']) as string[]);
  });

  it('that cannot be made is refused with what to do', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const refused = await refusalOf(() => open(join(file, 'data')));
    expect(refused.message).toMatch(/data folder .* cannot be made.*; choose another with --data/);
  });

  it('belongs to one process until that closes it', async () => {
    const folder = temporaryFolder();
    const first = await open(folder);
    expect((await refusalOf(() => open(folder))).code).toBe('conflict');
    first.close();
    const second = await open(folder);
    second.close();
    second.close();
  });

  it('that is damaged is refused, and can be opened again when it is mended', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'kerb.sqlite'), 'x'.repeat(4_096));
    expect((await refusalOf(() => open(folder))).code).toBe('corrupt');
    rmSync(join(folder, 'kerb.sqlite'));
    (await open(folder)).close();
  });

  it('whose blobs cannot be had is let go again', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'blobs'), '');
    await expect(open(folder)).rejects.toThrow(Error);
    rmSync(join(folder, 'blobs'));
    (await open(folder)).close();
  });

  it('is sealed with the key of the environment, if there is one', async () => {
    const folder = temporaryFolder();
    (await open(folder, { KERB_SECRETS_KEY: 'A'.repeat(43) })).close();
    expect(readdirSync(folder)).not.toContain('secrets.key');
    expect((await refusalOf(() => open(folder, { KERB_SECRETS_KEY: 'short' }))).code).toBe('bad_config');
  });
});

describe('a restart', () => {
  it('serves what served before: versions, canaries, domains, backends', async () => {
    const harness = await ControlHarness.open(['a', 'b', 'idle', 'constructor']);
    await harness.tenants.addDomain('a', '*.x.test', 'op');
    await harness.deployed('a', 3);
    await harness.tenants.startCanary('a', { ...CANARY, version: 2 }, NARROW);
    await harness.tenants.setAllowedBackends('a', ['10.0.0.0/8'], ANN);
    await harness.deployed('b', 2);
    await harness.tenants.rollback('b', ANN);
    await harness.deploy('constructor', 1);
    const [before, state, told] = [
      served(harness),
      harness.tenants.tenants({ limit: 9, cursor: null }),
      harness.audit.length,
    ];
    await harness.reopen();
    expect(harness.table.size).toBe(0);
    await harness.control.restore();
    expect([served(harness), harness.tenants.tenants({ limit: 9, cursor: null })]).toEqual([before, state]);
    const primary = harness.serving('any.x.test');
    expect(harness.table.shareOf(primary?.id ?? 0)).toMatchObject({ canary: { version: '2' }, percent: 10 });
    expect([harness.audit.length, harness.said.includes('a: version 3 serves')]).toEqual([told, true]);
    expect(await harness.tenants.rollback('b', ANN)).toMatchObject({ active: 2, previous: 1 });
  });

  it('leaves out what is lost or damaged, says why, and serves the others', async () => {
    const harness = await ControlHarness.open(['a', 'b', 'c', 'd']);
    for (const [number, name] of ['a', 'b', 'c', 'd'].entries()) await harness.deploy(name, number + 1);
    rmSync(blobOf(harness, 'a', 1));
    writeFileSync(blobOf(harness, 'c', 1), 'something else');
    await harness.reopen();
    await harness.control.restore();
    expect(served(harness)).toMatchObject([{ tenant: 'b' }, { tenant: 'd' }]);
    expect(harness.said).toMatch(/a: version 1 is not served: version 1 of a: its module .* deploy it again/);
    expect(harness.said).toMatch(/c: version 1 is not served: .*damaged/);
    expect(harness.tenants.tenant('a')).toMatchObject({ active: 1, hosts: [] });
    await harness.deploy('a', 9);
    await harness.deploy('c', 3);
    expect(served(harness)).toMatchObject([
      { tenant: 'a', version: '2' },
      { tenant: 'b' },
      { tenant: 'c' },
      { tenant: 'd' },
    ]);
  });

  it('lets a tenant whose bytes are lost be deleted', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    rmSync(blobOf(harness, 'a', 1));
    await harness.reopen();
    await harness.control.restore();
    await harness.tenants.deleteTenant('a', ANN);
    expect(harness.control.store.tenant('a')).toBeNull();
  });

  it('takes back a canary whose bytes are lost: the active version serves', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deployed('a', 2);
    await harness.tenants.startCanary('a', CANARY, NARROW);
    rmSync(blobOf(harness, 'a', 1));
    await harness.reopen();
    await harness.control.restore();
    expect(served(harness)).toMatchObject([{ tenant: 'a', version: '2' }]);
    expect(harness.tenants.tenant('a').canary).toBeNull();
    expect(harness.audit.at(-1)).toMatchObject({
      actor: 'kerb',
      action: 'canary.stop',
      detail: { version: 1, reason: expect.stringContaining('its module') as string },
    });
    expect(harness.said).toContain('a: the canary, version 1, is taken back: it cannot be served');
  });

  it('serves no canary without its active version', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deployed('a', 2);
    await harness.tenants.startCanary('a', CANARY, NARROW);
    rmSync(blobOf(harness, 'a', 2));
    await harness.reopen();
    await harness.control.restore();
    expect(served(harness)).toEqual([]);
    expect(harness.tenants.tenant('a')).toMatchObject({ active: 2, canary: { version: 1 } });
  });

  it('keeps what the tenants folder took meanwhile', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.tenants.addDomain('a', 'x.test', 'op');
    await harness.deploy('a', 1);
    await harness.reopen();
    await harness.inFolder(folderSource('site', 'hosts = ["x.test"]'));
    await harness.control.restore();
    expect([harness.serving('x.test')?.tenant, harness.table.size]).toEqual(['site', 1]);
    expect(harness.said).toMatch(/a: version 1 is not served: x\.test\/ is served by tenant site/);
  });

  it(
    'has tenants rest where there are many, more than one part of a list holds, but not those with a canary',
    { timeout: 60_000 },
    async () => {
      const harness = await ControlHarness.open(['zz', 'split']);
      await harness.deploy('zz', 1);
      await harness.deployed('split', 2);
      await harness.tenants.startCanary('split', { version: 1, percent: 5, maxCostFactor: 2 }, NARROW);
      const { store } = harness.control;
      store.atomically(() => {
        for (let number = 0; number < 1_001; number++) store.createTenant(`t${number}`, 1);
      });
      await harness.reopen();
      await harness.control.restore();
      expect(served(harness)).toMatchObject([{ tenant: 'split' }, { tenant: 'split' }]);
      expect(harness.control.resting.figures).toMatchObject({ awake: 1, resting: 1 });
      expect(harness.said).toContain('1 tenants rest until their first request');
      expect(harness.table.match('zz.localhost', '/')).toMatchObject({ tenant: 'zz', path: '/' });
      harness.control.resting.wake('zz', 1);
      await vi.waitUntil(() => harness.control.resting.figures.resting === 0);
      expect(harness.serving('zz.localhost')?.version).toBe('1');
    },
  );

  it('tells of a bug of Kerb, and goes on', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    await harness.reopen();
    harness.failPublish();
    await harness.control.restore();
    expect(harness.said).toContain('a: version 1 is not served: Error: no thread');
  });
});

describe('what is done now and then', () => {
  it('takes a canary back that fails, as Kerb itself', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const harness = await ControlHarness.open(['a']);
    await harness.deployed('a', 2);
    await harness.tenants.startCanary('a', CANARY, NARROW);
    const canary = harness.table.shareOf(harness.serving('a.localhost')?.id ?? 0)?.canary;
    vi.advanceTimersByTime(CANARY_LOOK_MS);
    harness.versionCounters.count(canary?.figuresSlot ?? -1, 'guest_trap', 1);
    vi.advanceTimersByTime(CANARY_LOOK_MS);
    await vi.waitFor(() => expect(harness.tenants.tenant('a').canary).toBeNull());
    expect(harness.audit.at(-1)).toMatchObject({
      actor: 'kerb',
      action: 'canary.stop',
      detail: { version: 1, reason: expect.stringContaining('1 of its 1') as string },
    });
    await vi.waitFor(() => expect(harness.table.size).toBe(1));
  });

  it('writes usage, and the rest of it when it is closed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const usage = (): number[] => harness.tenants.usage('a', 0, Date.now() + HOUR_MS).map(({ requests }) => requests);
    const total = (): number => usage().reduce((sum, requests) => sum + requests, 0);
    harness.counters.count(0, 'ok');
    vi.advanceTimersByTime(USAGE_MS);
    expect(total()).toBe(1);
    harness.counters.count(0, 'ok');
    await harness.reopen();
    expect(total()).toBe(2);
  });

  it('does not end the process when it fails: it is told, and done the next time', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    harness.counters.count(0, 'ok');
    const other = lockedBy(harness);
    vi.advanceTimersByTime(USAGE_MS);
    expect(harness.said).toMatch(/usage is not written: /);
    other.close();
    vi.advanceTimersByTime(USAGE_MS);
    expect(harness.tenants.usage('a', 0, Date.now() + HOUR_MS)).toMatchObject([{ requests: 1 }]);
  });

  it('does not keep the folder when it fails at the end', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    harness.counters.count(0, 'ok');
    const other = lockedBy(harness);
    harness.control.close();
    expect(harness.said).toMatch(/usage is not written: /);
    other.close();
    await harness.reopen();
    expect(harness.tenants.tenant('a').active).toBe(1);
  });

  it('ends when it is closed, and closing again does nothing', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    harness.control.close();
    expect(vi.getTimerCount()).toBe(0);
    harness.counters.count(0, 'ok');
    harness.control.close();
    expect(harness.said).not.toContain('usage is not written');
  });
});

describe('a tenant whose name is given again', () => {
  it('begins with no figures and no usage, and what the one before used stays in the trail', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const use = (requests: number): void => {
      const slot = harness.control.inForce.tenantSlots.get('a') ?? 0;
      for (let request = 0; request < requests; request++) harness.counters.count(slot, 'ok');
      harness.counters.addCpu(slot, 10 * requests);
    };
    use(3);
    await harness.tenants.deleteTenant('a', ANN);
    expect(harness.audit.at(-1)).toMatchObject({ action: 'tenant.delete', detail: { requests: 3, cpuUs: 30 } });
    // Of a request that had not ended.
    use(1);
    harness.tenants.createTenant('a', 'ann');
    await harness.deploy('a', 1);
    const now = (): unknown => harness.tenants.usage('a', 0, Date.now() + HOUR_MS);
    expect([now(), harness.tenants.figures()[0]?.requests]).toEqual([[], 0]);
    use(2);
    expect(now()).toMatchObject([{ requests: 2, cpuUs: 20 }]);
    expect(harness.control.figures()).toMatchObject([{ tenant: 'a', cpuUs: 20, outcomes: { ok: 2 } }]);
  });
});

describe('what is too old', () => {
  const OLD = `WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${2 * PRUNED_ROWS + 5})
    INSERT INTO tokens SELECT 't' || i, 'ci', NULL, '[]', 0, 500, NULL, NULL FROM n`;

  it('is forgotten to the end, with others in between', async () => {
    const harness = await ControlHarness.open(['a']);
    const other = new DatabaseSync(join(harness.folder, 'data', 'kerb.sqlite'));
    other.exec(OLD);
    let [turns, over] = [0, false];
    const restored = harness.control.restore().finally(() => (over = true));
    while (!over) {
      turns += 1;
      await new Promise(setImmediate);
    }
    await restored;
    expect(other.prepare('SELECT count(*) AS left FROM tokens').get()).toMatchObject({ left: 0 });
    expect(turns).toBeGreaterThan(2);
    other.close();
  });

  it('does not keep Kerb from starting when it cannot be forgotten', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    await harness.reopen();
    const other = lockedBy(harness);
    await harness.control.restore();
    other.close();
    expect(harness.serving('a.localhost')?.version).toBe('1');
    expect(harness.said).toMatch(/what is too old is not forgotten: /);
  });
});
