import { describe, expect, it } from 'vitest';
import { ed25519 } from '../auth/forge.ts';
import type { Json } from '../../../src/store/records.ts';
import { ANN, ControlHarness, NARROW, refusalOf } from './control-harness.ts';

const CANARY = { version: 1, percent: 10, maxCostFactor: 2 };

/** Version 3 serves, 2 was before, 1 is the canary; there is a domain. */
async function busy(): Promise<ControlHarness> {
  const harness = await ControlHarness.open(['a', 'b'], { figuresSlots: 3 });
  await harness.tenants.addDomain('a', 'x.test', 'op');
  await harness.deployed('a', 3);
  await harness.tenants.startCanary('a', CANARY, NARROW);
  return harness;
}

describe('a change that the data threads do not take', () => {
  it.each<[string, string, (harness: ControlHarness) => Promise<unknown>]>([
    ['version.activate', 'a deploy', ({ tenants }) => tenants.activate('a', 2, NARROW)],
    ['version.rollback', 'a rollback', ({ tenants }) => tenants.rollback('a', ANN)],
    ['canary.set', 'a resized canary', ({ tenants }) => tenants.startCanary('a', { ...CANARY, percent: 9 }, NARROW)],
    ['canary.set', 'another canary', ({ tenants }) => tenants.startCanary('a', { ...CANARY, version: 2 }, NARROW)],
    ['canary.stop', 'a stopped canary', ({ tenants }) => tenants.stopCanary('a', ANN)],
    ['backends.allow', 'allowed backends', ({ tenants }) => tenants.setAllowedBackends('a', ['10.0.0.0/8'], ANN)],
    ['domain.add', 'a domain', ({ tenants }) => tenants.addDomain('a', 'y.test', 'ann')],
    ['domain.remove', 'a removed domain', ({ tenants }) => tenants.removeDomain('a', 'x.test', 'ann')],
    ['tenant.stop', 'a deleted tenant', ({ tenants }) => tenants.deleteTenant('a', ANN)],
  ])('is undone, told of, and leaves nothing taken: %s (%s)', async (action, _, work) => {
    const harness = await busy();
    const before = harness.state();
    harness.failPublish();
    await expect(work(harness)).rejects.toThrow('no thread');
    expect(harness.state()).toEqual(before);
    expect(harness.trail().slice(-2)).toEqual([`ann ${action} a`, `ann ${action}.undone a`]);
    const { inForce } = harness.control;
    expect([inForce.takeFigures(), inForce.takeFigures()].filter((slot) => slot !== null)).toHaveLength(1);
  });

  it('is none of ceilings and keys, which are asked about at the next deploy', async () => {
    const harness = await busy();
    harness.failPublish();
    const keys = [ed25519().publicJwk as unknown as Json];
    await harness.tenants.setSigningKeys('a', { required: [], keys }, ANN);
    expect((await harness.tenants.setLimits('a', { cpu_ms: 9 }, ANN)).limits).toEqual({ cpu_ms: 9 });
    expect(harness.control.store.tenant('a')?.signingKeys).toHaveLength(1);
  });

  it('of a domain that was there keeps the domain', async () => {
    const harness = await busy();
    const before = harness.state();
    harness.failPublish();
    await harness.tenants.addDomain('a', 'x.test', 'ann');
    expect(harness.state()).toEqual(before);
  });

  it('of a deploy keeps the version, which can be activated later', async () => {
    const harness = await busy();
    const before = harness.state();
    harness.failPublish();
    await expect(harness.deploy('a', 4)).rejects.toThrow('no thread');
    expect(harness.state()).toEqual(before);
    expect(await harness.tenants.activate('a', 4, NARROW)).toMatchObject({ active: 4, previous: 3 });
    expect(
      harness.audit.some(
        ({ action, detail }) => action.endsWith('.undone') && JSON.stringify(detail).includes('no thread'),
      ),
    ).toBe(true);
  });

  it('is a new revision all the same: whoever saw the one before looks again', async () => {
    const harness = await busy();
    const { revision } = harness.tenants.tenant('a');
    harness.failPublish();
    await expect(harness.tenants.stopCanary('a', ANN)).rejects.toThrow('no thread');
    expect(harness.tenants.tenant('a').revision).toBeGreaterThan(revision);
  });

  it('leaves the next change to be made', async () => {
    const harness = await busy();
    harness.failPublish();
    await expect(harness.tenants.rollback('a', ANN)).rejects.toThrow('no thread');
    expect(await harness.tenants.rollback('a', ANN)).toMatchObject({ active: 2, previous: 3 });
    expect(harness.serving('x.test')?.version).toBe('2');
  });
});

describe('changes at the same time', () => {
  it('of one tenant are made in order, while other tenants go on', async () => {
    const harness = await ControlHarness.open(['a', 'b']);
    const stop = harness.holdCompile(1);
    const deploys = [1, 2, 3].map((number) => harness.deploy('a', number));
    await stop.reached;
    expect((await harness.deploy('b', 9)).active).toBe(true);
    expect(harness.control.store.versions('a', { limit: 9, cursor: null }).items).toEqual([]);
    stop.open();
    const numbers = (await Promise.all(deploys)).map(({ version }) => version.version);
    expect([numbers, harness.serving('a.localhost')?.version, harness.table.size]).toEqual([[1, 2, 3], '3', 2]);
    expect(harness.tenants.tenant('a')).toMatchObject({ active: 3, previous: 2 });
  });

  it('for one revision let the first win only', async () => {
    const harness = await ControlHarness.open(['a']);
    const deploys = [1, 2, 3].map((number) => harness.deploy('a', number, '', { ifRevision: 1 }));
    const [first, ...others] = await Promise.allSettled(deploys);
    expect([first?.status, ...others.map(({ status }) => status)]).toEqual(['fulfilled', 'rejected', 'rejected']);
    for (const other of others) expect(other).toMatchObject({ reason: { code: 'precondition_failed' } });
    expect(harness.tenants.versions('a', { limit: 9, cursor: null }).items).toHaveLength(1);
  });

  it('behind one that fails are made as if it had not been', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    harness.failPublish();
    const [failing, next] = await Promise.allSettled([harness.deploy('a', 2), harness.deploy('a', 3)]);
    expect([failing.status, next.status]).toEqual(['rejected', 'fulfilled']);
    expect(harness.tenants.tenant('a')).toMatchObject({ active: 3, previous: 1 });
  });

  it('behind a deletion find nothing', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const [deleted, deploy, canary] = await Promise.allSettled([
      harness.tenants.deleteTenant('a', ANN),
      harness.deploy('a', 2),
      harness.tenants.startCanary('a', CANARY, NARROW),
    ]);
    expect(deleted.status).toBe('fulfilled');
    for (const late of [deploy, canary]) expect(late).toMatchObject({ reason: { code: 'not_found' } });
    expect(harness.table.size).toBe(0);
  });

  it('are answered only when the data threads serve by them', async () => {
    const harness = await ControlHarness.open(['a']);
    const stop = harness.holdPublish();
    let answered = false;
    const deploy = harness.deploy('a', 1).then(() => (answered = true));
    await stop.reached;
    expect([answered, harness.serving('a.localhost')]).toEqual([false, null]);
    stop.open();
    await deploy;
    expect(harness.serving('a.localhost')?.version).toBe('1');
  });

  it('are deleted only when nothing serves any more', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const stop = harness.holdPublish();
    const deleted = harness.tenants.deleteTenant('a', ANN);
    await stop.reached;
    expect(harness.control.store.tenant('a')).not.toBeNull();
    stop.open();
    await deleted;
    expect([harness.control.store.tenant('a'), harness.table.size]).toEqual([null, 0]);
  });
});

describe('room in the process', () => {
  it('that there is no more for a tenant is a conflict, and nothing serves or is taken', async () => {
    const harness = await ControlHarness.open(['a', 'b'], { tenantSlots: 1, figuresSlots: 2 });
    await harness.deploy('a', 1);
    const before = harness.state();
    expect((await refusalOf(() => harness.deploy('b', 1))).code).toBe('conflict');
    expect(harness.state()).toEqual(before);
    expect([harness.control.inForce.takeFigures(), harness.control.inForce.takeFigures()]).toEqual([1, null]);
  });
});
