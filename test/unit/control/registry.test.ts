import { beforeEach, describe, expect, it } from 'vitest';
import type { Compiled } from '../../../src/control/compiler.ts';
import { parseManifest } from '../../../src/control/manifest.ts';
import { Registry } from '../../../src/control/registry.ts';
import type { FolderEvent } from '../../../src/control/tenants-folder.ts';
import { KerbError } from '../../../src/errors.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { textLog } from '../../../src/telemetry/log.ts';

interface Change {
  readonly add: readonly Deployment[];
  readonly remove: readonly number[];
}

let changes: Change[];
let said: string;
let compiled: number;
let registry: Registry;

const MODULE = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

/** Compiles whatever it gets, but refuses bytes that begin with 1 and fails on those that begin with 2. */
function compile({ bytes }: { bytes: Uint8Array }): Promise<Compiled> {
  compiled += 1;
  if (bytes[0] === 1) return Promise.reject(new KerbError('bad_module', 'no wasm', ['at byte 0']));
  if (bytes[0] === 2) return Promise.reject(new TypeError('a bug'));
  const shape = { imports: [], exports: [], memory: null, startExport: null, stateExports: null };
  return Promise.resolve({ module: MODULE, abi: 'http-wasm', shape, bytesIn: 1, bytesOut: 2 });
}

function made(slots = 10): Registry {
  return new Registry({
    compile,
    publish: (add, remove) => {
      changes.push({ add, remove });
      return Promise.resolve();
    },
    log: textLog('debug', (text) => {
      said += text;
    }),
    slots,
  });
}

beforeEach(() => {
  [changes, said, compiled] = [[], '', 0];
  registry = made();
});

let digests = 0;
function found(name: string, manifest = '', first = 0): FolderEvent {
  digests += 1;
  const source = {
    folder: `tenants/${name}`,
    manifest: parseManifest(`name = "${name}"\nmain = "a.wasm"\n${manifest}`, 'kerb.toml'),
    module: Uint8Array.of(first),
    config: new Uint8Array(0),
    digest: `${digests}`.padStart(64, '0'),
  };
  return { kind: 'found', source };
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
    const failing = new Registry({
      compile,
      publish: () => Promise.reject(new Error('no thread')),
      log: textLog('error', () => {}),
      slots: 1,
    });
    await expect(failing.apply([found('a')])).rejects.toThrow('no thread');
    expect(failing.deployments).toEqual([]);
  });
});

describe('an app that cannot be deployed', () => {
  it('does not keep the others of its batch from it', async () => {
    await registry.apply([found('bad', '', 1), found('good')]);
    expect(running()).toEqual(['good@good.localhost']);
    expect(said).toMatch(/tenants\/bad: not deployed: no wasm\n.*at byte 0/);
  });

  it('keeps its old version, and the log says which and why', async () => {
    await registry.apply([found('a')]);
    const version = registry.deployments[0]?.version;
    await registry.apply([found('a', '', 1)]);
    await registry.apply([broken('a')]);
    expect(registry.deployments[0]?.version).toBe(version);
    expect(said).toContain(`tenants/a: version ${version} keeps serving: no wasm`);
    expect(said).toContain(`tenants/a: version ${version} keeps serving: it is broken`);
  });

  it('because its manifest asks for what cannot be granted says what to remove', async () => {
    await registry.apply([found('a', '[files]\n"/x" = "x"')]);
    expect(running()).toEqual([]);
    expect(said).toMatch(/\[files\].*remove the table/);
  });

  it('is no reason to hide a bug of Kerb', async () => {
    await expect(registry.apply([found('a', '', 2)])).rejects.toThrow('a bug');
  });
});

describe('a route', () => {
  it('belongs to the first that claimed it', async () => {
    await registry.apply([found('a', hosts('x.test')), found('b', hosts('y.test', 'x.test'))]);
    expect(running()).toEqual(['a@x.test']);
    expect(said).toMatch(/tenants\/b: not deployed: x\.test\/ is served by tenant a \(tenants\/a\)/);
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
    expect([...registry.tenants]).toEqual([
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
