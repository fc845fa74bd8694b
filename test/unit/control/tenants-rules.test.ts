import { isDeployed } from '../../../src/runtime/deployment.ts';
import { describe, expect, it } from 'vitest';
import { signModule } from '../../../src/auth/module-signature.ts';
import { importPublicKey } from '../../../src/auth/public-key.ts';
import type { Json } from '../../../src/store/records.ts';
import { ed25519, p256, type Pair } from '../auth/forge.ts';
import { ANN, ControlHarness, NARROW, refusalOf, upload, WIDER } from './control-harness.ts';

const jwkOf = (pair: Pair): Json => pair.publicJwk as unknown as Json;
const thumbprintOf = async (pair: Pair): Promise<string> => (await importPublicKey(pair.publicJwk)).thumbprint;

async function digestOf(number: number): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', upload('a', number).bytes)).toString('hex');
}

/** Deploys a module with a signature over that or another one. */
async function signed(harness: ControlHarness, pair: Pair, number: number, over = number): Promise<string | null> {
  const signature = await signModule(pair.privateJwk, await digestOf(over));
  const { version } = await harness.deploy('a', number, '', { upload: upload('a', number, '', signature) });
  return version.signedBy;
}

describe('a tenant that takes signed modules only', () => {
  async function requiring(...pairs: readonly [Pair, ...Pair[]]): Promise<ControlHarness> {
    const harness = await ControlHarness.open(['a']);
    const required = [await thumbprintOf(pairs[0])];
    await harness.tenants.setSigningKeys('a', { required, keys: pairs.map(jwkOf) }, ANN);
    return harness;
  }

  it('takes one by a required key, and keeps who signed it', async () => {
    for (const pair of [ed25519(), p256()]) {
      const harness = await requiring(pair);
      expect(await signed(harness, pair, 1)).toBe(await thumbprintOf(pair));
      expect(harness.tenants.version('a', 1).signedBy).toBe(await thumbprintOf(pair));
    }
  });

  it('refuses one that is not signed, by another key, over other bytes, or malformed; nothing is stored', async () => {
    const [own, known] = [ed25519(), ed25519()];
    const harness = await requiring(own, known);
    const before = harness.state();
    const malformed = { upload: upload('a', 1, '', 'x..y') };
    const tries = [
      () => harness.deploy('a', 1),
      () => signed(harness, ed25519(), 1),
      () => signed(harness, known, 1),
      () => signed(harness, own, 1, 2),
      () => harness.deploy('a', 1, '', malformed),
      () => harness.tenants.check(upload('a', 1), 'a'),
    ];
    for (const attempt of tries) expect((await refusalOf(attempt)).code).toBe('signature_required');
    expect(harness.state()).toEqual(before);
    expect(harness.tenants.versions('a', { limit: 9, cursor: null }).items).toEqual([]);
  });

  it('knows a key by the name that its owner gave it', async () => {
    const pair = ed25519();
    const harness = await ControlHarness.open(['a']);
    const named = { ...(jwkOf(pair) as object), kid: 'ci' } as unknown as Json;
    await harness.tenants.setSigningKeys('a', { required: [await thumbprintOf(pair)], keys: [named] }, ANN);
    const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: 'ci' })).toString('base64url');
    const payload = Buffer.from(`sha256:${await digestOf(1)}`).toString('base64url');
    const signature = Buffer.from(pair.sign(Buffer.from(`${header}.${payload}`))).toString('base64url');
    const { version } = await harness.deploy('a', 1, '', { upload: upload('a', 1, '', `${header}..${signature}`) });
    expect(version.signedBy).toBe(await thumbprintOf(pair));
  });

  it('is shown with its public keys', async () => {
    const pair = ed25519();
    const harness = await requiring(pair);
    const required = [await thumbprintOf(pair)];
    expect(harness.tenants.signingKeys('a')).toEqual({ required, keys: [jwkOf(pair)] });
    expect(harness.tenants.tenant('a').requiredKeys).toEqual(required);
    expect(harness.audit.at(-1)).toMatchObject({ action: 'keys.set', detail: { required, keys: required } });
  });

  it('takes any module again when no key is required any more', async () => {
    const harness = await requiring(ed25519());
    await harness.tenants.setSigningKeys('a', { required: [], keys: [] }, ANN);
    expect((await harness.deploy('a', 1)).version.signedBy).toBeNull();
  });
});

describe('a signature that nobody asked for', () => {
  it('is kept when a known key made it, and refused when not', async () => {
    const pair = ed25519();
    const harness = await ControlHarness.open(['a']);
    await harness.tenants.setSigningKeys('a', { required: [], keys: [jwkOf(pair)] }, ANN);
    expect(await signed(harness, pair, 1)).toBe(await thumbprintOf(pair));
    expect((await refusalOf(() => signed(harness, ed25519(), 2))).code).toBe('signature_required');
  });
});

describe('signing keys', () => {
  it('that are required but not there, or bad, change nothing', async () => {
    const harness = await ControlHarness.open(['a']);
    const before = harness.state();
    const set = (required: string[], keys: Json[]) => () =>
      harness.tenants.setSigningKeys('a', { required, keys }, ANN);
    expect((await refusalOf(set(['constructor'], [jwkOf(ed25519())]))).code).toBe('bad_request');
    expect((await refusalOf(set([], [{ kty: 'oct' }]))).code).toBe('bad_request');
    expect(harness.state()).toEqual(before);
  });

  it('are set at the revision that was seen, or not at all', async () => {
    const harness = await ControlHarness.open(['a']);
    const none = { required: [], keys: [] };
    const stale = { ...ANN, ifRevision: 9 };
    expect((await refusalOf(() => harness.tenants.setSigningKeys('a', none, stale))).code).toBe('precondition_failed');
    expect((await harness.tenants.setSigningKeys('a', none, { ...ANN, ifRevision: 1 })).revision).toBe(2);
  });
});

describe('rules that came after a version', () => {
  const HIGH = '[limits]\ncpu_ms = 500';

  async function twoVersions(): Promise<ControlHarness> {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1, HIGH);
    await harness.deploy('a', 2);
    return harness;
  }

  const ways: [string, (harness: ControlHarness) => Promise<unknown>][] = [
    ['activate', ({ tenants }) => tenants.activate('a', 1, WIDER)],
    ['rollback', ({ tenants }) => tenants.rollback('a', ANN)],
    ['canary', ({ tenants }) => tenants.startCanary('a', { version: 1, percent: 5, maxCostFactor: 2 }, WIDER)],
  ];

  it.each(ways)('hold for it: a ceiling, at %s', async (_, way) => {
    const harness = await twoVersions();
    await harness.tenants.setLimits('a', { cpu_ms: 60 }, ANN);
    const before = harness.state();
    const refused = await refusalOf(() => way(harness));
    expect([refused.code, refused.details.join()]).toEqual(['refused_module', expect.stringContaining('cpu_ms')]);
    expect(harness.state()).toEqual(before);
  });

  it.each(ways)('hold for it: a required key, at %s', async (_, way) => {
    const harness = await twoVersions();
    const pair = ed25519();
    await harness.tenants.setSigningKeys('a', { required: [await thumbprintOf(pair)], keys: [jwkOf(pair)] }, ANN);
    const before = harness.state();
    expect((await refusalOf(() => way(harness))).code).toBe('signature_required');
    expect(harness.state()).toEqual(before);
  });
});

describe('versions', () => {
  it('are kept up to a hundred, and those in use', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 0);
    for (let number = 1; number <= 103; number++) await harness.deploy('a', number, '', { activate: false });
    const { items } = harness.tenants.versions('a', { limit: 1_000, cursor: null });
    expect([items.length, items.at(-1)?.version, items.at(-2)?.version]).toEqual([101, 1, 5]);
  });
});

describe('ceilings', () => {
  it('refuse a manifest that asks for more, with every limit of it, and take one that asks for as much', async () => {
    const harness = await ControlHarness.open(['a']);
    const limits = { cpu_ms: 10, memory_mb: 16, concurrency: 5, wall_ms: 1_000, cpu_weight: 50 };
    expect((await harness.tenants.setLimits('a', limits, ANN)).limits).toEqual(limits);
    const refused = await refusalOf(() => harness.deploy('a', 1));
    expect([refused.code, refused.details.length]).toEqual(['refused_module', 5]);
    const asks = '[limits]\ncpu_ms = 10\nmemory_mb = 16\nconcurrency = 5\nwall_ms = 1000\ncpu_weight = 50';
    expect((await harness.deploy('a', 1, asks)).active).toBe(true);
  });

  it('are kept to by a manifest that Kerb writes', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.tenants.setLimits('a', { cpu_ms: 10 }, ANN);
    await harness.deploy('a', 1, '', { upload: { ...upload('a', 1), manifest: null } });
    expect(harness.serving('a.localhost')?.budgets.cpuMs).toBe(10);
  });

  it('leave what serves as it is, and are told of', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const [serving, published] = [harness.serving('a.localhost'), harness.published.length];
    expect((await harness.tenants.setLimits('a', { cpu_ms: 1 }, ANN)).revision).toBe(3);
    expect([harness.serving('a.localhost'), harness.published.length]).toEqual([serving, published]);
    expect(harness.audit.at(-1)).toMatchObject({ actor: 'ann', action: 'limits.set', detail: { cpu_ms: 1 } });
  });

  it('are set at the revision that was seen, or not at all', async () => {
    const harness = await ControlHarness.open(['a']);
    const stale = { ...ANN, ifRevision: 9 };
    expect((await refusalOf(() => harness.tenants.setLimits('a', {}, stale))).code).toBe('precondition_failed');
  });
});

describe('backends', () => {
  it('are those of the active version', async () => {
    const harness = await ControlHarness.open(['a']);
    expect(harness.tenants.backends('a')).toEqual({ backends: [], allow: [] });
    await harness.deploy('a', 1, '[backends.constructor]\nurl = "http://127.0.0.1:9000/"');
    expect(harness.tenants.backends('a').backends).toEqual([{ name: 'constructor', url: 'http://127.0.0.1:9000/' }]);
    await harness.deploy('a', 2);
    expect(harness.tenants.backends('a').backends).toEqual([]);
  });

  it('may be in the ranges that are allowed, at once', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const allow = ['10.0.0.0/8', 'fd00::/8', '127.0.0.1'];
    expect((await harness.tenants.setAllowedBackends('a', allow, ANN)).revision).toBe(3);
    expect(harness.tenants.backends('a').allow).toEqual(allow);
    expect([harness.serving('a.localhost')?.allowBackends, harness.table.size]).toEqual([allow, 1]);
    await harness.tenants.setAllowedBackends('a', [], ANN);
    expect(harness.serving('a.localhost')?.allowBackends).toEqual([]);
    expect(harness.audit.at(-1)).toMatchObject({ action: 'backends.allow', detail: { allow: [] } });
  });

  it('in ranges that are none are refused, all of them listed', async () => {
    const harness = await ControlHarness.open(['a']);
    const before = harness.state();
    const bad = ['10.0.0.0/33', 'x', '127.1', '', '__proto__'];
    const refused = await refusalOf(() => harness.tenants.setAllowedBackends('a', ['10.0.0.0/8', ...bad], ANN));
    expect([refused.code, refused.details]).toEqual(['bad_request', bad.map((range) => JSON.stringify(range))]);
    expect(harness.state()).toEqual(before);
    const stale = { ...ANN, ifRevision: 9 };
    expect((await refusalOf(() => harness.tenants.setAllowedBackends('a', [], stale))).code).toBe(
      'precondition_failed',
    );
  });

  it('of a canary and its active version both have them', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deployed('a', 2);
    await harness.tenants.startCanary('a', { version: 1, percent: 5, maxCostFactor: 2 }, NARROW);
    await harness.tenants.setAllowedBackends('a', ['10.0.0.0/8'], ANN);
    const ranges = harness.control.inForce.routes
      .values()
      .filter(isDeployed)
      .map(({ allowBackends }) => allowBackends);
    expect([...ranges]).toEqual([['10.0.0.0/8'], ['10.0.0.0/8']]);
  });
});
