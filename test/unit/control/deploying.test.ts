import { describe, expect, it } from 'vitest';
import { signModule } from '../../../src/auth/module-signature.ts';
import { importPublicKey } from '../../../src/auth/public-key.ts';
import { Deploying } from '../../../src/control/deploying.ts';
import { Pipeline } from '../../../src/control/pipeline.ts';
import type { Rehearsal } from '../../../src/runtime/rehearsal.ts';
import type { Outcome } from '../../../src/outcome.ts';
import type { Json, TenantChange, TenantRecord } from '../../../src/store/records.ts';
import type { Store } from '../../../src/store/store.ts';
import { ed25519 } from '../auth/forge.ts';
import { opened } from '../store/fixtures.ts';
import { FAULTY, moduleNumbered, REFUSED, refusalOf, STARTED, stubCompile, upload } from './control-harness.ts';

interface Stage {
  readonly store: Store;
  readonly deploying: Deploying;
  readonly tenant: (change?: TenantChange) => TenantRecord;
}

function staged(maxModuleBytes = 1_000, rehearsal: Rehearsal = STARTED): Stage {
  const { store } = opened('a', 'b');
  const pipeline = new Pipeline(stubCompile());
  const deploying = new Deploying({ store, pipeline, maxModuleBytes, rehearse: () => Promise.resolve(rehearsal) });
  return { store, deploying, tenant: (change = {}) => store.changeTenant('a', change, null) };
}

describe('an upload that is accepted', () => {
  it('comes with what admission found', async () => {
    const { deploying, tenant } = staged();
    const { source, admitted, report, signedBy } = await deploying.accept(upload('a', 5), tenant());
    expect([source.module, signedBy]).toEqual([moduleNumbered(5), null]);
    expect(admitted.manifest).toBe(source.manifest);
    expect(report).toMatchObject({
      tenant: 'a',
      digest: source.digest,
      abi: 'http-wasm',
      code: { checks: 0 },
      startUp: { cpuMs: 1.5, memoryPages: 2, imageBytes: null, perInstance: null },
    });
    expect(report['capabilities']).toContain('host a.localhost');
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('for nobody is asked by no rules of a tenant', async () => {
    const { deploying } = staged();
    const anybodys = upload('whoever', 1, 'hosts = ["bank.example"]', 'no..signature');
    const { source, signedBy } = await deploying.accept(anybodys, null);
    expect([source.manifest.hosts, signedBy]).toEqual([['bank.example'], null]);
  });

  it('may name its own hosts, its domains and hosts below its wildcards', async () => {
    const { store, deploying, tenant } = staged();
    for (const host of ['x.test', '*.y.test']) store.addDomain({ host, tenant: 'a', createdMs: 1, createdBy: 'op' });
    const more = 'hosts = ["a.localhost", "x.test", "z.y.test", "*.y.test"]';
    expect((await deploying.accept(upload('a', 1, more), tenant())).source.manifest.hosts).toHaveLength(4);
  });
});

describe('an upload is refused', () => {
  it.each([
    ['bad_module', REFUSED, ''],
    ['bad_manifest', 1, 'oops = 1'],
    ['refused_module', FAULTY, 'hosts = ["b.localhost"]'],
    ['refused_module', FAULTY, '[limits]\ncpu_ms = 11'],
  ])('with %s, all but the first before it is compiled: module %d, %j', async (code, number, more) => {
    const { deploying, tenant } = staged();
    const given = tenant({ limits: { cpu_ms: 10 } });
    const text = more.includes('[limits]') ? more : `${more}\n[limits]\ncpu_ms = 10`;
    expect((await refusalOf(() => deploying.accept(upload('a', number, text), given))).code).toBe(code);
  });

  it('when it names a domain of another tenant', async () => {
    const { store, deploying, tenant } = staged();
    store.addDomain({ host: 'x.test', tenant: 'b', createdMs: 1, createdBy: 'op' });
    const refused = await refusalOf(() => deploying.accept(upload('a', 1, 'hosts = ["x.test"]'), tenant()));
    expect([refused.code, refused.details.length]).toEqual(['refused_module', 1]);
  });

  it('when its module is too large, or is for another tenant', async () => {
    expect((await refusalOf(() => staged(9).deploying.accept(upload('a'), null))).code).toBe('too_large');
    const { deploying, tenant } = staged();
    expect((await refusalOf(() => deploying.accept(upload('b'), tenant()))).code).toBe('bad_manifest');
  });
});

describe('a signature', () => {
  it('is of a required key, and names who signed; of another known key it is refused with the remedy', async () => {
    const { deploying, tenant } = staged();
    const [own, known] = [ed25519(), ed25519()];
    const { thumbprint } = await importPublicKey(own.publicJwk);
    const signingKeys = [own, known].map(({ publicJwk }) => publicJwk as unknown as Json);
    const given = tenant({ requiredKeys: [thumbprint], signingKeys });
    const { digest } = (await deploying.accept(upload('a', 1), null)).source;
    const by = async (pair: typeof own): Promise<string | null> => {
      const signature = await signModule(pair.privateJwk, digest);
      return (await deploying.accept(upload('a', 1, '', signature), given)).signedBy;
    };
    expect(await by(own)).toBe(thumbprint);
    const refused = await refusalOf(() => by(known));
    expect([refused.code, refused.message]).toEqual([
      'signature_required',
      expect.stringContaining('; sign with') as string,
    ]);
    expect((await refusalOf(() => deploying.accept(upload('a', 1), given))).message).toContain(
      '; deploy with a signature',
    );
  });

  it('is checked before the module is compiled', async () => {
    const { deploying, tenant } = staged();
    const given = tenant({ requiredKeys: ['x'] });
    expect((await refusalOf(() => deploying.accept(upload('a', FAULTY), given))).code).toBe('signature_required');
  });
});

describe('an instance that is tried', () => {
  const failed = (outcome: Outcome): Rehearsal => ({
    ...STARTED,
    outcome: 'failed',
    failure: { outcome, detail: 'why' },
  });

  it.each([
    ['refused_module', 'guest_trap'],
    ['refused_module', 'cpu_limit'],
    ['refused_module', 'memory_limit'],
    ['refused_module', 'wall_limit'],
    ['conflict', 'capacity'],
    ['conflict', 'cpu_quota'],
    ['conflict', 'draining'],
  ] as const)('is %s when it ends in %s, by name', async (code, outcome) => {
    const { deploying, tenant } = staged(1_000, failed(outcome));
    const { code: said, message } = await refusalOf(() => deploying.accept(upload('a'), tenant()));
    expect([said, message.includes(`(${outcome}: why)`)]).toEqual([code, true]);
  });

  it('is none for nobody', async () => {
    const { deploying } = staged(1_000, failed('guest_trap'));
    expect((await deploying.accept(upload('a'), null)).report['startUp']).toBeNull();
  });
});
