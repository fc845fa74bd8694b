import { describe, expect, it } from 'vitest';
import { importPublicKey } from '../../../src/auth/public-key.ts';
import type { DeployRequest } from '../../../src/control/plane.ts';
import type { Json } from '../../../src/store/records.ts';
import { ed25519 } from '../auth/forge.ts';
import { ANN, ControlHarness, NARROW, refusalOf, upload } from './control-harness.ts';

/** Two versions, the second of which serves, and the upload of a third that is being compiled. */
async function uploading(
  more = '',
  how: Partial<DeployRequest> = {},
): Promise<{
  readonly harness: ControlHarness;
  readonly deploying: Promise<unknown>;
  readonly go: () => void;
}> {
  const harness = await ControlHarness.open(['a', 'b']);
  await harness.tenants.addDomain('a', 'x.test', 'op');
  await harness.deployed('a', 2);
  const compiling = harness.holdCompile(3);
  const deploying = harness.deploy('a', 3, more, how);
  deploying.catch(() => undefined);
  await compiling.reached;
  return { harness, deploying, go: () => compiling.open() };
}

describe('while an upload is compiled', () => {
  it('a rollback of its tenant does not wait, and the upload then serves', async () => {
    const { harness, deploying, go } = await uploading();
    expect(await harness.tenants.rollback('a', ANN)).toMatchObject({ active: 1 });
    go();
    await deploying;
    expect(harness.tenants.tenant('a')).toMatchObject({ active: 3, previous: 1 });
  });

  it('another upload of its tenant waits: what is sent last serves last', async () => {
    const { harness, deploying, go } = await uploading();
    const last = harness.deploy('a', 4);
    await harness.deploy('b', 1);
    expect(harness.tenants.tenant('a').active).toBe(2);
    go();
    await Promise.all([deploying, last]);
    expect(harness.tenants.tenant('a')).toMatchObject({ active: 4, previous: 3 });
  });

  it('domains of others are given and taken', async () => {
    const { harness, deploying, go } = await uploading();
    await harness.tenants.addDomain('b', 'b.test', 'op');
    expect(harness.tenants.domains('b')).toHaveLength(1);
    go();
    await deploying;
  });
});

describe('an upload is refused when, while it was compiled,', () => {
  async function refused(
    meanwhile: (harness: ControlHarness) => unknown,
    more = '',
    how: Partial<DeployRequest> = {},
  ): Promise<string> {
    const { harness, deploying, go } = await uploading(more, how);
    await meanwhile(harness);
    const before = harness.state();
    go();
    const { code } = await refusalOf(() => deploying);
    expect(harness.state()).toEqual(before);
    expect(harness.control.store.version('a', 3)).toBeNull();
    return code;
  }

  it('its tenant was deleted', async () => {
    expect(await refused(({ tenants }) => tenants.deleteTenant('a', ANN))).toBe('not_found');
  });

  it('its tenant was deleted and its name given to another', async () => {
    const again = async ({ tenants }: ControlHarness): Promise<void> => {
      const { createdMs } = tenants.tenant('a');
      await tenants.deleteTenant('a', ANN);
      while (Date.now() === createdMs) await new Promise(setImmediate);
      tenants.createTenant('a', 'ann');
    };
    expect(await refused(again)).toBe('conflict');
  });

  it('its tenant went to another revision than was asked for', async () => {
    const change = ({ tenants }: ControlHarness): Promise<unknown> => tenants.rollback('a', ANN);
    // A domain and two versions.
    expect(await refused(change, '', { ifRevision: 4 })).toBe('precondition_failed');
  });

  it('its tenant got lower ceilings', async () => {
    const lower = ({ tenants }: ControlHarness): Promise<unknown> => tenants.setLimits('a', { cpu_ms: 10 }, ANN);
    expect(await refused(lower, '[limits]\ncpu_ms = 11')).toBe('refused_module');
  });

  it('its host was taken back', async () => {
    const take = ({ tenants }: ControlHarness): Promise<unknown> => tenants.removeDomain('a', 'x.test', 'op');
    expect(await refused(take, 'hosts = ["x.test"]')).toBe('refused_module');
  });

  it('a key became required', async () => {
    const { publicJwk } = ed25519();
    const { thumbprint } = await importPublicKey(publicJwk);
    const keys = { required: [thumbprint], keys: [publicJwk as unknown as Json] };
    expect(await refused(({ tenants }) => tenants.setSigningKeys('a', keys, ANN))).toBe('signature_required');
  });

  it('a narrower version became the active one', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    await harness.deploy('a', 2, '[backends.o]\nurl = "http://127.0.0.1:9/"');
    const compiling = harness.holdCompile(3);
    const request = { tenant: 'a', upload: upload('a', 3, '[backends.o]\nurl = "http://127.0.0.1:9/"') };
    const deploying = harness.tenants.deploy({ ...NARROW, ...request, activate: true, note: '' });
    deploying.catch(() => undefined);
    await compiling.reached;
    await harness.tenants.rollback('a', ANN);
    compiling.open();
    expect((await refusalOf(() => deploying)).code).toBe('wider_capabilities');
  });
});
