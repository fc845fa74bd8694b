import { describe, expect, it } from 'vitest';
import { ANN, ControlHarness, NARROW, refusalOf, WIDER, deployedAt } from './control-harness.ts';

const CANARY = { version: 2, percent: 10, maxCostFactor: 2 };

/** Three versions, the first of which serves. */
async function three(): Promise<ControlHarness> {
  const harness = await ControlHarness.open(['a']);
  await harness.deploy('a', 1);
  for (const number of [2, 3]) await harness.deploy('a', number, '', { activate: false });
  return harness;
}

function shareOf(harness: ControlHarness): [primary: string, canary: string, percent: number] | null {
  const primary = harness.serving('a.localhost');
  const share = primary === null ? undefined : harness.table.shareOf(primary.id);
  return primary === null || share === undefined ? null : [primary.version, share.canary.version, share.percent];
}

describe('activating', () => {
  it('has a version serve, and keeps the one before for the way back', async () => {
    const harness = await three();
    expect(await harness.tenants.activate('a', 3, NARROW)).toMatchObject({ active: 3, previous: 1, revision: 3 });
    expect([harness.serving('a.localhost')?.version, harness.table.size]).toEqual(['3', 1]);
    expect(harness.audit.at(-1)).toMatchObject({ action: 'version.activate', detail: { version: 3, before: 1 } });
  });

  it('what is active already disturbs nothing', async () => {
    const harness = await three();
    await harness.tenants.activate('a', 2, NARROW);
    const published = harness.published.length;
    expect(await harness.tenants.activate('a', 2, NARROW)).toMatchObject({ active: 2, previous: 1 });
    expect(harness.published).toHaveLength(published);
  });

  it.each([4, 0, -1, 1.5, NaN, Infinity, 2 ** 53])('version %d, which is not there, is not_found', async (version) => {
    const harness = await three();
    const before = harness.state();
    expect((await refusalOf(() => harness.tenants.activate('a', version, NARROW))).code).toBe('not_found');
    expect((await refusalOf(() => harness.tenants.version('a', version))).code).toBe('not_found');
    expect(harness.state()).toEqual(before);
  });

  it('at another revision than was seen is refused', async () => {
    const harness = await three();
    const before = harness.state();
    const how = { ...NARROW, ifRevision: 7 };
    expect((await refusalOf(() => harness.tenants.activate('a', 2, how))).code).toBe('precondition_failed');
    expect(harness.state()).toEqual(before);
  });
});

describe('a rollback', () => {
  it('goes back to the version that was active before, and forth again', async () => {
    const harness = await three();
    await harness.tenants.activate('a', 3, NARROW);
    expect(await harness.tenants.rollback('a', ANN)).toMatchObject({ active: 1, previous: 3 });
    expect(harness.serving('a.localhost')?.version).toBe('1');
    expect(await harness.tenants.rollback('a', ANN)).toMatchObject({ active: 3, previous: 1 });
    expect(harness.audit.at(-1)).toMatchObject({ action: 'version.rollback', detail: { version: 3, before: 1 } });
  });

  it('needs nobody to accept what the version before may do', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1, '[limits]\ncpu_ms = 90');
    await harness.deploy('a', 2);
    expect((await harness.tenants.rollback('a', ANN)).active).toBe(1);
  });

  it('to nothing is a conflict', async () => {
    const harness = await three();
    expect((await refusalOf(() => harness.tenants.rollback('a', ANN))).code).toBe('conflict');
  });

  it('at another revision than was seen is refused', async () => {
    const harness = await three();
    await harness.tenants.activate('a', 3, NARROW);
    const before = harness.state();
    expect((await refusalOf(() => harness.tenants.rollback('a', { ...ANN, ifRevision: 1 }))).code).toBe(
      'precondition_failed',
    );
    expect(harness.state()).toEqual(before);
  });

  it('ends a canary', async () => {
    const harness = await three();
    await harness.tenants.activate('a', 3, NARROW);
    await harness.tenants.startCanary('a', CANARY, NARROW);
    expect(await harness.tenants.rollback('a', ANN)).toMatchObject({ active: 1, previous: 3, canary: null });
    expect([shareOf(harness), harness.table.size]).toEqual([null, 1]);
  });
});

describe('a canary', () => {
  it('gets its share beside the active version, which goes on undisturbed', async () => {
    const harness = await three();
    const primary = harness.serving('a.localhost');
    const view = await harness.tenants.startCanary('a', CANARY, NARROW);
    expect(view).toMatchObject({ active: 1, canary: CANARY, revision: 3, hosts: ['a.localhost'] });
    expect([shareOf(harness), harness.table.size]).toEqual([['1', '2', 10], 2]);
    expect(harness.serving('a.localhost')).toBe(primary);
    expect(harness.audit.at(-1)).toMatchObject({ actor: 'ann', action: 'canary.set', detail: CANARY });
  });

  it('is resized without a new deployment, as old as it was', async () => {
    const harness = await three();
    const { canary } = await harness.tenants.startCanary('a', CANARY, NARROW);
    const resized = await harness.tenants.startCanary('a', { ...CANARY, percent: 60 }, NARROW);
    expect(resized.canary).toEqual({ ...canary, percent: 60 });
    expect(shareOf(harness)).toEqual(['1', '2', 60]);
    expect(harness.published.at(-1)).toMatchObject({ add: [], remove: [] });
  });

  it('is replaced by another', async () => {
    const harness = await three();
    await harness.tenants.startCanary('a', CANARY, NARROW);
    await harness.tenants.startCanary('a', { ...CANARY, version: 3 }, NARROW);
    expect([shareOf(harness), harness.table.size]).toEqual([['1', '3', 10], 2]);
  });

  it('is stopped, and the active version has everything again', async () => {
    const harness = await three();
    const primary = harness.serving('a.localhost');
    await harness.tenants.startCanary('a', CANARY, NARROW);
    expect(await harness.tenants.stopCanary('a', ANN)).toMatchObject({ active: 1, canary: null });
    expect([shareOf(harness), harness.serving('a.localhost'), harness.table.size]).toEqual([null, primary, 1]);
    expect(harness.audit.at(-1)?.detail).toEqual({ version: 2, reason: 'asked for' });
    expect((await refusalOf(() => harness.tenants.stopCanary('a', ANN))).code).toBe('conflict');
  });

  it('that is activated is promoted as it is: same deployment, no new id, its instances stay warm', async () => {
    const harness = await three();
    const { inForce } = harness.control;
    await harness.tenants.startCanary('a', CANARY, NARROW);
    const [primary, canary] = harness.published.flatMap(({ add }) => add);
    const compiled = harness.holdCompile(2);
    const id = inForce.nextId();
    expect(await harness.tenants.activate('a', 2, NARROW)).toMatchObject({ active: 2, previous: 1, canary: null });
    expect(harness.published.at(-1)).toEqual({ add: [], remove: [primary?.id], splits: [] });
    expect(harness.serving('a.localhost')).toBe(canary);
    expect(inForce.nextId()).toBe(id + 1);
    compiled.open();
    expect(await harness.tenants.startCanary('a', { ...CANARY, version: 1 }, NARROW)).toMatchObject({ active: 2 });
    expect(shareOf(harness)).toEqual(['2', '1', 10]);
  });

  it('ends when another version is activated or deployed', async () => {
    const harness = await three();
    await harness.tenants.startCanary('a', CANARY, NARROW);
    await harness.tenants.activate('a', 3, NARROW);
    expect([shareOf(harness), harness.table.size]).toEqual([null, 1]);
    await harness.tenants.startCanary('a', CANARY, NARROW);
    await harness.deploy('a', 4);
    expect([shareOf(harness), harness.table.size, harness.tenants.tenant('a').canary]).toEqual([null, 1, null]);
  });

  it('stays while a version is stored for later, and while the active one is activated again is ended', async () => {
    const harness = await three();
    await harness.tenants.startCanary('a', CANARY, NARROW);
    await harness.deploy('a', 4, '', { activate: false });
    expect(shareOf(harness)).toEqual(['1', '2', 10]);
    expect(await harness.tenants.activate('a', 1, NARROW)).toMatchObject({ active: 1, canary: null });
    expect(shareOf(harness)).toBeNull();
  });

  it('keeps its share when domains and backends change', async () => {
    const harness = await three();
    await harness.tenants.startCanary('a', CANARY, NARROW);
    await harness.tenants.addDomain('a', 'x.test', 'ann');
    await harness.tenants.setAllowedBackends('a', ['10.0.0.0/8'], ANN);
    expect([shareOf(harness), harness.table.size]).toEqual([['1', '2', 10], 2]);
    expect(harness.table.shareOf(harness.serving('x.test')?.id ?? 0)?.canary).toMatchObject({
      hosts: ['a.localhost', 'x.test'],
      allowBackends: ['10.0.0.0/8'],
    });
  });

  it.each([
    ['percent', { percent: 0 }],
    ['percent', { percent: 100 }],
    ['percent', { percent: -1 }],
    ['percent', { percent: NaN }],
    ['maxCostFactor', { maxCostFactor: 1 }],
    ['maxCostFactor', { maxCostFactor: NaN }],
    ['maxCostFactor', { maxCostFactor: Infinity }],
  ])('with a bad %s is refused: %j', async (name, part) => {
    const harness = await three();
    const before = harness.state();
    const refused = await refusalOf(() => harness.tenants.startCanary('a', { ...CANARY, ...part }, NARROW));
    expect([refused.code, refused.message.startsWith(`${name}: `)]).toEqual(['bad_request', true]);
    expect(harness.state()).toEqual(before);
  });

  it('of the active version, of none, and beside none is refused', async () => {
    const harness = await three();
    const start = (version: number) => () => harness.tenants.startCanary('a', { ...CANARY, version }, NARROW);
    expect((await refusalOf(start(1))).code).toBe('conflict');
    expect((await refusalOf(start(9))).code).toBe('not_found');
    harness.tenants.createTenant('b', 'ann');
    await harness.deploy('b', 1, '', { activate: false });
    const beside = (): Promise<unknown> => harness.tenants.startCanary('b', { ...CANARY, version: 1 }, WIDER);
    expect((await refusalOf(beside)).code).toBe('conflict');
  });

  it('is set and stopped at the revision that was seen, or not at all', async () => {
    const harness = await three();
    const stale = { ...NARROW, ifRevision: 1 };
    expect((await refusalOf(() => harness.tenants.startCanary('a', CANARY, stale))).code).toBe('precondition_failed');
    await harness.tenants.startCanary('a', CANARY, { ...NARROW, ifRevision: 2 });
    const before = harness.state();
    expect((await refusalOf(() => harness.tenants.stopCanary('a', stale))).code).toBe('precondition_failed');
    expect(harness.state()).toEqual(before);
    await harness.tenants.stopCanary('a', { ...ANN, ifRevision: 3 });
  });
});

describe('2,000 deploys, each rolled back', () => {
  it('leave nothing behind in the tables of the process', { timeout: 120_000 }, async () => {
    const harness = await ControlHarness.open(['a', 'b'], { figuresSlots: 4 });
    await harness.deploy('b', 1);
    await harness.deploy('a', 1);
    const { inForce } = harness.control;
    for (let cycle = 0; cycle < 2_000; cycle++) {
      const { version } = await harness.deploy('a', 2);
      expect(deployedAt(inForce, 'api a')?.figuresSlot).not.toBeNull();
      if (version.version % 100 === 0) {
        const canary = { ...CANARY, version: version.version - 1 };
        await harness.tenants.startCanary('a', canary, NARROW);
      }
      await harness.tenants.rollback('a', ANN);
      if (harness.table.size !== 2 || inForce.routes.size !== 2) throw new Error(`it grew in cycle ${cycle}`);
    }
    expect([inForce.tenantSlots.size, harness.tenants.figures().length]).toEqual([2, 2]);
    const free = [0, 1, 2].map(() => inForce.takeFigures());
    expect(free.filter((slot) => slot !== null)).toHaveLength(2);
    expect(harness.tenants.tenant('a')).toMatchObject({ active: 1 });
  });
});
