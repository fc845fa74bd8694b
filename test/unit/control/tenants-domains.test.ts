import { describe, expect, it, vi } from 'vitest';
import { ANN, ControlHarness, folderSource, NARROW, refusalOf } from './control-harness.ts';

const hosts = (...names: string[]): string => `hosts = [${names.map((name) => `"${name}"`).join(', ')}]`;

describe('a domain', () => {
  it('leads to the active version as soon as it is added, in its one spelling', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const before = harness.serving('a.localhost');
    const domain = await harness.tenants.addDomain('a', 'WWW.Example.COM', 'op');
    expect(domain).toMatchObject({ host: 'www.example.com', tenant: 'a', createdBy: 'op' });
    expect(harness.tenants.domains('a')).toEqual([domain]);
    const now = harness.serving('www.example.com');
    expect(now).toMatchObject({ tenant: 'a', version: '1', hosts: ['a.localhost', 'www.example.com'] });
    expect([now?.id === before?.id, harness.serving('a.localhost') === now, harness.table.size]).toEqual([
      false,
      true,
      1,
    ]);
    expect(harness.tenants.tenant('a')).toMatchObject({ revision: 3, hosts: ['a.localhost', 'www.example.com'] });
    expect(harness.audit.at(-1)).toMatchObject({
      actor: 'op',
      action: 'domain.add',
      detail: { host: 'www.example.com' },
    });
  });

  it('may be added before there is anything that serves', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.tenants.addDomain('a', 'x.test', 'op');
    expect(harness.published).toEqual([]);
    await harness.deploy('a', 1);
    expect(harness.serving('x.test')?.tenant).toBe('a');
  });

  it('that is there already changes nothing and is told of nobody', async () => {
    const harness = await ControlHarness.open(['a']);
    const first = await harness.tenants.addDomain('a', 'x.test', 'op');
    const [before, told] = [harness.tenants.tenant('a'), harness.audit.length];
    expect(await harness.tenants.addDomain('a', 'X.test', 'other')).toEqual(first);
    expect([harness.tenants.tenant('a'), harness.audit.length]).toEqual([before, told]);
  });

  it('of another tenant is a conflict that does not say whose', async () => {
    const harness = await ControlHarness.open(['secretive', 'b']);
    await harness.tenants.addDomain('secretive', 'x.test', 'op');
    const before = harness.state();
    const refused = await refusalOf(() => harness.tenants.addDomain('b', 'x.test', 'op'));
    expect([refused.code, refused.message.includes('secretive')]).toEqual(['conflict', false]);
    expect(harness.state()).toEqual(before);
  });

  it.each([
    '',
    'x.test:80',
    'http://x.test',
    '*',
    '*.*.test',
    'a.*.test',
    '*.10.0.0.1',
    'x y',
    '/',
    'x\n.test',
    'ä.test',
  ])('of the host %j is refused', async (host) => {
    const harness = await ControlHarness.open(['a']);
    const refused = await refusalOf(() => harness.tenants.addDomain('a', host, 'op'));
    expect([refused.code, refused.message]).toEqual(['bad_request', expect.stringMatching(/^host: /) as string]);
    expect(harness.audit).toHaveLength(1);
  });

  it('of any name that is a host is taken', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    for (const host of ['constructor', 'tostring', '[::1]', '10.0.0.1']) {
      await harness.tenants.addDomain('a', host, 'op');
      expect(harness.serving(host)?.tenant).toBe('a');
    }
  });

  it('that is removed leads nowhere at once, in any spelling', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    await harness.tenants.addDomain('a', 'x.test', 'op');
    await harness.tenants.removeDomain('a', 'X.TEST', 'op');
    expect([harness.serving('x.test'), harness.tenants.domains('a'), harness.table.size]).toEqual([null, [], 1]);
    expect(harness.serving('a.localhost')?.hosts).toEqual(['a.localhost']);
    expect(harness.audit.at(-1)).toMatchObject({ action: 'domain.remove', detail: { host: 'x.test' } });
  });

  it.each(['x.test', '__proto__', '', "';--"])('%j that the tenant does not have cannot be removed', async (host) => {
    const harness = await ControlHarness.open(['a', 'b']);
    await harness.tenants.addDomain('b', 'x.test', 'op');
    const before = harness.state();
    expect((await refusalOf(() => harness.tenants.removeDomain('a', host, 'op'))).code).toBe('not_found');
    expect(harness.state()).toEqual(before);
  });

  it('that a manifest names goes out of the version when it is removed, and a new version with it is refused', async () => {
    const harness = await ControlHarness.open(['a', 'b']);
    await harness.tenants.addDomain('a', 'x.test', 'op');
    await harness.deploy('a', 1, hosts('x.test'));
    await harness.tenants.removeDomain('a', 'x.test', 'op');
    expect([harness.serving('x.test'), harness.tenants.tenant('a').hosts]).toEqual([null, []]);
    expect((await refusalOf(() => harness.deploy('a', 2, hosts('x.test')))).code).toBe('refused_module');
    await harness.tenants.addDomain('b', 'x.test', 'op');
    await harness.deploy('b', 1, hosts('x.test'));
    expect(harness.serving('x.test')?.tenant).toBe('b');
    await harness.tenants.activate('a', 1, NARROW);
    expect(harness.serving('x.test')?.tenant).toBe('b');
  });
});

describe('a wildcard domain', () => {
  it('leads to the tenant for every label, and lets it name hosts below', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.tenants.addDomain('a', '*.example.com', 'op');
    await harness.deploy('a', 1, hosts('api.example.com'));
    expect(harness.tenants.tenant('a').hosts).toEqual(['*.example.com', 'api.example.com']);
    expect(harness.serving('any.example.com')?.tenant).toBe('a');
    expect(harness.serving('a.b.example.com')).toBeNull();
    expect((await refusalOf(() => harness.deploy('a', 2, hosts('example.com')))).details[0]).toContain(
      'kerb domain add a example.com',
    );
  });

  it('does not take an exact host that another tenant serves', async () => {
    const harness = await ControlHarness.open(['a', 'b']);
    await harness.tenants.addDomain('b', 'api.example.com', 'op');
    await harness.deploy('b', 1);
    await harness.tenants.addDomain('a', '*.example.com', 'op');
    await harness.deploy('a', 1);
    expect(harness.serving('api.example.com')?.tenant).toBe('b');
    const before = harness.state();
    expect((await refusalOf(() => harness.deploy('a', 2, hosts('api.example.com')))).code).toBe('refused_module');
    expect(harness.state()).toEqual(before);
  });
});

describe('a host under the wildcard of another tenant', () => {
  it('leads to whom it was given, at every path, as soon as it is given', async () => {
    const harness = await ControlHarness.open(['a', 'b']);
    await harness.tenants.addDomain('a', '*.test', 'op');
    await harness.deploy('a', 1, `${hosts('x.test')}\npath = "/login"`);
    await harness.deploy('b', 1);
    expect(harness.serving('x.test', '/login')?.tenant).toBe('a');
    await harness.tenants.addDomain('b', 'x.test', 'op');
    expect(harness.serving('x.test', '/login')?.tenant).toBe('b');
    expect(harness.tenants.tenant('a').hosts).toEqual(['*.test']);
    await harness.tenants.removeDomain('b', 'x.test', 'op');
    expect(harness.serving('x.test', '/login')?.tenant).toBe('a');
  });
});

describe('a host that the folder has', () => {
  it('is not given to the API: the domain is taken back', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.inFolder(folderSource('site', hosts('x.test')));
    await harness.deploy('a', 1);
    const before = harness.state();
    const refused = await refusalOf(() => harness.tenants.addDomain('a', 'x.test', 'op'));
    expect([refused.code, refused.message]).toEqual(['route_conflict', expect.stringContaining('x.test/') as string]);
    expect(harness.state()).toEqual(before);
    expect(harness.trail().slice(-2)).toEqual(['op domain.add a', 'op domain.add.undone a']);
    expect(harness.serving('x.test')?.tenant).toBe('site');
  });

  it('is not given to a version, which is then not active', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1, 'path = "/other"');
    await harness.inFolder(folderSource('site', hosts('x.test')));
    await harness.tenants.addDomain('a', 'x.test', 'op');
    const before = harness.state();
    expect((await refusalOf(() => harness.deploy('a', 2))).code).toBe('route_conflict');
    const canary = { version: 2, percent: 5, maxCostFactor: 2 };
    const start = (): Promise<unknown> => harness.tenants.startCanary('a', canary, { ...ANN, acceptWider: true });
    expect((await refusalOf(start)).code).toBe('route_conflict');
    expect(harness.state()).toEqual(before);
    expect(harness.serving('x.test', '/other')?.version).toBe('1');
  });

  it('that the API has is not given to the folder, until it is removed', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.tenants.addDomain('a', 'x.test', 'op');
    await harness.deploy('a', 1);
    const before = harness.state();
    await harness.inFolder(folderSource('site', hosts('x.test')));
    expect(harness.state()).toEqual(before);
    await harness.tenants.deleteTenant('a', ANN);
    // Behind what the deletion itself has asked for.
    await harness.control.registry.apply([]);
    expect(harness.serving('x.test')?.tenant).toBe('site');
  });
});

describe('a change of a domain that cannot be published', () => {
  /** `a` has the wildcard over `x.test` and serves it; `b` serves too. */
  async function wildcard(): Promise<ControlHarness> {
    const harness = await ControlHarness.open(['a', 'b']);
    await harness.tenants.addDomain('a', '*.test', 'op');
    await harness.deploy('a', 1, hosts('x.test'));
    await harness.deploy('b', 1);
    return harness;
  }

  it('gives the host back to whoever had it by a wildcard', async () => {
    const harness = await wildcard();
    const reached = harness.holdPublish();
    harness.failPublish();
    const adding = harness.tenants.addDomain('b', 'x.test', 'op');
    adding.catch(() => undefined);
    await reached.reached;
    reached.open();
    await expect(adding).rejects.toThrow('no thread');
    expect(harness.serving('x.test')?.tenant).toBe('a');
    expect(harness.tenants.tenant('a').hosts).toEqual(['*.test', 'x.test']);
    expect(harness.tenants.tenant('b').hosts).toEqual(['b.localhost']);
  });

  it('leaves the host with whom it was to be taken from', async () => {
    const harness = await wildcard();
    await harness.tenants.addDomain('b', 'x.test', 'op');
    const reached = harness.holdPublish();
    harness.failPublish();
    const removing = harness.tenants.removeDomain('b', 'x.test', 'op');
    removing.catch(() => undefined);
    await reached.reached;
    reached.open();
    await expect(removing).rejects.toThrow('no thread');
    expect(harness.serving('x.test')?.tenant).toBe('b');
    expect(harness.tenants.tenant('a').hosts).toEqual(['*.test']);
  });

  it('is told when what was there cannot be brought back', async () => {
    const harness = await wildcard();
    const reached = harness.holdPublish();
    for (const fault of ['first', 'second']) harness.failPublish(fault);
    const adding = harness.tenants.addDomain('b', 'x.test', 'op');
    reached.open();
    await expect(adding).rejects.toThrow('first');
    expect(harness.said).toContain('x.test: who served it before does not serve it again: second');
  });
});

describe('a change of a domain', () => {
  it('at another revision than was seen is refused, when its turn comes', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1);
    const { revision } = harness.tenants.tenant('a');
    const stop = harness.holdPublish();
    const first = harness.tenants.addDomain('a', 'x.test', 'op', revision);
    const second = harness.tenants.addDomain('a', 'y.test', 'op', revision);
    second.catch(() => undefined);
    stop.open();
    await first;
    expect((await refusalOf(() => second)).code).toBe('precondition_failed');
    const removing = (seen: number): Promise<void> => harness.tenants.removeDomain('a', 'x.test', 'op', seen);
    expect((await refusalOf(() => removing(revision))).code).toBe('precondition_failed');
    await removing(revision + 1);
    expect(harness.tenants.domains('a')).toEqual([]);
  });

  it('of one tenant does not wait for another tenant', async () => {
    const harness = await ControlHarness.open(['a', 'b']);
    await harness.deployed('a', 2);
    const stop = harness.holdCompile(1);
    const slow = harness.tenants.rollback('a', ANN);
    await stop.reached;
    const waiting = harness.tenants.addDomain('a', 'x.test', 'op');
    await harness.tenants.addDomain('b', 'y.test', 'op');
    expect([harness.tenants.domains('b').length, harness.tenants.domains('a').length]).toEqual([1, 0]);
    stop.open();
    await Promise.all([slow, waiting]);
  });

  it('lines up anew when a wildcard over its host was given meanwhile', async () => {
    const harness = await ControlHarness.open(['a', 'b']);
    await harness.deployed('b', 2);
    const stop = harness.holdCompile(1);
    const slow = harness.tenants.rollback('b', ANN);
    await stop.reached;
    const adding = harness.tenants.addDomain('b', 'x.test', 'op');
    await harness.tenants.addDomain('a', '*.test', 'op');
    await harness.deploy('a', 9, hosts('x.test'));
    expect(harness.serving('x.test')?.tenant).toBe('a');
    stop.open();
    await Promise.all([slow, adding]);
    expect([harness.serving('x.test')?.tenant, harness.serving('y.test')?.tenant]).toEqual(['b', 'a']);
  });
});

describe('a host or a path that a version frees', () => {
  it('goes to an app of the folder that waits for it', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.tenants.addDomain('a', 'x.test', 'op');
    await harness.deploy('a', 1);
    await harness.inFolder(folderSource('site', hosts('x.test')));
    expect(harness.serving('x.test')?.tenant).toBe('a');
    await harness.deploy('a', 2, 'path = "/api"');
    await vi.waitFor(() => expect(harness.serving('x.test')?.tenant).toBe('site'));
    expect(harness.serving('x.test', '/api')?.tenant).toBe('a');
  });
});
