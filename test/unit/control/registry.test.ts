import { beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_STORES } from '../../../src/capability/stores.ts';
import { InForce } from '../../../src/control/in-force.ts';
import type { Compile } from '../../../src/control/module-cache.ts';
import { Pipeline } from '../../../src/control/pipeline.ts';
import { Registry } from '../../../src/control/registry.ts';
import type { FolderEvent } from '../../../src/control/tenants-folder.ts';
import { KerbError } from '../../../src/errors.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { textLog } from '../../../src/telemetry/log.ts';
import {
  compiledStub,
  FAULTY,
  folderSource,
  noSnapshots,
  REFUSED,
  stubCompile,
  type Published,
  noThread,
} from './control-harness.ts';

let changes: Published[];
let said: string;
let compiled: number;
let inForce: InForce;
let registry: Registry;
/** Names that the API has. */
let taken: Set<string>;
/** What publishing does besides. */
let during: () => Promise<void>;
/** What compiling does besides. */
let compiling: () => Promise<void>;

/** Compiles whatever it gets, but refuses {@link REFUSED} and fails on {@link FAULTY}. */
const compile: Compile = async (request) => {
  compiled += 1;
  await compiling();
  return stubCompile()(request);
};

function made(slots = 10): Registry {
  inForce = new InForce({
    publish: (add, remove, splits) => {
      const reached = during();
      changes.push({ add, remove, splits });
      return reached;
    },
    tenantSlots: slots,
    figuresSlots: 0,
    beginTenant: () => undefined,
    clearFigures: () => undefined,
    onFreed: () => undefined,
  });
  return new Registry({
    pipeline: new Pipeline(compile),
    inForce,
    snapshots: noSnapshots(inForce),
    log: textLog('debug', (text) => {
      said += text;
    }),
    isTaken: (name) => taken.has(name),
  });
}

beforeEach(() => {
  [changes, said, compiled, taken] = [[], '', 0, new Set()];
  [during, compiling] = [() => Promise.resolve(), () => Promise.resolve()];
  registry = made();
});

let digests = 0;
function found(name: string, manifest = '', number = 0): FolderEvent {
  digests += 1;
  const source = folderSource(name, manifest, number);
  return { kind: 'found', source: { ...source, digest: `${digests}`.padStart(64, '0') } };
}

function gone(name: string): FolderEvent {
  return { kind: 'gone', folder: `tenants/${name}` };
}

function broken(name: string): FolderEvent {
  return {
    kind: 'broken',
    folder: `tenants/${name}`,
    error: new KerbError('bad_manifest', 'it is broken', ['line 3']),
  };
}

function hosts(...names: string[]): string {
  return `hosts = [${names.map((name) => `"${name}"`).join(', ')}]`;
}

function running(): string[] {
  return registry.deployments.map(({ tenant, hosts: [host] }) => `${tenant}@${host}`).toSorted();
}

describe('a batch', () => {
  it('becomes one change', async () => {
    await registry.apply([found('a'), found('b')]);
    expect(changes).toHaveLength(1);
    expect(changes[0]?.add.map(({ tenant }) => tenant)).toEqual(['a', 'b']);
    expect(running()).toEqual(['a@a.localhost', 'b@b.localhost']);
  });

  it('replaces, adds and removes at once', async () => {
    await registry.apply([found('a'), found('b')]);
    const [old, removed] = changes[0]?.add ?? [];
    await registry.apply([found('a'), gone('b'), found('c')]);
    expect(new Set(changes[1]?.remove)).toEqual(new Set([old?.id, removed?.id]));
    expect(changes[1]?.add.map(({ tenant }) => tenant)).toEqual(['a', 'c']);
    expect(said).toContain('b: removed');
    expect(said).not.toContain('a: removed');
  });

  it('that changes nothing is not published', async () => {
    await registry.apply([]);
    await registry.apply([gone('never')]);
    await registry.apply([broken('a')]);
    expect(changes).toEqual([]);
  });

  it('gives every version an id that was never used', async () => {
    for (let i = 0; i < 3; i++) await registry.apply([found('a')]);
    const ids = changes.flatMap(({ add }) => add.map(({ id }) => id));
    expect(new Set(ids).size).toBe(3);
  });

  it('that cannot be published leaves everything as it was', async () => {
    await registry.apply([found('a')]);
    const version = registry.deployments[0]?.version;
    during = noThread;
    await expect(registry.apply([found('a'), found('b')])).rejects.toThrow('no thread');
    expect(registry.deployments.map((one) => one.version)).toEqual([version]);
    expect(inForce.routes.size).toBe(1);
    during = () => Promise.resolve();
    await registry.apply([found('c')]);
    expect(said).toContain('c: version');
    expect(said).not.toContain('b: version');
  });
});

it('gives back the room of images of what could not be published, and of nothing that serves', async () => {
  const given = vi.spyOn(inForce, 'giveImage');
  await registry.apply([found('a')]);
  const last = registry.deployments[0]?.id ?? 0;
  during = noThread;
  await expect(registry.apply([found('b')])).rejects.toThrow('no thread');
  expect(given.mock.calls).toEqual([[last + 1]]);
});

describe('an app that cannot be deployed', () => {
  it('does not keep the others of its batch from it', async () => {
    await registry.apply([found('bad', '', REFUSED), found('good')]);
    expect(running()).toEqual(['good@good.localhost']);
    expect(said).toMatch(/tenants\/bad: not deployed: no wasm\n.*at byte 0/);
  });

  it('keeps its old version, and the log says which and why', async () => {
    await registry.apply([found('a')]);
    const version = registry.deployments[0]?.version;
    await registry.apply([found('a', '', REFUSED)]);
    await registry.apply([broken('a')]);
    expect(registry.deployments[0]?.version).toBe(version);
    expect(said).toContain(`tenants/a: version ${version} keeps serving: no wasm`);
    expect(said).toContain(`tenants/a: version ${version} keeps serving: it is broken`);
  });

  it('because its manifest asks for what cannot be granted says what to do', async () => {
    await registry.apply([found('a', '[files]\n"/x" = "x"')]);
    expect(running()).toEqual([]);
    expect(said).toMatch(/files: "x" is no folder of the app; add it or remove the entry/);
  });

  it('is no reason to hide a bug of Kerb', async () => {
    await expect(registry.apply([found('a', '', FAULTY)])).rejects.toThrow('a bug');
  });
});

describe('a route', () => {
  it('belongs to the first that claimed it', async () => {
    await registry.apply([found('a', hosts('x.test')), found('b', hosts('y.test', 'x.test'))]);
    expect(running()).toEqual(['a@x.test']);
    expect(said).toMatch(/tenants\/b: not deployed: x\.test\/ is served by tenant a; choose/);
  });

  it('is host and path: other paths and the wildcard are other routes', async () => {
    await registry.apply([
      found('a', hosts('x.test')),
      found('b', `${hosts('x.test')}\npath = "/b"`),
      found('c', hosts('*.test')),
    ]);
    expect(running()).toHaveLength(3);
  });

  it('that is held is refused before anything is compiled for it', async () => {
    await registry.apply([found('a', hosts('x.test'))]);
    const before = compiled;
    await registry.apply([found('b', hosts('x.test'))]);
    expect(compiled).toBe(before);
  });

  it('that becomes free goes to who waits for it', async () => {
    await registry.apply([found('a', hosts('x.test')), found('b', hosts('x.test'))]);
    await registry.apply([gone('a')]);
    expect(running()).toEqual(['b@x.test']);
    expect(changes).toHaveLength(2);
  });

  it('can move to another app in one batch, in any order', async () => {
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      registry = made();
      await registry.apply([found(from, hosts('x.test'))]);
      await registry.apply([
        found('a', hosts(from === 'a' ? 'free.test' : 'x.test')),
        found('b', hosts(from === 'b' ? 'free.test' : 'x.test')),
      ]);
      expect(running()).toEqual([`${from}@free.test`, `${to}@x.test`].toSorted());
    }
    expect(said).not.toContain('is served by');
  });

  it('that is waited for is forgotten when the waiting app goes, breaks or wants another', async () => {
    await registry.apply([found('a', hosts('x.test'))]);
    for (const end of [gone('b'), broken('b'), found('b', hosts('z.test'))]) {
      await registry.apply([found('b', hosts('x.test'))]);
      await registry.apply([end]);
    }
    await registry.apply([gone('a')]);
    expect(running()).toEqual(['b@z.test']);
  });

  it("of an app's own old version is no conflict", async () => {
    await registry.apply([found('a', hosts('x.test'))]);
    await registry.apply([found('a', hosts('x.test', 'y.test'))]);
    expect(registry.deployments[0]?.hosts).toEqual(['x.test', 'y.test']);
  });
});

describe('a counter slot', () => {
  it('stays with its tenant over versions and absence', async () => {
    await registry.apply([found('a'), found('b')]);
    await registry.apply([gone('a')]);
    await registry.apply([found('c'), found('a')]);
    expect([...inForce.tenantSlots]).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ]);
    expect(registry.deployments.find(({ tenant }) => tenant === 'a')?.slot).toBe(0);
  });

  it('that there is not is a refusal', async () => {
    registry = made(1);
    await registry.apply([found('a'), found('b')]);
    expect(running()).toEqual(['a@a.localhost']);
    expect(said).toMatch(/room for 1 tenants/);
  });
});

/** A deployment of the API. */
function ofApi(tenant: string, ...names: readonly string[]): Deployment {
  const { manifest, config, pages } = folderSource(tenant);
  const admitted = { manifest, config, pages, granted: [], compileMs: 0, compiled: compiledStub(), filters: [] };
  const place = { id: inForce.nextId(), slot: 0, figuresSlot: null, version: '1', hosts: names, allowBackends: [] };
  return new Pipeline(compile).deploymentOf(admitted, place, NO_STORES);
}

async function deployByApi(tenant: string, ...names: readonly string[]): Promise<void> {
  const deployment = ofApi(tenant, ...names);
  await inForce.apply({ set: new Map([[`api ${tenant}`, deployment]]) });
}

describe('what the API has', () => {
  it('as a route is not given to the folder, until it is free', async () => {
    await deployByApi('shop', 'x.test');
    await registry.apply([found('a', hosts('x.test'))]);
    expect(said).toMatch(/tenants\/a: not deployed: x\.test\/ is served by tenant shop/);
    await inForce.apply({ remove: ['api shop'] });
    await registry.apply([]);
    expect(running()).toEqual(['a@x.test']);
  });

  it.each(['shop', 'constructor'])('as the name %s is not given to the folder, until it is free', async (name) => {
    taken.add(name);
    await registry.apply([found(name), found('b')]);
    expect(running()).toEqual(['b@b.localhost']);
    expect(said).toMatch(/not deployed: the tenant \w+ was made through the API; choose another name/);
    taken.delete(name);
    await registry.apply([]);
    expect(running()).toHaveLength(2);
  });

  it('got as a route while an app was compiled is kept, and the other apps of the batch serve', async () => {
    let first = true;
    compiling = async () => {
      if (!first) return;
      first = false;
      await deployByApi('shop', 'x.test');
    };
    await registry.apply([found('a', hosts('x.test')), found('b')]);
    expect(running()).toEqual(['b@b.localhost']);
    expect(said).toMatch(/tenants\/a: not deployed: x\.test\/ is served by tenant shop/);
    expect(said).not.toContain('a: version');
  });

  it('got as a name while an app was compiled is kept, and the other apps of the batch serve', async () => {
    compiling = () => Promise.resolve(void taken.add('a'));
    await registry.apply([found('a'), found('b')]);
    expect(running()).toEqual(['b@b.localhost']);
    expect(said).toMatch(/tenants\/a: not deployed: the tenant a was made through the API/);
  });
});

describe('an app that waits for a route', () => {
  it('goes on waiting when the change that would have given it cannot be published', async () => {
    await registry.apply([found('a', hosts('x.test')), found('b', hosts('x.test'))]);
    during = noThread;
    await expect(registry.apply([gone('a')])).rejects.toThrow('no thread');
    expect(running()).toEqual(['a@x.test']);
    during = () => Promise.resolve();
    await registry.apply([gone('a')]);
    expect(running()).toEqual(['b@x.test']);
  });
});
