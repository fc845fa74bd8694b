import { describe, expect, it } from 'vitest';
import { Activation, type Change } from '../../../src/control/activation.ts';
import { isDeployed } from '../../../src/runtime/deployment.ts';
import { AuditTrail } from '../../../src/control/audit-trail.ts';
import { storeParts } from '../../../src/control/app-store.ts';
import { InForce } from '../../../src/control/in-force.ts';
import { Pipeline } from '../../../src/control/pipeline.ts';
import { StoredServing } from '../../../src/control/stored-serving.ts';
import { openBlobs } from '../../../src/store/blob-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { opened } from '../store/fixtures.ts';
import {
  manifestOf,
  moduleNumbered,
  noSnapshots,
  REFUSED,
  refusalOf,
  stubCompile,
  temporaryFolder,
  noThread,
  deployedAt,
} from './control-harness.ts';

interface Stage {
  readonly store: Store;
  readonly inForce: InForce;
  readonly serving: StoredServing;
  /** Modules compiled. */
  readonly compiled: number[];
  /** What publishing does besides. */
  during: () => Promise<void>;
  apply(change: Change['change'], more?: Partial<Change>): ReturnType<Activation['apply']>;
  actions(): string[];
}

/** The tenant `a` with versions 1 to 3 of modules of the same numbers, and 4, which is refused. */
async function staged(): Promise<Stage> {
  const { store } = opened('a');
  const blobs = openBlobs(temporaryFolder());
  for (const number of [1, 2, 3, REFUSED]) {
    const parts = await storeParts(blobs, { module: moduleNumbered(number), files: new Map() });
    const texts = { manifest: manifestOf('a'), abi: 'wasi', note: '', createdBy: 'ann', signedBy: null, report: null };
    store.appendVersion({ ...parts, ...texts, tenant: 'a', size: 1, createdMs: 1 });
  }
  const compiled: number[] = [];
  const pipeline = new Pipeline((request) => {
    compiled.push(request.bytes.at(-1) ?? 0);
    return stubCompile()(request);
  });
  const inForce = new InForce({
    publish: () => stage.during(),
    tenantSlots: 4,
    figuresSlots: 4,
    beginTenant: () => undefined,
    clearFigures: () => undefined,
    onFreed: () => undefined,
  });
  const serving = new StoredServing({
    store,
    blobs,
    pipeline,
    inForce,
    snapshots: noSnapshots(inForce),
    onLoaded: () => undefined,
  });
  const activation = new Activation(store, serving, new AuditTrail(store, () => undefined));
  const told = { actor: 'ann', ifRevision: null, tenant: 'a', action: 'x.set', detail: {} };
  const stage: Stage = {
    store,
    inForce,
    serving,
    compiled,
    during: () => Promise.resolve(),
    apply: (change, more = {}) => activation.apply({ ...told, change, ...more }),
    actions: () => store.audit({ limit: 100, cursor: null }).items.map(({ action }) => action),
  };
  return stage;
}

describe('a change of what is in force', () => {
  it('is stored first and served then, and answered with the tenant as it is', async () => {
    const stage = await staged();
    let seen: number | null | undefined;
    stage.during = () => Promise.resolve(void (seen = stage.store.tenant('a')?.active));
    expect(await stage.apply({ active: 1 })).toEqual(stage.store.tenant('a'));
    expect([seen, deployedAt(stage.inForce, 'api a')?.version, stage.actions()]).toEqual([1, '1', ['x.set']]);
  });

  it('admits what is not in force yet, and nothing twice', async () => {
    const stage = await staged();
    await stage.apply({ active: 1 });
    await stage.apply({ previous: 2 });
    const canary = { version: 2, percent: 5, maxCostFactor: 2, startedMs: 1 };
    await stage.apply({ canary });
    await stage.apply({ canary: { ...canary, percent: 6 } });
    await stage.apply({ active: 2, canary: null });
    expect(stage.compiled).toEqual([1, 2]);
  });

  it('takes what was just admitted as it is', async () => {
    const stage = await staged();
    const admitted = await stage.serving.admitted('a', 3);
    await stage.apply({ active: 3 }, { fresh: new Map([[3, admitted]]) });
    expect(stage.compiled).toEqual([3]);
    expect(await stage.serving.admitted('a', 3)).toBe(admitted);
  });

  it('to a version that cannot be admitted is found before anything is stored', async () => {
    const stage = await staged();
    await stage.apply({ active: 1 });
    const before = stage.store.tenant('a');
    for (const [version, code] of [
      [4, 'bad_module'],
      [9, 'not_found'],
    ] as const) {
      expect((await refusalOf(() => stage.apply({ active: version }))).code).toBe(code);
      const canary = { version, percent: 5, maxCostFactor: 2, startedMs: 1 };
      expect((await refusalOf(() => stage.apply({ canary }))).code).toBe(code);
    }
    expect([stage.store.tenant('a'), stage.actions()]).toEqual([before, ['x.set']]);
  });

  it('of a tenant that is not there, or at another revision, is refused and not told of', async () => {
    const stage = await staged();
    expect((await refusalOf(() => stage.apply({}, { tenant: '__proto__' }))).code).toBe('not_found');
    expect((await refusalOf(() => stage.apply({ active: 1 }, { ifRevision: 9 }))).code).toBe('precondition_failed');
    expect([stage.actions(), stage.inForce.routes.size]).toEqual([[], 0]);
  });

  it('that cannot be served is undone in every part, and the reason is told', async () => {
    const stage = await staged();
    await stage.apply({ active: 1, limits: { cpu_ms: 5 }, allowBackends: ['10.0.0.0/8'] });
    const before = stage.store.tenant('a');
    stage.during = noThread;
    const canary = { version: 2, percent: 5, maxCostFactor: 2, startedMs: 1 };
    const change = {
      active: 3,
      previous: 1,
      canary,
      limits: {},
      allowBackends: [],
      requiredKeys: ['x'],
      signingKeys: [{}],
    };
    await expect(stage.apply(change)).rejects.toThrow('no thread');
    expect(stage.store.tenant('a')).toEqual({ ...before, revision: (before?.revision ?? 0) + 2 });
    expect(stage.actions()).toEqual(['x.set.undone', 'x.set', 'x.set']);
    expect(stage.store.audit({ limit: 1, cursor: null }).items[0]?.detail).toEqual({ reason: 'no thread' });
    expect(
      stage.inForce.routes
        .values()
        .filter(isDeployed)
        .map(({ version }) => version)
        .toArray(),
    ).toEqual(['1']);
  });
});
