import { describe, expect, it, vi } from 'vitest';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { storeParts } from '../../../src/control/app-store.ts';
import { InForce } from '../../../src/control/in-force.ts';
import { REHEARSAL_WALL_MS } from '../../../src/control/limits.ts';
import { Pipeline, type Admitted } from '../../../src/control/pipeline.ts';
import type { Rehearse, Snapshots } from '../../../src/control/snapshots.ts';
import { StoredServing } from '../../../src/control/stored-serving.ts';
import { KerbError } from '../../../src/errors.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { openBlobs } from '../../../src/store/blob-store.ts';
import type { TenantChange, TenantRecord, VersionRecord } from '../../../src/store/records.ts';
import type { Store } from '../../../src/store/store.ts';
import { opened } from '../store/fixtures.ts';
import {
  folderSource,
  manifestOf,
  moduleNumbered,
  noSnapshots,
  refusalOf,
  STARTED,
  stubCompile,
  temporaryFolder,
  type Published,
  noThread,
} from './control-harness.ts';

class Stage {
  readonly store: Store = opened('a', 'b').store;
  readonly folder = temporaryFolder();
  readonly blobs = openBlobs(this.folder);
  readonly published: Published[] = [];
  readonly versions: VersionRecord[] = [];
  readonly inForce: InForce;
  readonly snapshots: Snapshots;
  readonly serving: StoredServing;
  /** What starting an instance comes to. */
  rehearse: Rehearse = () => Promise.resolve(STARTED);
  /** What publishing does besides. */
  during: () => Promise<void> = () => Promise.resolve();

  constructor(figuresSlots = 2) {
    this.inForce = new InForce({
      publish: (add, remove, splits) => {
        const during = this.during();
        this.published.push({ add, remove, splits });
        return during;
      },
      tenantSlots: 4,
      figuresSlots,
      beginTenant: () => undefined,
      clearFigures: () => undefined,
      onFreed: () => undefined,
    });
    const pipeline = new Pipeline(stubCompile());
    this.snapshots = noSnapshots(this.inForce, (deployment, purpose) => this.rehearse(deployment, purpose));
    const { store, blobs, inForce, snapshots } = this;
    this.serving = new StoredServing({ store, blobs, pipeline, inForce, snapshots, onLoaded: () => undefined });
  }

  async append(tenant: string, more = ''): Promise<void> {
    const module = moduleNumbered(this.versions.length);
    const parts = await storeParts(this.blobs, { module, files: new Map() });
    const texts = { manifest: manifestOf(tenant, more), abi: 'wasi', note: '', createdBy: 'ann' };
    const rest = { tenant, size: 1, createdMs: 1, signedBy: null, report: null };
    this.versions.push(this.store.appendVersion({ ...parts, ...texts, ...rest }));
  }

  /** Stores a change, and has it serve. */
  bring(name: string, change: TenantChange): Promise<void> {
    return this.serving.bring(this.store.changeTenant(name, change, null));
  }

  lose(version: number): void {
    const { digest } = this.versions[version - 1] ?? { digest: '' };
    rmSync(join(this.folder, digest.slice(0, 2), digest));
  }

  get free(): number {
    const taken = [0, 1].map(() => this.inForce.takeFigures());
    for (const slot of taken) this.inForce.giveFigures(slot);
    return taken.filter((slot) => slot !== null).length;
  }
}

/** `a` has two versions, the first of which serves. */
async function staged(figuresSlots = 2): Promise<Stage> {
  const stage = new Stage(figuresSlots);
  await stage.append('a');
  await stage.append('a', 'hosts = ["a.localhost", "x.a.localhost"]');
  await stage.bring('a', { active: 1 });
  return stage;
}

const canaryOf = (version: number, percent = 5): TenantRecord['canary'] => ({
  version,
  percent,
  maxCostFactor: 2,
  startedMs: 1,
});

describe('a stored tenant', () => {
  it('serves its active version, at a place of its own', async () => {
    const { serving, inForce, published } = await staged();
    const deployment = serving.deploymentOf('a', 1);
    expect([...inForce.routes]).toEqual([['api a', deployment]]);
    expect(deployment).toMatchObject({ tenant: 'a', version: '1', slot: 0, figuresSlot: 0, hosts: ['a.localhost'] });
    expect(published).toEqual([{ add: [deployment], remove: [], splits: [] }]);
  });

  it('that goes on as it is is not touched', async () => {
    const stage = await staged();
    const before = stage.serving.deploymentOf('a', 1);
    await stage.bring('a', {});
    await stage.bring('a', { limits: { cpu_ms: 1 }, previous: 2 });
    expect([stage.serving.deploymentOf('a', 1), stage.published.length]).toEqual([before, 1]);
  });

  it('with other domains or backends is another deployment, and there is just one', async () => {
    const stage = await staged();
    const ids = new Set([stage.serving.deploymentOf('a', 1)?.id]);
    stage.store.addDomain({ host: 'x.test', tenant: 'a', createdMs: 1, createdBy: 'ann' });
    await stage.bring('a', {});
    ids.add(stage.serving.deploymentOf('a', 1)?.id);
    await stage.bring('a', { allowBackends: ['10.0.0.0/8'] });
    ids.add(stage.serving.deploymentOf('a', 1)?.id);
    expect([ids.size, stage.inForce.routes.size, stage.free]).toEqual([3, 1, 1]);
    expect(stage.serving.deploymentOf('a', 1)).toMatchObject({ hosts: ['a.localhost', 'x.test'], slot: 0 });
  });

  it('with a canary has both deployments, and is listed until it has none', async () => {
    const stage = await staged();
    await stage.bring('a', { canary: canaryOf(2) });
    const [primary, canary] = [1, 2].map((version) => stage.serving.deploymentOf('a', version));
    expect([...stage.serving.canaries()]).toEqual([{ tenant: 'a', primary, canary }]);
    expect(stage.published.at(-1)).toEqual({
      add: [canary],
      remove: [],
      splits: [{ primary: primary?.id, canary: canary?.id, percent: 5 }],
    });
    await stage.bring('a', { canary: null });
    expect([...stage.serving.canaries(), stage.serving.deploymentOf('a', 2)]).toEqual([null]);
  });

  it('whose canary becomes the active version keeps its deployment', async () => {
    const stage = await staged();
    await stage.bring('a', { canary: canaryOf(2) });
    const [primary, canary] = [1, 2].map((version) => stage.serving.deploymentOf('a', version));
    await stage.bring('a', { active: 2, previous: 1, canary: null });
    expect(stage.inForce.routes.get('api a')).toBe(canary);
    expect(stage.published.at(-1)).toEqual({ add: [], remove: [primary?.id], splits: [] });
    expect([stage.serving.deploymentOf('a', 1), stage.free]).toEqual([null, 1]);
  });

  it('without an active version serves nothing and keeps nothing but its counter slot', async () => {
    const stage = await staged();
    await stage.bring('a', { canary: canaryOf(2) });
    await stage.bring('a', { active: null, canary: null });
    expect([stage.inForce.routes.size, stage.free]).toEqual([0, 2]);
    expect([...stage.inForce.tenantSlots]).toEqual([['a', 0]]);
    expect(stage.serving.deploymentOf('a', 1)).toBeNull();
  });

  it('beyond the figures that can be kept serves without', async () => {
    const stage = await staged(1);
    await stage.bring('a', { canary: canaryOf(2) });
    expect(stage.serving.deploymentOf('a', 2)?.figuresSlot).toBeNull();
    await stage.bring('a', { canary: null });
    expect(stage.serving.deploymentOf('a', 1)?.figuresSlot).toBe(0);
  });
});

describe('what cannot be served', () => {
  it('leaves everything as it was, with nothing taken', async () => {
    const stage = await staged();
    const before = stage.serving.deploymentOf('a', 1);
    stage.during = noThread;
    await expect(stage.bring('a', { active: 2 })).rejects.toThrow('no thread');
    await expect(stage.bring('a', { active: null })).rejects.toThrow('no thread');
    expect([stage.serving.deploymentOf('a', 1), stage.serving.deploymentOf('a', 2)]).toEqual([before, null]);
    expect([[...stage.inForce.routes.values()], stage.free]).toEqual([[before], 1]);
  });

  it('because no instance can be tried any more gives back what it has taken', async () => {
    const stage = await staged();
    const give = vi.spyOn(stage.snapshots, 'give').mockRejectedValue(new KerbError('conflict', 'ending'));
    const before = stage.serving.deploymentOf('a', 1);
    expect((await refusalOf(() => stage.bring('a', { canary: canaryOf(2) }))).code).toBe('conflict');
    expect([stage.serving.deploymentOf('a', 1), stage.free]).toEqual([before, 1]);
    give.mockRestore();
    await stage.bring('a', { canary: canaryOf(2) });
    expect(stage.free).toBe(0);
  });

  it('because another tenant has the route leaves everything as it was', async () => {
    const stage = await staged();
    stage.store.addDomain({ host: 'x.a.localhost', tenant: 'b', createdMs: 1, createdBy: 'op' });
    await stage.append('b');
    await stage.bring('b', { active: 1 });
    const before = [...stage.inForce.routes.values()];
    expect((await refusalOf(() => stage.bring('a', { active: 2 }))).code).toBe('route_conflict');
    expect([...stage.inForce.routes.values()]).toEqual(before);
  });

  it('because bytes are lost says which, and the versions beside it take nothing', async () => {
    const stage = new Stage();
    await stage.append('a');
    await stage.append('a');
    stage.lose(2);
    const refused = await refusalOf(() => stage.bring('a', { active: 1, canary: canaryOf(2) }));
    expect([refused.code, refused.message]).toEqual(['corrupt', expect.stringContaining('version 2 of a') as string]);
    expect([stage.free, stage.inForce.routes.size, stage.inForce.nextId()]).toEqual([2, 0, 1]);
  });

  it('is no version that there is', async () => {
    const stage = await staged();
    expect((await refusalOf(() => stage.serving.admitted('a', 3))).code).toBe('not_found');
    expect((await refusalOf(() => stage.serving.admitted('__proto__', 1))).code).toBe('not_found');
    expect(stage.serving.deploymentOf('constructor', 1)).toBeNull();
  });

  it('is not asked of the disk while the version is in force', async () => {
    const stage = await staged();
    stage.lose(1);
    await stage.bring('a', { allowBackends: ['10.0.0.0/8'] });
    expect(stage.serving.deploymentOf('a', 1)?.allowBackends).toEqual(['10.0.0.0/8']);
    expect((await stage.serving.admitted('a', 1)).manifest.name).toBe('a');
  });
});

describe('a rehearsal', () => {
  it('is one of its tenant’s: with its stores and ranges, and little time', async () => {
    const stage = await staged();
    const { serving, store } = stage;
    store.putSecret('a', 'S', Buffer.from('value'));
    store.putConfig('a', 'config', 'k', 'own');
    const tenant = store.changeTenant('a', { allowBackends: ['10.0.0.0/8'] }, null);
    const admitted = async (more: string): Promise<Admitted> => {
      const { manifest } = folderSource('a', more);
      return new Pipeline(stubCompile()).admit({
        manifest,
        module: moduleNumbered(1),
        config: new Uint8Array(0),
        pages: new Map(),
        filters: new Map(),
        folders: new Map(),
      });
    };
    const tried: Deployment[] = [];
    stage.rehearse = (deployment) => (tried.push(deployment), Promise.resolve(STARTED));
    const stores = '[stores]\nkv = ["s"]\nsecrets = ["S"]\nconfig = { k = "manifest" }';
    expect(await serving.rehearse(tenant, await admitted(stores))).toEqual(STARTED);
    await serving.rehearse(tenant, await admitted('[limits]\nwall_ms = 7'));
    const [first, second] = tried;
    expect(first).toMatchObject({ tenant: 'a', slot: 0, allowBackends: ['10.0.0.0/8'], hosts: [] });
    expect(first?.grants.stores).toEqual({
      kv: ['s'],
      cache: false,
      signingKeys: new Map(),
      config: new Map([['k', 'own']]),
      secrets: new Map([['S', Uint8Array.from(Buffer.from('value'))]]),
      madeMs: tenant.createdMs,
    });
    expect([first?.budgets.wallMs, second?.budgets.wallMs]).toEqual([REHEARSAL_WALL_MS, 7]);
  });
});
