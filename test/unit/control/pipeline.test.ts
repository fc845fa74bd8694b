import { describe, expect, it, onTestFinished } from 'vitest';
import { NO_STORES } from '../../../src/capability/stores.ts';
import { readFileSync } from 'node:fs';
import { Compiler } from '../../../src/control/compiler.ts';
import { parseManifest } from '../../../src/control/manifest.ts';
import type { CompileRequest } from '../../../src/control/compilation.ts';
import { Pipeline, type Admitted, type AppSource, type Placement } from '../../../src/control/pipeline.ts';
import {
  compiledStub,
  FAULTY,
  manifestOf,
  moduleNumbered,
  REFUSED,
  refusalOf,
  stubCompile,
} from './control-harness.ts';

function source(manifest = '', number = 0): AppSource {
  const config = Buffer.from('conf');
  return {
    manifest: parseManifest(manifestOf('a', manifest), 'kerb.toml'),
    module: moduleNumbered(number),
    config,
    pages: new Map(),
    filters: new Map(),
    folders: new Map(),
  };
}

function admitted(manifest: string): Admitted {
  return { ...source(manifest), granted: [], compiled: compiledStub(), filters: [], compileMs: 1 };
}

const PLACE: Placement = {
  id: 5,
  slot: 6,
  figuresSlot: 7,
  version: '8',
  hosts: ['h.test'],
  allowBackends: ['10.0.0.0/8'],
};

describe('a deployment', () => {
  it('is made from the manifest, the module and its place', () => {
    const deployment = new Pipeline(stubCompile()).deploymentOf(
      admitted(`path = "/p"\nisolation = "reuse"\norigin = "o"\nreceipt = true
        [limits]\ncpu_ms = 7\nwall_ms = 8\nconcurrency = 9\nrequest_body_mb = 1\nsubrequests = 2\nwebsockets = 4\ncpu_weight = 3
        [env]\nA = "1"\nconstructor = "x"
        [backends.o]\nurl = "http://127.0.0.1:9/"`),
      PLACE,
      NO_STORES,
    );
    expect(deployment).toMatchObject({
      ...PLACE,
      tenant: 'a',
      path: '/p',
      isolation: 'reuse',
      receipt: true,
      abi: 'http-wasm',
      origin: 'o',
      backends: [{ name: 'o', url: 'http://127.0.0.1:9/' }],
      budgets: {
        cpuMs: 7,
        wallMs: 8,
        concurrency: 9,
        requestBodyBytes: 1_048_576,
        subrequests: 2,
        webSockets: 4,
        cpuWeight: 3,
      },
    });
    expect(Buffer.from(deployment.grants.config).toString()).toBe('conf');
    expect(Object.isFrozen(deployment)).toBe(true);
  });

  it('has its environment by any names', () => {
    const manifest = admitted('[env]\nconstructor = "x"\ntoString = "y"');
    const { grants } = new Pipeline(stubCompile()).deploymentOf(manifest, PLACE, NO_STORES);
    expect(Object.entries(structuredClone(grants.env))).toEqual([
      ['constructor', 'x'],
      ['toString', 'y'],
    ]);
  });

  it('has nothing that the manifest does not name', () => {
    const { origin, backends, grants, isolation } = new Pipeline(stubCompile()).deploymentOf(
      admitted(''),
      PLACE,
      NO_STORES,
    );
    expect([origin, backends, grants.env, isolation]).toEqual([null, [], {}, 'request']);
  });
});

describe('admission', () => {
  it('asks for the module as the manifest wants it', async () => {
    const asked: CompileRequest[] = [];
    const pipeline = new Pipeline((request) => {
      asked.push(request);
      return Promise.resolve(compiledStub());
    });
    const app = source('abi = "http-wasm"\n[limits]\nmemory_mb = 3', 9);
    const { manifest, config, compileMs } = await pipeline.admit(app);
    expect(asked).toEqual([{ bytes: app.module, abi: 'http-wasm', maxMemoryPages: 48 }]);
    expect([manifest, config]).toEqual([app.manifest, app.config]);
    expect(compileMs).toBeGreaterThanOrEqual(0);
  });

  it('hands on what the compiler says', async () => {
    const pipeline = new Pipeline(stubCompile());
    expect(await refusalOf(() => pipeline.admit(source('', REFUSED)))).toMatchObject({
      code: 'bad_module',
      details: ['at byte 0'],
    });
    await expect(pipeline.admit(source('', FAULTY))).rejects.toThrow('a bug');
  });

  it('refuses a folder that is granted and not there, before compiling', async () => {
    const asking = source('[files]\n"/x" = "x"', FAULTY);
    const refused = await refusalOf(() => new Pipeline(stubCompile()).admit(asking));
    expect([refused.code, refused.message]).toEqual([
      'bad_manifest',
      'files: "x" is no folder of the app; add it or remove the entry',
    ]);
  });

  it('grants folders and scratch space, and never deploys an app without its folders', async () => {
    const asking = source('[limits]\nscratch_mb = 2\n[files]\n"/x" = "x"');
    const folders = new Map([['x', [{ kind: 'file' as const, path: 'a', bytes: Buffer.from('A') }]]]);
    const pipeline = new Pipeline(stubCompile());
    const app = await pipeline.admit({ ...asking, folders, madeMs: 5 });
    const { files } = pipeline.deploymentOf(app, PLACE, NO_STORES).grants;
    expect(files).toMatchObject({ scratchBytes: 2_097_152, folders: [{ guest: '/x', madeMs: 5 }] });
    expect(() => pipeline.deploymentOf({ ...app, granted: [] }, PLACE, NO_STORES)).toThrow(TypeError);
  });

  it('refuses to use an instance again whose program runs once', async () => {
    const pipeline = new Pipeline(() => Promise.resolve({ ...compiledStub(), abi: 'wasi-cgi' }));
    const refused = await refusalOf(() => pipeline.admit(source('isolation = "reuse"')));
    expect([refused.code, refused.message]).toEqual([
      'refused_module',
      expect.stringMatching(/^isolation: a program of wasi-cgi runs once.*write isolation = "request"/),
    ]);
    expect((await pipeline.admit(source(''))).compiled.abi).toBe('wasi-cgi');
  });

  it('refuses imports without their grant, each with its remedy, and takes them with it', async () => {
    const imports = ['request', 'send'].map((name) => ({ module: 'kerb_fetch', name }));
    const stub = compiledStub();
    const compiled = { ...stub, shape: { ...stub.shape, imports } };
    const pipeline = new Pipeline(() => Promise.resolve(compiled));
    const refused = await refusalOf(() => pipeline.admit(source('')));
    expect(refused.code).toBe('refused_module');
    expect(refused.details.map((detail) => detail.split(';', 1)[0])).toEqual([
      'import kerb_fetch.request is not granted',
      'import kerb_fetch.send is not granted',
    ]);
    expect(refused.details[0]).toMatch(/; add \[backends/);
    const granted = source('[backends.o]\nurl = "http://127.0.0.1:9/"');
    expect((await pipeline.admit(granted)).compiled).toBe(compiled);
  });

  it('takes a real handler through the real compiler, and leaves the upload as it was', async () => {
    const compiler = new Compiler();
    onTestFinished(() => compiler.close());
    const module = Uint8Array.from(readFileSync(new URL('../../../tenants/hello/hello.wasm', import.meta.url)));
    const before = Buffer.from(module).toString('hex');
    const pipeline = new Pipeline((request) => compiler.compile(request));
    const { compiled } = await pipeline.admit({ ...source('[limits]\nmemory_mb = 1'), module });
    expect(compiled.module).toBeInstanceOf(WebAssembly.Module);
    expect([compiled.abi, compiled.shape.memory?.maximumPages]).toEqual(['http-wasm', 1]);
    expect(Buffer.from(module).toString('hex')).toBe(before);
  });
});
