/** The files that a manifest names, on their way from where they come from to a deployment. */
import { NO_STORES } from '../../../src/capability/stores.ts';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packApp } from '../../../src/cli/pack.ts';
import { loadApp, storeParts } from '../../../src/control/app-store.ts';
import { MAX_PAGES_BYTES } from '../../../src/control/limits.ts';
import { TENANT_FILE_LIMITS } from '../../../src/control/manifest-limits.ts';
import { namedFiles, type AppFiles } from '../../../src/control/manifest-files.ts';
import { parseManifest } from '../../../src/control/manifest.ts';
import { Pipeline, type AppSource } from '../../../src/control/pipeline.ts';
import { inspect, readTenant, type TenantSource } from '../../../src/control/tenants-folder-read.ts';
import { readUpload } from '../../../src/control/upload-read.ts';
import { KerbError } from '../../../src/errors.ts';
import { openBlobs } from '../../../src/store/blob-store.ts';
import { URI_GUEST } from '../../guests.ts';
import { moduleNumbered, refusalOf, stubCompile, temporaryFolder } from './control-harness.ts';
import { tarGz, type TarEntry } from './tar-bytes.ts';

const MANIFEST = `name = "hello"\nmain = "handler.wasm"\nconfig = { file = "conf.json" }
[[on_failure]]\npath = "/a"\nserve = ["page"]\npage = "pages/sorry.html"
[[on_failure]]\npath = "/b"\nserve = ["page"]\npage = "pages/sorry.html"\nstatus = 200
[[on_failure]]\npath = "/c"\nserve = ["stale", "page"]\npage = "pages/sorry.json"\n`;
const FILES = { 'conf.json': '{"c":1}', 'pages/sorry.html': '<p>sorry', 'pages/sorry.json': '{"sorry":1}' };
const PLACE = { id: 1, slot: 0, figuresSlot: null, version: '1', hosts: ['h.test'], allowBackends: [] };

const texts = (files: ReadonlyMap<string, Uint8Array>): unknown =>
  Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]));

async function folderWith(changes: Readonly<Record<string, string>> = {}, manifest = MANIFEST): Promise<string> {
  const folder = temporaryFolder();
  await mkdir(join(folder, 'pages'));
  for (const [path, text] of Object.entries({ ...FILES, ...changes })) await writeFile(join(folder, path), text);
  await writeFile(join(folder, 'handler.wasm'), URI_GUEST);
  await writeFile(join(folder, 'kerb.toml'), manifest);
  return folder;
}

async function sourceOf(folder: string): Promise<TenantSource> {
  const inspection = await inspect(folder);
  if (inspection.manifest instanceof KerbError) throw inspection.manifest;
  if (inspection.manifest === null) throw new Error('there is no manifest');
  const source = await readTenant(inspection, inspection.manifest);
  if (source === null) throw new Error('the folder changes');
  return source;
}

function upload(entries: readonly TarEntry[]): ReturnType<typeof readUpload> {
  const bytes = tarGz(
    { name: 'kerb.toml', content: MANIFEST },
    { name: 'handler.wasm', content: URI_GUEST },
    ...entries,
  );
  return readUpload(
    { kind: 'archive', bytes, manifest: null, signature: null },
    {
      name: 'hello',
      maxModuleBytes: 1_000_000,
      ceilings: {},
    },
  );
}

const entries = (files: Readonly<Record<string, string | Uint8Array>> = FILES): TarEntry[] =>
  Object.entries(files).map(([name, content]) => ({ name, content }));

describe('the files that a manifest names', () => {
  it('are the configuration and each page once', () => {
    expect(namedFiles(parseManifest(MANIFEST, 'kerb.toml'))).toEqual([
      { key: 'config', path: 'conf.json', maxBytes: TENANT_FILE_LIMITS.configBytes, part: 'config' },
      { key: 'on_failure[0].page', path: 'pages/sorry.html', maxBytes: TENANT_FILE_LIMITS.pageBytes, part: 'page' },
      { key: 'on_failure[2].page', path: 'pages/sorry.json', maxBytes: TENANT_FILE_LIMITS.pageBytes, part: 'page' },
    ]);
  });

  it('may be one file for both', async () => {
    const manifest = MANIFEST.replaceAll('pages/sorry.html', 'conf.json');
    const { config, pages } = await sourceOf(await folderWith({}, manifest));
    expect([Buffer.from(config).toString(), texts(pages)]).toEqual([
      FILES['conf.json'],
      { 'conf.json': FILES['conf.json'], 'pages/sorry.json': FILES['pages/sorry.json'] },
    ]);
  });
});

const PAGES = { 'pages/sorry.html': '<p>sorry', 'pages/sorry.json': '{"sorry":1}' };

describe('a folder', () => {
  it('brings its pages, and is another version when one changes', async () => {
    const folder = await folderWith();
    const source = await sourceOf(folder);
    expect(texts(source.pages)).toEqual(PAGES);
    const { stamp } = await inspect(folder);
    await writeFile(join(folder, 'pages/sorry.html'), '<p>other');
    expect((await inspect(folder)).stamp).not.toBe(stamp);
    expect((await sourceOf(folder)).digest).not.toBe(source.digest);
  });

  it('shows no page from outside of it', async () => {
    const folder = await folderWith();
    const secret = join(temporaryFolder(), 'secret.html');
    await writeFile(secret, 'of another tenant');
    await rm(join(folder, 'pages/sorry.html'));
    await symlink(secret, join(folder, 'pages/sorry.html'));
    const { code, message } = await refusalOf(() => sourceOf(folder));
    expect([code, message]).toEqual([
      'bad_manifest',
      expect.stringContaining('on_failure[0].page: pages/sorry.html is a link that leads out of the folder'),
    ]);
  });

  it('has no page that is missing or too large', async () => {
    const folder = await folderWith();
    await truncate(join(folder, 'pages/sorry.json'), TENANT_FILE_LIMITS.pageBytes + 1);
    expect((await refusalOf(() => sourceOf(folder))).message).toContain('is 262145 bytes long, and 262144 are allowed');
    await rm(join(folder, 'pages/sorry.json'));
    expect((await refusalOf(() => sourceOf(folder))).message).toContain('pages/sorry.json is not there');
  });

  it('is packed with its pages, which the control plane reads', async () => {
    const packed = await packApp(await folderWith({ 'pages/other.html': 'not named' }));
    expect(packed.files).toEqual(['conf.json', 'handler.wasm', 'kerb.toml', 'pages/sorry.html', 'pages/sorry.json']);
    const bytes = new Uint8Array(packed.bytes);
    const terms = { name: 'hello', maxModuleBytes: 1_000_000, ceilings: {} };
    const source = await readUpload({ kind: 'archive', bytes, manifest: null, signature: null }, terms);
    expect(texts(source.pages)).toEqual(PAGES);
  });
});

describe('an upload', () => {
  it('brings its pages, which are stored and come back with its version', async () => {
    const source = await upload(entries());
    expect(texts(source.pages)).toEqual(PAGES);
    expect(texts(source.files)).toEqual(FILES);
    const blobs = openBlobs(temporaryFolder());
    const stored = await storeParts(blobs, source);
    const record = { tenant: 'hello', version: 3, size: 1, abi: 'http-wasm' as const, report: null, signedBy: null };
    const version = { ...record, ...stored, note: '', createdMs: 1, createdBy: 'ann', manifest: source.manifestText };
    const loaded = await loadApp(blobs, version);
    expect([texts(loaded.pages), Buffer.from(loaded.config).toString()]).toEqual([PAGES, FILES['conf.json']]);
    const { code, message } = await refusalOf(() => loadApp(blobs, { ...version, files: {} }));
    expect([code, message]).toEqual(['corrupt', 'version 3 of hello: it has no conf.json; deploy it again']);
  });

  it('without a page is refused, and so is one with a page that is too large', async () => {
    const missing = await refusalOf(() => upload(entries({ 'conf.json': '{}', 'pages/sorry.html': 'x' })));
    expect([missing.code, missing.details]).toEqual([
      'bad_manifest',
      [expect.stringContaining('on_failure[2].page: "pages/sorry.json" is not in the archive')],
    ]);
    const large = new Uint8Array(TENANT_FILE_LIMITS.pageBytes + 1);
    const refused = await refusalOf(() => upload(entries({ ...FILES, 'pages/sorry.html': large })));
    expect([refused.code, refused.message]).toEqual([
      'too_large',
      'on_failure[0].page is 262145 bytes long, and 262144 are taken; make it smaller',
    ]);
  });

  it('of a bare module cannot have pages', async () => {
    const manifest = MANIFEST.replace('config = { file = "conf.json" }', '');
    const terms = { name: 'hello', maxModuleBytes: 1_000_000, ceilings: {} };
    const bare = { kind: 'module' as const, bytes: URI_GUEST, manifest, signature: null };
    expect((await refusalOf(() => readUpload(bare, terms))).details).toEqual([
      'on_failure[0].page: "pages/sorry.html" cannot come with a bare module; send the folder as tar.gz, or leave it out',
      'on_failure[2].page: "pages/sorry.json" cannot come with a bare module; send the folder as tar.gz, or leave it out',
    ]);
  });
});

describe('a granted folder', () => {
  const GRANTING = `${MANIFEST}\n[files]\n"/app" = "pages"\n"/also" = "pages"\n`;
  const terms = { name: 'hello', maxModuleBytes: 1_000_000, ceilings: {} };
  const inFolder = ({ folders }: AppFiles): unknown =>
    [...folders].map(([folder, found]) => [
      folder,
      Object.fromEntries(found.map((one) => [one.path, one.kind === 'file' ? Buffer.from(one.bytes).toString() : ''])),
    ]);
  const GRANTED = [['pages', { 'sorry.html': '<p>sorry', 'sorry.json': '{"sorry":1}' }]];

  it('comes beside configuration and pages by every road, also where it holds the pages', async () => {
    const folder = await folderWith({}, GRANTING);
    const packed = await packApp(folder);
    const bytes = new Uint8Array(packed.bytes);
    const uploaded = await readUpload({ kind: 'archive', bytes, manifest: null, signature: null }, terms);
    const blobs = openBlobs(temporaryFolder());
    const record = { tenant: 'hello', version: 3, size: 1, abi: 'http-wasm' as const, report: null, signedBy: null };
    const stored = await storeParts(blobs, uploaded);
    const version = { ...record, ...stored, note: '', createdMs: 1, createdBy: 'ann', manifest: uploaded.manifestText };
    const loaded = await loadApp(blobs, version);
    for (const source of [await sourceOf(folder), uploaded, loaded]) {
      expect([inFolder(source), texts(source.pages)]).toEqual([GRANTED, PAGES]);
      expect(Buffer.from(source.config).toString()).toBe(FILES['conf.json']);
    }
    expect(loaded.madeMs).toBe(1);
  });

  it('makes another version when a file in it changes that nothing else names', async () => {
    const folder = await folderWith({ 'pages/other.html': 'one' }, GRANTING);
    const [{ stamp }, { digest }] = [await inspect(folder), await sourceOf(folder)];
    await writeFile(join(folder, 'pages/other.html'), 'another');
    expect((await inspect(folder)).stamp).not.toBe(stamp);
    expect((await sourceOf(folder)).digest).not.toBe(digest);
  });
});

describe('a deployment', () => {
  const source = (pages: Readonly<Record<string, Uint8Array>>): AppSource => ({
    manifest: parseManifest(MANIFEST, 'kerb.toml'),
    module: moduleNumbered(1),
    config: new Uint8Array(0),
    pages: new Map(Object.entries(pages)),
    filters: new Map(),
    folders: new Map(),
  });

  it('has each page once, in memory that threads share, with its type and status', async () => {
    const pipeline = new Pipeline(stubCompile());
    const pages = { 'pages/sorry.html': Buffer.from('<p>'), 'pages/sorry.json': Buffer.from('{}') };
    const { onFailure } = pipeline.deploymentOf(await pipeline.admit(source(pages)), PLACE, NO_STORES);
    const [a, b, c] = structuredClone(onFailure);
    expect(a?.page?.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(onFailure[0]?.page?.bytes).toBe(onFailure[1]?.page?.bytes);
    expect([a?.page?.type, a?.page?.status, b?.page?.status]).toEqual(['text/html; charset=utf-8', 503, 200]);
    expect(c).toMatchObject({ path: '/c', serve: ['stale', 'page'], page: { type: 'application/json', status: 503 } });
    expect(Buffer.from(c?.page?.bytes ?? []).toString()).toBe('{}');
  });

  it('is refused when its pages are too many bytes', async () => {
    const pipeline = new Pipeline(stubCompile());
    const half = new Uint8Array(MAX_PAGES_BYTES / 2 + 1);
    const pages = { 'pages/sorry.html': half, 'pages/sorry.json': half };
    const refused = await refusalOf(() => pipeline.admit(source(pages)));
    expect([refused.code, refused.message]).toEqual(['too_large', expect.stringContaining('the pages of on_failure')]);
  });
});
