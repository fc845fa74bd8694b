import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Compiler } from '../../../src/control/compiler.ts';
import { TENANT_FILE_LIMITS } from '../../../src/control/manifest-limits.ts';
import {
  FAULTY,
  ANN,
  ControlHarness,
  folderSource,
  manifestOf,
  moduleNumbered,
  NARROW,
  REFUSED,
  refusalOf,
  upload,
  WIDER,
} from './control-harness.ts';
import { tarGz } from './tar-bytes.ts';

const ALL = { limit: 100, cursor: null };

describe('a tenant', () => {
  it('is made with nothing in it', async () => {
    const { tenants } = await ControlHarness.open();
    const before = Date.now();
    const made = tenants.createTenant('constructor', 'ann');
    expect(made).toEqual({
      name: 'constructor',
      source: 'api',
      revision: 1,
      createdMs: made.createdMs,
      active: null,
      previous: null,
      canary: null,
      requiredKeys: [],
      limits: {},
      hosts: [],
    });
    expect(made.createdMs).toBeGreaterThanOrEqual(before);
    expect(tenants.tenant('constructor')).toEqual(made);
    expect(tenants.tenants(ALL).items).toEqual([made]);
  });

  it.each(['', '-a', 'a-', 'A', 'a.b', 'a b', 'a_b', '__proto__', 'a\n', 'ä', 'x'.repeat(64), '../x'])(
    'of the name %j is refused',
    async (name) => {
      const { tenants, audit } = await ControlHarness.open();
      const refused = await refusalOf(() => tenants.createTenant(name, 'ann'));
      expect([refused.code, refused.message]).toEqual([
        'bad_request',
        expect.stringMatching(/^name: .*; choose/) as string,
      ]);
      expect(audit).toEqual([]);
    },
  );

  it.each(['a', '0', 'a-b', 'x'.repeat(63), 'constructor', 'hasownproperty'])(
    'of the name %j is taken',
    async (name) => {
      const harness = await ControlHarness.open([name]);
      await harness.deploy(name, 1);
      expect(harness.serving(`${name}.localhost`)?.tenant).toBe(name);
    },
  );

  it('of a name that there is is refused', async () => {
    const { tenants, audit } = await ControlHarness.open(['a']);
    expect((await refusalOf(() => tenants.createTenant('a', 'ann'))).code).toBe('conflict');
    expect(audit).toHaveLength(1);
  });

  it.each(['nobody', '__proto__', 'constructor', ''])(
    'that is not there (%j) is not_found for everything',
    async (name) => {
      const { tenants } = await ControlHarness.open();
      const work: (() => unknown)[] = [
        () => tenants.tenant(name),
        () => tenants.deleteTenant(name, ANN),
        () => tenants.deploy({ ...WIDER, tenant: name, upload: upload('a'), activate: true, note: '' }),
        () => tenants.check(upload('a'), name),
        () => tenants.version(name, 1),
        () => tenants.versions(name, ALL),
        () => tenants.activate(name, 1, NARROW),
        () => tenants.rollback(name, ANN),
        () => tenants.startCanary(name, { version: 1, percent: 1, maxCostFactor: 2 }, NARROW),
        () => tenants.stopCanary(name, ANN),
        () => tenants.domains(name),
        () => tenants.addDomain(name, 'x.test', 'ann'),
        () => tenants.removeDomain(name, 'x.test', 'ann'),
        () => tenants.setLimits(name, {}, ANN),
        () => tenants.backends(name),
        () => tenants.setAllowedBackends(name, [], ANN),
        () => tenants.signingKeys(name),
        () => tenants.setSigningKeys(name, { required: [], keys: [] }, ANN),
        () => tenants.usage(name, 0, 1),
        () => tenants.purge(name, { all: true }, 'ann'),
        () => tenants.cache(name),
      ];
      for (const one of work) expect((await refusalOf(one)).code).toBe('not_found');
    },
  );

  it('that is deleted serves nothing, and its routes, its name and its numbers are free', async () => {
    const harness = await ControlHarness.open(['a', 'b']);
    await harness.tenants.addDomain('a', 'x.test', 'ann');
    await harness.deployed('a', 2);
    await harness.tenants.startCanary('a', { version: 1, percent: 5, maxCostFactor: 2 }, WIDER);
    await harness.tenants.deleteTenant('a', ANN);
    expect([harness.table.size, harness.control.inForce.routes.size]).toEqual([0, 0]);
    expect((await refusalOf(() => harness.tenants.tenant('a'))).code).toBe('not_found');
    await harness.tenants.addDomain('b', 'x.test', 'ann');
    harness.tenants.createTenant('a', 'ann');
    expect((await harness.deploy('a', 1)).version.version).toBe(1);
  });

  it('is deleted at the revision that was seen, or not at all', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const before = harness.state();
    expect((await refusalOf(() => harness.tenants.deleteTenant('a', { ...ANN, ifRevision: 1 }))).code).toBe(
      'precondition_failed',
    );
    expect(harness.state()).toEqual(before);
    await harness.tenants.deleteTenant('a', { ...ANN, ifRevision: 2 });
    expect(harness.trail().slice(-2)).toEqual(['ann tenant.stop a', 'ann tenant.delete a']);
  });

  it('has its part of the cache purged under its own name, and the trail tells', async () => {
    const harness = await ControlHarness.open(['a']);
    expect(await harness.tenants.purge('a', { all: true }, 'ann')).toBe(0);
    expect(harness.purges).toEqual([]);
    await harness.deploy('a', 1);
    expect(await harness.tenants.purge('a', { url: 'http://A.test:80/x?y', soft: true }, 'ann')).toBe(4);
    const tenant = `a@${harness.tenants.tenant('a').createdMs}`;
    const subject = { kind: 'url', host: 'a.test', target: '/x?y' };
    expect(harness.purges).toEqual([{ tenant, subject, mode: 'soft' }]);
    expect(harness.trail().at(-1)).toBe('ann cache.purge a');
  });
});

describe('an upload', () => {
  it('becomes a version that serves at once, and says who, what and when', async () => {
    const harness = await ControlHarness.open(['a']);
    const { version, active, capabilities } = await harness.deploy('a', 7, '', { note: 'first', actor: 'bob' });
    expect(version).toMatchObject({
      tenant: 'a',
      version: 1,
      note: 'first',
      createdBy: 'bob',
      abi: 'http-wasm',
      signedBy: null,
    });
    expect([version.size, version.manifest, version.files]).toEqual([moduleNumbered(7).length, manifestOf('a'), {}]);
    expect([active, capabilities]).toEqual([true, { added: [], removed: [] }]);
    expect(harness.tenants.version('a', 1)).toEqual({ ...version, files: {} });
    expect(harness.serving('a.localhost')).toMatchObject({ tenant: 'a', version: '1', hosts: ['a.localhost'] });
    expect(harness.tenants.tenant('a')).toMatchObject({
      active: 1,
      previous: null,
      revision: 2,
      hosts: ['a.localhost'],
    });
    expect(harness.trail()).toEqual(['ann tenant.create a', 'bob version.create a', 'bob version.activate a']);
  });

  it('gets the next number, and lists come newest first, in parts', async () => {
    const harness = await ControlHarness.open(['a', 'b']);
    const { tenants } = harness;
    for (const tenant of ['a', 'a', 'b', 'a']) await harness.deploy(tenant, 1, '', { activate: false });
    const { items, next } = tenants.versions('a', { limit: 2, cursor: null });
    expect(items.map(({ version }) => version)).toEqual([3, 2]);
    expect(tenants.versions('a', { limit: 2, cursor: next }).items.map(({ version }) => version)).toEqual([1]);
    expect(tenants.versions('b', ALL).items).toHaveLength(1);
  });

  it('that is not to serve yet changes neither what serves nor the revision', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const [before, published] = [harness.state(), harness.published.length];
    const { active } = await harness.deploy('a', 2, '', { activate: false });
    expect([active, harness.state(), harness.published.length]).toEqual([false, before, published]);
  });

  it.each([
    ['a bad module', REFUSED, '', 'bad_module'],
    ['a bad manifest', 1, 'oops = 1', 'bad_manifest'],
    ["another tenant's manifest", 1, null, 'bad_manifest'],
    ['a foreign host', 1, 'hosts = ["b.localhost"]', 'refused_module'],
  ])('with %s is refused, and nothing is stored or served', async (_, number, more, code) => {
    const harness = await ControlHarness.open(['a', 'b']);
    await harness.deploy('a', 1);
    const [before, told] = [harness.state(), harness.audit.length];
    const refused = await refusalOf(() =>
      harness.deploy('a', number, more ?? '', more === null ? { upload: upload('b') } : {}),
    );
    expect(refused.code).toBe(code);
    expect(refused.details.length).toBeGreaterThan(0);
    expect([harness.state(), harness.audit.length]).toEqual([before, told]);
    expect(harness.tenants.versions('a', ALL).items).toHaveLength(1);
  });

  it('that is too large is refused', async () => {
    const harness = await ControlHarness.open(['a']);
    const bytes = new Uint8Array(TENANT_FILE_LIMITS.moduleBytes + 1);
    bytes.set(moduleNumbered(1));
    const large = { upload: { ...upload('a'), bytes } };
    expect((await refusalOf(() => harness.deploy('a', 1, '', large))).code).toBe('too_large');
  });

  it('that shows a bug of Kerb fails as one, and the next one is taken', async () => {
    const harness = await ControlHarness.open(['a']);
    await expect(harness.deploy('a', FAULTY)).rejects.toThrow(TypeError);
    expect((await harness.deploy('a', 1)).version.version).toBe(1);
  });

  it('that may do more than the active version has to be accepted, whatever may do less has not', async () => {
    const harness = await ControlHarness.open(['a']);
    const backend = '[backends.site]\nurl = "http://127.0.0.1:9000"\n';
    await harness.deploy('a', 1, '[limits]\ncpu_ms = 50');
    const before = harness.state();
    const wider = `${backend}[limits]\ncpu_ms = 100\nmemory_mb = 64`;
    const refused = await refusalOf(() => harness.deploy('a', 2, wider, NARROW));
    expect([refused.code, refused.details]).toEqual([
      'wider_capabilities',
      ['backend site http://127.0.0.1:9000', 'cpu_ms 50 -> 100'],
    ]);
    expect([harness.state(), harness.tenants.versions('a', ALL).items.length]).toEqual([before, 1]);
    const { capabilities } = await harness.deploy('a', 2, wider, WIDER);
    expect(capabilities).toEqual({
      added: ['backend site http://127.0.0.1:9000', 'cpu_ms 50 -> 100'],
      removed: ['memory_mb 128 -> 64'],
    });
    expect((await harness.deploy('a', 3, '[limits]\nmemory_mb = 64', NARROW)).active).toBe(true);
  });

  it('that may do more is stored without question when it is not to serve, and asked about then', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const later = { ...NARROW, activate: false };
    expect((await harness.deploy('a', 2, '[limits]\ncpu_ms = 99', later)).capabilities.added).toEqual([
      'cpu_ms 50 -> 99',
    ]);
    expect((await refusalOf(() => harness.tenants.activate('a', 2, NARROW))).code).toBe('wider_capabilities');
    const canary = { version: 2, percent: 5, maxCostFactor: 2 };
    expect((await refusalOf(() => harness.tenants.startCanary('a', canary, NARROW))).code).toBe('wider_capabilities');
    expect((await harness.tenants.activate('a', 2, WIDER)).active).toBe(2);
  });

  it('at another revision than was seen is refused before anything is compiled', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const before = harness.state();
    expect((await refusalOf(() => harness.deploy('a', FAULTY, '', { ifRevision: 1 }))).code).toBe(
      'precondition_failed',
    );
    expect(harness.state()).toEqual(before);
    expect((await harness.deploy('a', 2, '', { ifRevision: 2 })).active).toBe(true);
    expect(harness.tenants.tenant('a').revision).toBe(3);
  });

  it('of the same bytes again is another version', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    await harness.deploy('a', 1);
    const [second, first] = harness.tenants.versions('a', ALL).items;
    expect([first?.digest, first?.version, second?.version]).toEqual([second?.digest, 1, 2]);
    expect(harness.serving('a.localhost')?.version).toBe('2');
  });

  it('as an archive brings its manifest and its configuration, which serve again after a restart', async () => {
    const harness = await ControlHarness.open(['a']);
    const bytes = tarGz(
      { name: 'kerb.toml', content: manifestOf('a', 'config = { file = "__proto__" }') },
      { name: 'a.wasm', content: moduleNumbered(3) },
      { name: '__proto__', content: 'dark' },
    );
    const archive = { kind: 'archive', bytes, manifest: null, signature: null } as const;
    const { version } = await harness.deploy('a', 0, '', { upload: archive });
    expect(Object.keys(version.files)).toEqual(['__proto__']);
    await harness.reopen();
    await harness.control.restore();
    const config = harness.serving('a.localhost')?.grants.config ?? new Uint8Array(0);
    expect(Buffer.from(config).toString()).toBe('dark');
  });

  it('of a real handler goes through the real compiler and comes back after a restart', async () => {
    const compiler = new Compiler();
    onTestFinished(() => compiler.close());
    const harness = await ControlHarness.open(['a'], { compile: (request) => compiler.compile(request) });
    for (const file of ['tenants/hello/hello.wasm', 'bench/guests/echo.wasm']) {
      const bytes = Uint8Array.from(readFileSync(new URL(`../../../${file}`, import.meta.url)));
      const { version } = await harness.deploy('a', 0, '', { upload: { ...upload('a'), bytes } });
      expect([version.size, version.abi]).toEqual([bytes.length, 'http-wasm']);
      expect(version.report).toMatchObject({ digest: version.digest, imports: expect.any(Array) as unknown[] });
    }
    await harness.reopen();
    await harness.control.restore();
    expect(harness.serving('a.localhost')?.module).toBeInstanceOf(WebAssembly.Module);
    expect(harness.serving('a.localhost')?.version).toBe('2');
  });
});

describe('a check', () => {
  it('says what admission would, and stores nothing', async () => {
    const harness = await ControlHarness.open(['a']);
    const before = harness.state();
    const report = await harness.tenants.check(upload('a', 1), 'a');
    expect(report).toMatchObject({ tenant: 'a', abi: 'http-wasm' });
    expect(await harness.tenants.check(upload('whoever', 1, 'hosts = ["x.test"]'), null)).toMatchObject({
      tenant: 'whoever',
    });
    expect([harness.state(), harness.audit.length]).toEqual([before, 1]);
    expect(harness.tenants.versions('a', ALL).items).toEqual([]);
  });

  it('refuses like a deploy', async () => {
    const { tenants } = await ControlHarness.open(['a']);
    expect((await refusalOf(() => tenants.check(upload('a', REFUSED), null))).code).toBe('bad_module');
    expect((await refusalOf(() => tenants.check(upload('b'), 'a'))).code).toBe('bad_manifest');
    expect((await refusalOf(() => tenants.check(upload('a', 1, 'hosts = ["x.test"]'), 'a'))).code).toBe(
      'refused_module',
    );
  });
});

describe('a tenant of the folder', () => {
  it('is seen, and every change is a conflict that says where to change it', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.inFolder(folderSource('shop'));
    const { tenants } = harness;
    expect(tenants.tenant('shop')).toMatchObject({ source: 'folder', active: null, hosts: ['shop.localhost'] });
    const before = harness.state();
    const work: (() => unknown)[] = [
      () => tenants.createTenant('shop', 'ann'),
      () => tenants.deleteTenant('shop', ANN),
      () => harness.deploy('shop', 1),
      () => tenants.activate('shop', 1, NARROW),
      () => tenants.rollback('shop', ANN),
      () => tenants.startCanary('shop', { version: 1, percent: 1, maxCostFactor: 2 }, NARROW),
      () => tenants.stopCanary('shop', ANN),
      () => tenants.addDomain('shop', 'x.test', 'ann'),
      () => tenants.removeDomain('shop', 'x.test', 'ann'),
      () => tenants.setLimits('shop', {}, ANN),
      () => tenants.setAllowedBackends('shop', [], ANN),
      () => tenants.setSigningKeys('shop', { required: [], keys: [] }, ANN),
    ];
    for (const one of work) {
      const refused = await refusalOf(one);
      expect([refused.code, refused.message]).toEqual([
        'conflict',
        'shop is managed by the tenants folder; change its files there',
      ]);
    }
    expect(harness.state()).toEqual(before);
  });

  it('cannot take the name of one of the API, even before that serves', async () => {
    const harness = await ControlHarness.open(['shop']);
    await harness.inFolder(folderSource('shop'));
    expect(harness.table.size).toBe(0);
    expect(harness.said).toContain('the tenant shop was made through the API');
    await harness.deploy('shop', 1);
    expect(harness.tenants.tenant('shop').source).toBe('api');
  });

  it('that is gone leaves its name to the API', async () => {
    const harness = await ControlHarness.open();
    await harness.inFolder(folderSource('shop'));
    await harness.control.registry.apply([{ kind: 'gone', folder: 'tenants/shop' }]);
    expect(harness.tenants.createTenant('shop', 'ann').source).toBe('api');
  });

  it('whose name the API takes while it is published never shares a route with it', async () => {
    const harness = await ControlHarness.open();
    const stop = harness.holdPublish();
    const folder = harness.inFolder(folderSource('shop'));
    await stop.reached;
    harness.tenants.createTenant('shop', 'ann');
    const deploy = harness.deploy('shop', 1);
    stop.open();
    await folder;
    expect((await refusalOf(() => deploy)).code).toBe('route_conflict');
    expect(harness.table.size).toBe(1);
  });
});

describe('usage', () => {
  it('is read by hours, of the tenant alone', async () => {
    const harness = await ControlHarness.open(['a', 'b']);
    const hourMs = 3_600_000;
    const used = { requests: 1, cpuUs: 2, outcomes: { ok: 1 } };
    harness.control.store.addUsage([0, hourMs, 2 * hourMs].map((hour) => ({ tenant: 'a', hourMs: hour, ...used })));
    expect(harness.tenants.usage('a', hourMs, 2 * hourMs)).toEqual([{ tenant: 'a', hourMs, ...used }]);
    expect(harness.tenants.usage('b', 0, 9 * hourMs)).toEqual([]);
  });
});

describe('a note of something done elsewhere', () => {
  it('is in the trail, and heard until the listener stops', async () => {
    const { tenants, control } = await ControlHarness.open();
    const heard: unknown[] = [];
    const stop = tenants.onAudit(({ detail }) => heard.push(detail));
    tenants.note('ann', 'secret.set', 'a', { name: 'K' });
    stop();
    tenants.note('ann', 'secret.set', 'a', { name: 'L' });
    expect(heard).toEqual([{ name: 'K' }]);
    expect(control.store.audit(ALL).items).toHaveLength(2);
  });
});
