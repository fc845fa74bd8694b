/** Filters of a manifest on their way to a deployment: written, read from a folder or an upload, stored, admitted. */
import { createHash } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packApp } from '../../../src/cli/pack.ts';
import { admissionReport } from '../../../src/control/admission-report.ts';
import { loadApp, storeParts } from '../../../src/control/app-store.ts';
import { capabilitiesOf } from '../../../src/control/capabilities.ts';
import { Deploying, type Accepted } from '../../../src/control/deploying.ts';
import { namedFiles } from '../../../src/control/manifest-files.ts';
import { parseManifest, type Manifest } from '../../../src/control/manifest.ts';
import { Pipeline, type AppSource } from '../../../src/control/pipeline.ts';
import { inspect, readTenant } from '../../../src/control/tenants-folder-read.ts';
import { readUpload } from '../../../src/control/upload-read.ts';
import { NO_STORES } from '../../../src/capability/stores.ts';
import { chainOf } from '../../../src/runtime/deployment.ts';
import { openBlobs } from '../../../src/store/blob-store.ts';
import type { TenantRecord, VersionRecord } from '../../../src/store/records.ts';
import {
  compiledStub,
  FAULTY,
  manifestOf,
  moduleNumbered,
  refusalOf,
  STARTED,
  stubCompile,
  temporaryFolder,
} from './control-harness.ts';
import { tarGz } from './tar-bytes.ts';

const FILTERS = `
root_id = "mine"
[[filters]]
name = "auth"
main = "filters/auth.wasm"
config = { file = "auth.json" }
root_id = "add_header"
isolation = "reuse"
failure_mode = "open"
[filters.limits]
cpu_ms = 5
memory_mb = 2
[[filters]]
name = "log"
main = "log.wasm"
config = "text"
`;
const FILES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  'filters/auth.wasm': moduleNumbered(1),
  'auth.json': Uint8Array.from(Buffer.from('{}')),
  'log.wasm': moduleNumbered(2),
};
const FILE_MAP = new Map(Object.entries(FILES));
const PLACE = { id: 7, slot: 6, figuresSlot: 7, version: '8', hosts: ['h.test'], allowBackends: [] };

function manifest(more = FILTERS): Manifest {
  return parseManifest(manifestOf('shop', more), 'kerb.toml');
}

function source(more = FILTERS): AppSource {
  return {
    manifest: manifest(more),
    module: moduleNumbered(0),
    config: Buffer.from(''),
    pages: new Map(),
    filters: FILE_MAP,
    folders: new Map(),
  };
}

describe('a manifest', () => {
  it("has filters in order, each with its own limits and the rest of the app's", () => {
    const { filters, limits, rootId } = manifest();
    expect(filters).toMatchObject([
      {
        name: 'auth',
        main: 'filters/auth.wasm',
        abi: 'auto',
        isolation: 'reuse',
        rootId: 'add_header',
        failureMode: 'open',
      },
      { name: 'log', main: 'log.wasm', isolation: 'request', rootId: '', failureMode: 'closed' },
    ]);
    expect(filters[0]?.limits).toEqual({ ...limits, cpuMs: 5, memoryBytes: 2 * 2 ** 20 });
    expect([filters[0]?.config, filters[1]?.config, rootId]).toEqual([
      { kind: 'file', path: 'auth.json' },
      { kind: 'text', text: 'text' },
      'mine',
    ]);
  });

  it.each([
    ['[[filters]]\nname = "a"', 'filters[0].main: is missing'],
    ['[[filters]]\nmain = "a.wasm"', 'filters[0].name: is missing'],
    ['[[filters]]\nname = "a b"\nmain = "a.wasm"', 'filters[0].name: "a b" is not'],
    ['[[filters]]\nname = "a"\nmain = "/etc/x"', 'filters[0].main: "/etc/x" is not a relative path'],
    ['[[filters]]\nname = "a"\nmain = "a.wasm"\nmian = "b"', 'filters[0].mian: is an unknown key; did you mean main?'],
    [
      '[[filters]]\nname = "a"\nmain = "a.wasm"\n[filters.limits]\nconcurrency = 2',
      'filters[0].limits.concurrency: is an unknown key; the keys here are cpu_ms',
    ],
    ['[[filters]]\nname = "a"\nmain = "a.wasm"\n[filters.limits]\ncpu_ms = 0', 'filters[0].limits.cpu_ms: 0 is not'],
    [
      '[[filters]]\nname = "a"\nmain = "a.wasm"\n[[filters]]\nname = "a"\nmain = "a.wasm"',
      'filters[1].name: "a" is taken',
    ],
    ['[[filters]]\nname = "a"\nmain = "a.wasm"\n'.repeat(9), 'filters: a list has more than 8 items'],
    ['filters = "x"', 'filters: "x" is not a list of tables'],
    ['failure_mode = "never"', 'failure_mode: "never" is not one of closed, open'],
  ])('is refused with %j', async (text, fault) => {
    const { details } = await refusalOf(() => manifest(text));
    expect(details.join('\n')).toContain(fault);
  });

  it('says as a capability what each filter may use', () => {
    const lines = capabilitiesOf(manifest(), []);
    expect(lines).toEqual(
      expect.arrayContaining([
        'filter auth open',
        'filter auth cpu_ms 5',
        'filter log closed',
        'filter log memory_mb 128',
      ]),
    );
  });

  it('says as a capability that requests may go on without its own guest', () => {
    expect(capabilitiesOf(manifest('failure_mode = "open"'), [])).toContain('failure_mode open');
    expect(capabilitiesOf(manifest('failure_mode = "closed"'), []).join()).not.toContain('failure_mode');
  });

  it('has beside it the rules of what clients get when a guest fails', () => {
    const rule = '[[on_failure]]\nserve = ["page"]\npage = "auth.json"\n';
    const both = manifest(`failure_mode = "open"\n${FILTERS}${rule}`);
    expect([both.failureMode, both.onFailure.length, both.filters.length]).toEqual(['open', 1, 2]);
    // One file for two ends, each with its own limit.
    expect(namedFiles(both).filter(({ path }) => path === 'auth.json')).toMatchObject([
      { key: 'on_failure[0].page', part: 'page' },
      { key: 'filters[0].config', part: 'filter' },
    ]);
  });

  it('names each file of its filters once', () => {
    expect(namedFiles(manifest()).map(({ path, key }) => `${key} ${path}`)).toEqual([
      'filters[0].main filters/auth.wasm',
      'filters[0].config auth.json',
      'filters[1].main log.wasm',
    ]);
    const twice = '[[filters]]\nname = "a"\nmain = "x.wasm"\n[[filters]]\nname = "b"\nmain = "x.wasm"';
    expect(namedFiles(manifest(twice))).toHaveLength(1);
  });
});

/** A folder with an app in it. */
async function folder(files = FILES): Promise<string> {
  const made = temporaryFolder();
  await writeFile(join(made, 'kerb.toml'), manifestOf('shop', FILTERS));
  await mkdir(join(made, 'filters'));
  for (const [path, bytes] of Object.entries({ ...files, [manifest().main]: moduleNumbered(0) }))
    await writeFile(join(made, path), bytes);
  return made;
}

describe('the files of filters', () => {
  it("are read from the app's folder, and make another version when they change", async () => {
    const made = await folder();
    const before = await readTenant(await inspect(made), manifest());
    expect(before?.filters).toEqual(FILE_MAP);
    await writeFile(join(made, 'log.wasm'), moduleNumbered(3));
    const after = await readTenant(await inspect(made), manifest());
    expect(after?.digest).not.toBe(before?.digest);
  });

  it('are waited for and asked for by their key', async () => {
    const made = await folder({ 'auth.json': Uint8Array.of(1), 'log.wasm': moduleNumbered(2) });
    const inspection = await inspect(made);
    expect(inspection.changedMs).toBeNull();
    const refused = await refusalOf(() => readTenant(inspection, manifest()));
    expect(refused.explain()).toContain('filters[0].main');
  });

  it('are packed, read from the archive, stored and loaded', async () => {
    const { bytes, files } = await packApp(await folder());
    expect(files).toEqual(expect.arrayContaining(Object.keys(FILES)));
    const upload = { kind: 'archive' as const, bytes: Uint8Array.from(bytes), manifest: null, signature: null };
    const read = await readUpload(upload, { name: 'shop', maxModuleBytes: 1_000_000, ceilings: {} });
    const blobs = openBlobs(temporaryFolder());
    const record = {
      tenant: 'shop',
      version: 1,
      size: 1,
      abi: 'proxy-wasm',
      report: null,
      signedBy: null,
      note: '',
      createdMs: 1,
      createdBy: 'ann',
    };
    const app = await loadApp(blobs, { ...record, ...(await storeParts(blobs, read)), manifest: read.manifestText });
    expect([...app.filters].map(([path, of]) => [path, Buffer.from(of)])).toEqual(
      Object.entries(FILES).map(([path, of]) => [path, Buffer.from(of)]),
    );
  });

  it('that are not in an archive are all named', async () => {
    const bytes = tarGz({ name: 'kerb.toml', content: Buffer.from(manifestOf('shop', FILTERS)) });
    const upload = { kind: 'archive' as const, bytes, manifest: null, signature: null };
    const { details } = await refusalOf(() =>
      readUpload(upload, { name: 'shop', maxModuleBytes: 1_000_000, ceilings: {} }),
    );
    expect(details.map((detail) => detail.split(':')[0])).toEqual([
      'main',
      ...namedFiles(manifest()).map(({ key }) => key),
    ]);
  });

  it('cannot come with a bare module', async () => {
    const upload = {
      kind: 'module' as const,
      bytes: moduleNumbered(0),
      manifest: manifestOf('shop', FILTERS),
      signature: null,
    };
    const { details } = await refusalOf(() =>
      readUpload(upload, { name: 'shop', maxModuleBytes: 1_000_000, ceilings: {} }),
    );
    expect(details.join()).toContain('filters[1].main: "log.wasm" cannot come with a bare module');
  });
});

describe('the deployment of an app with filters', () => {
  it('of the store has all its modules compiled as stored ones, by their digests', async () => {
    const asked: string[] = [];
    const refuse = (): never => {
      throw new Error('compiled as an upload');
    };
    const pipeline = new Pipeline(refuse, async ({ digest, read }, options) => {
      asked.push(digest);
      return stubCompile()({ bytes: await read(), ...options });
    });
    const app = source();
    const digest = createHash('sha256').update(app.module).digest('hex');
    await pipeline.admit({ ...app, module: { digest, read: async () => app.module } });
    const filters = app.manifest.filters.map(({ main }) => app.filters.get(main) ?? new Uint8Array(0));
    expect(asked).toEqual([digest, ...filters.map((bytes) => createHash('sha256').update(bytes).digest('hex'))]);
  });

  it('is a chain of guests with ids of their own, in order, the app last', async () => {
    const pipeline = new Pipeline(stubCompile());
    const deployment = pipeline.deploymentOf(await pipeline.admit(source()), PLACE, NO_STORES);
    const chain = chainOf(deployment);
    expect(
      chain.map(({ name, id, rootId, failureMode, isolation, figuresSlot }) => [
        name,
        id,
        rootId,
        failureMode,
        isolation,
        figuresSlot,
      ]),
    ).toEqual([
      ['auth', -224, 'add_header', 'open', 'reuse', null],
      ['log', -225, '', 'closed', 'request', null],
      [undefined, 7, 'mine', 'closed', 'request', 7],
    ]);
    expect(chain.map(({ budgets }) => budgets.cpuMs)).toEqual([5, 50, 50]);
    expect(chain.map(({ grants }) => Buffer.from(grants.config).toString())).toEqual(['{}', 'text', '']);
    expect(chain.every(({ slot, tenant }) => slot === 6 && tenant === 'shop')).toBe(true);
  });

  it('has its environment and folders in every guest, and its arguments in its own', async () => {
    const pipeline = new Pipeline(stubCompile());
    const more = `args = ["-x"]\n${FILTERS}[env]\nMODE = "demo"\n[limits]\nscratch_mb = 1\n`;
    const chain = chainOf(pipeline.deploymentOf(await pipeline.admit(source(more)), PLACE, NO_STORES));
    expect(chain.map(({ grants: { args, env, files } }) => [args, env, files.scratchBytes])).toEqual([
      [undefined, { MODE: 'demo' }, 2 ** 20],
      [undefined, { MODE: 'demo' }, 2 ** 20],
      [['-x'], { MODE: 'demo' }, 2 ** 20],
    ]);
  });

  it('is refused with a filter that is to be used again and cannot be', async () => {
    let compiled = 0;
    const program = { ...compiledStub(), abi: 'wasi-cgi' } as const;
    const pipeline = new Pipeline(() => Promise.resolve(compiled++ === 1 ? program : compiledStub()));
    const refused = await refusalOf(() => pipeline.admit(source()));
    expect(refused.message).toMatch(/^filter auth: isolation: a program of wasi-cgi runs once in an instance/);
  });

  it('is refused with the filter that cannot be admitted', async () => {
    const files = new Map([...FILE_MAP, ['log.wasm', moduleNumbered(FAULTY)]] as const);
    const compile = stubCompile();
    const failing = await new Pipeline(compile).admit({ ...source(), filters: files }).catch((error: unknown) => error);
    expect(failing).toBeInstanceOf(Error);
    const ungranted = {
      ...compiledStub(),
      shape: { ...compiledStub().shape, imports: [{ module: 'kerb_kv', name: 'open' }] },
    };
    let compiled = 0;
    const pipeline = new Pipeline(() => Promise.resolve(compiled++ === 1 ? ungranted : compiledStub()));
    const refused = await refusalOf(() => pipeline.admit(source()));
    expect(refused.message).toMatch(/^filter auth: the module imports what its manifest does not grant/);
  });

  it('shares one memory with every version of its tenant, if a guest can share', async () => {
    const pipeline = new Pipeline(() => Promise.resolve({ ...compiledStub(), abi: 'proxy-wasm' }));
    const admitted = await pipeline.admit(source());
    const [one, two] = [1, 2].map((id) => pipeline.deploymentOf(admitted, { ...PLACE, id }, NO_STORES));
    expect(one?.shared).toBeInstanceOf(SharedArrayBuffer);
    expect([two?.shared, one?.filters?.[0]?.shared]).toEqual([one?.shared, one?.shared]);
    const plain = new Pipeline(stubCompile());
    expect(plain.deploymentOf(await plain.admit(source()), PLACE, NO_STORES)).not.toHaveProperty('shared');
  });

  it('is reported with its filters, and with what all of them import', () => {
    const compiled = {
      ...compiledStub(),
      shape: { ...compiledStub().shape, imports: [{ module: 'env', name: 'proxy_log' }] },
    };
    const code = { functions: 1, types: 1, checks: 1 };
    const facts = {
      manifest: manifest(),
      compiled: compiledStub(),
      digest: 'd',
      code,
      compileMs: 1,
      startUp: null,
      notes: [],
    };
    const report = admissionReport({ ...facts, filters: [{ name: 'auth', compiled }] });
    expect(report['filters']).toMatchObject([{ name: 'auth', abi: compiled.abi }]);
    expect(report['imports']).toContainEqual({ module: 'env', name: 'proxy_log' });
    expect(report['capabilities']).toContain('import env.proxy_log');
  });
});

describe('an app that is copied', () => {
  it('has its filters in the copy', async () => {
    const [made, copy] = [await folder(), temporaryFolder()];
    await cp(made, copy, { recursive: true });
    expect((await readTenant(await inspect(copy), manifest()))?.filters.size).toBe(3);
  });
});

describe('a tenant whose modules must be signed', () => {
  it('has no filters, whose modules no signature is of', async () => {
    const deploying = new Deploying({
      store: { domain: () => null, domains: () => [] },
      pipeline: new Pipeline(stubCompile()),
      maxModuleBytes: 1_000_000,
      rehearse: () => Promise.resolve(STARTED),
    });
    const record = { manifest: manifestOf('shop', FILTERS), signedBy: 'key' } as VersionRecord;
    const tenant = { name: 'shop', limits: {}, requiredKeys: ['key'] } as unknown as TenantRecord;
    expect((await refusalOf(() => deploying.refuseUnfit(record, tenant))).code).toBe('signature_required');
    expect(() => deploying.refuseUnfit(record, { ...tenant, requiredKeys: [] })).not.toThrow();
    const accepted = { source: { manifest: manifest() } } as unknown as Accepted;
    const upload = { kind: 'module' as const, bytes: moduleNumbered(0), manifest: null, signature: null };
    const rechecked = refusalOf(() => deploying.recheck(accepted, upload, tenant, tenant));
    expect((await rechecked).message).toContain('those of filters cannot be');
    const strict = { ...tenant, requiredKeys: [], limits: { cpu_ms: 4 } };
    expect((await refusalOf(() => deploying.refuseUnfit(record, strict))).explain()).toContain('limits.cpu_ms: 50');
  });
});
