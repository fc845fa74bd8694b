import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadApp, storeParts } from '../../../src/control/app-store.ts';
import { openBlobs } from '../../../src/store/blob-store.ts';
import type { VersionRecord } from '../../../src/store/records.ts';
import { manifestOf, moduleNumbered, refusalOf, temporaryFolder } from './control-harness.ts';

const RECORD: Omit<VersionRecord, 'digest' | 'files' | 'manifest'> = {
  tenant: 'shop',
  version: 3,
  size: 1,
  abi: 'http-wasm',
  report: null,
  signedBy: null,
  note: '',
  createdMs: 1,
  createdBy: 'ann',
};

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text));

describe('an app', () => {
  it('comes back as it was stored, its configuration from the manifest', async () => {
    const blobs = openBlobs(temporaryFolder());
    const stored = await storeParts(blobs, { module: moduleNumbered(7), files: new Map() });
    const app = await loadApp(blobs, { ...RECORD, ...stored, manifest: manifestOf('shop', 'config = "dark"') });
    expect(await app.module.read()).toEqual(moduleNumbered(7));
    expect(Buffer.from(app.config).toString()).toBe('dark');
    expect(app.manifest.name).toBe('shop');
  });

  it.each(['conf.json', '__proto__', 'constructor', 'a/b'])('comes back with its file %s', async (path) => {
    const blobs = openBlobs(temporaryFolder());
    const files = new Map([[path, bytesOf('{}')]]);
    const stored = await storeParts(blobs, { module: moduleNumbered(1), files });
    const manifest = manifestOf('shop', `config = { file = "${path}" }`);
    expect(Object.keys(stored.files)).toEqual([path]);
    expect(Buffer.from((await loadApp(blobs, { ...RECORD, ...stored, manifest })).config).toString()).toBe('{}');
  });

  it.each(['conf.json', '__proto__', 'constructor'])('without its file %s is corrupt', async (path) => {
    const blobs = openBlobs(temporaryFolder());
    const stored = await storeParts(blobs, { module: moduleNumbered(1), files: new Map() });
    const manifest = manifestOf('shop', `config = { file = "${path}" }`);
    const refused = await refusalOf(() => loadApp(blobs, { ...RECORD, ...stored, manifest }));
    expect([refused.code, refused.message]).toEqual([
      'corrupt',
      `version 3 of shop: it has no ${path}; deploy it again`,
    ]);
  });
});

describe('bytes that are', () => {
  it('gone are corrupt, and the error names version, file and digest', async () => {
    const folder = temporaryFolder();
    const blobs = openBlobs(folder);
    const files = new Map([['c.json', bytesOf('{}')]]);
    const stored = await storeParts(blobs, { module: moduleNumbered(1), files });
    const record = { ...RECORD, ...stored, manifest: manifestOf('shop', 'config = { file = "c.json" }') };
    const config = stored.files['c.json'] ?? '';
    rmSync(join(folder, config.slice(0, 2), config));
    const lost = await refusalOf(() => loadApp(blobs, record));
    expect([lost.code, lost.message]).toEqual([
      'corrupt',
      `version 3 of shop: c.json (sha256 ${config}) is not in the data folder any more; deploy it again`,
    ]);
    const plain = await loadApp(blobs, { ...record, manifest: manifestOf('shop') });
    rmSync(join(folder, stored.digest.slice(0, 2), stored.digest));
    expect((await refusalOf(() => plain.module.read())).message).toContain(`its module (sha256 ${stored.digest})`);
  });

  it('changed are corrupt', async () => {
    const folder = temporaryFolder();
    const blobs = openBlobs(folder);
    const stored = await storeParts(blobs, { module: moduleNumbered(1), files: new Map() });
    writeFileSync(join(folder, stored.digest.slice(0, 2), stored.digest), moduleNumbered(2));
    const { module } = await loadApp(blobs, { ...RECORD, ...stored, manifest: manifestOf('shop') });
    const refused = await refusalOf(() => module.read());
    expect([refused.code, refused.message]).toEqual(['corrupt', expect.stringContaining(stored.digest) as string]);
  });

  it('no manifest any more say which version has it', async () => {
    const blobs = openBlobs(temporaryFolder());
    const stored = await storeParts(blobs, { module: moduleNumbered(1), files: new Map() });
    const refused = await refusalOf(() => loadApp(blobs, { ...RECORD, ...stored, manifest: 'name = ' }));
    expect([refused.code, refused.explain()]).toEqual([
      'bad_manifest',
      expect.stringContaining('version 3 of shop') as string,
    ]);
  });
});
