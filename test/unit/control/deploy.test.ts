/* oxlint-disable vitest/no-conditional-expect -- each case of a table says what is expected of it */
import { describe, expect, it } from 'vitest';
import type { Compiled } from '../../../src/control/compiler.ts';
import { deploymentOf } from '../../../src/control/deploy.ts';
import { parseManifest } from '../../../src/control/manifest.ts';
import type { TenantSource } from '../../../src/control/tenants-folder.ts';
import { KerbError } from '../../../src/errors.ts';

const COMPILED = {
  module: {},
  abi: 'http-wasm',
  shape: { imports: [] },
  bytesIn: 1,
  bytesOut: 2,
} as unknown as Compiled;

function source(manifest: string): TenantSource {
  return {
    folder: 'tenants/a',
    manifest: parseManifest(`name = "a"\nmain = "a.wasm"\n${manifest}`, 'kerb.toml'),
    module: new Uint8Array(0),
    config: Buffer.from('conf'),
    digest: '0123456789abcdef'.repeat(4),
  };
}

describe('a deployment', () => {
  it('is made from the manifest, the module and its place', () => {
    const deployment = deploymentOf(
      source(`hosts = ["h.test"]\npath = "/p"\nisolation = "reuse"\norigin = "o"
        [limits]\ncpu_ms = 7\nwall_ms = 8\nconcurrency = 9\nrequest_body_mb = 1\nsubrequests = 2
        [env]\nA = "1"\nconstructor = "x"
        [backends.o]\nurl = "http://127.0.0.1:9/"`),
      COMPILED,
      { id: 5, slot: 6 },
    );
    expect(deployment).toMatchObject({
      id: 5,
      slot: 6,
      tenant: 'a',
      version: '0123456789ab',
      hosts: ['h.test'],
      path: '/p',
      isolation: 'reuse',
      abi: 'http-wasm',
      origin: 'o',
      backends: [{ name: 'o', url: 'http://127.0.0.1:9/' }],
      budgets: { cpuMs: 7, wallMs: 8, concurrency: 9, requestBodyBytes: 1_048_576, subrequests: 2 },
    });
    expect(Buffer.from(deployment.grants.config).toString()).toBe('conf');
    expect(Object.entries(deployment.grants.env)).toEqual([
      ['A', '1'],
      ['constructor', 'x'],
    ]);
    expect(Object.isFrozen(deployment)).toBe(true);
  });

  it('has nothing that the manifest does not name', () => {
    const { origin, backends, grants, isolation } = deploymentOf(source(''), COMPILED, { id: 1, slot: 0 });
    expect([origin, backends, grants.env, isolation]).toEqual([null, [], {}, 'request']);
  });
});

describe('a manifest that asks for what cannot be granted', () => {
  it('is refused with all of it at once, and what to do', () => {
    const asking = source('[files]\n"/x" = "x"\n[stores]\nkv = ["k"]\nsecrets = ["S"]\nconfig = { a = "b" }');
    try {
      deploymentOf(asking, COMPILED, { id: 1, slot: 0 });
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof KerbError)) throw error;
      expect(error.code).toBe('refused_module');
      expect(error.details).toHaveLength(4);
      for (const detail of error.details) expect(detail).toMatch(/; remove the/);
    }
  });
});
