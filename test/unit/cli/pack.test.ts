import { execFileSync } from 'node:child_process';
import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { packTar, unpackTar } from 'modern-tar';
import { afterAll, describe, expect, it } from 'vitest';
import { manifestOfPackage, packApp } from '../../../src/cli/pack.ts';
import { readUpload } from '../../../src/control/upload-read.ts';
import { KerbError } from '../../../src/errors.ts';
import { FILES, MANIFEST, MODULE, appFolder } from './app-folder.ts';

const folders: string[] = [];
afterAll(async () => Promise.all(folders.map(async (folder) => rm(folder, { recursive: true }))));

async function make(...args: Parameters<typeof appFolder>): Promise<string> {
  const folder = await appFolder(...args);
  folders.push(folder);
  return folder;
}

describe('a packed folder', () => {
  it('has what the manifest names and nothing else, in order', async () => {
    const { files, bytes, manifest, module } = await packApp(await make());
    expect(files).toEqual([
      'build/hello.wasm',
      'conf.json',
      'kerb.toml',
      'public/b.txt',
      'public/deep/er/ü.txt',
      'public/index.html',
    ]);
    expect([manifest.name, Buffer.from(module)]).toEqual(['hello', Buffer.from(MODULE)]);
    const entries = await unpackTar(gunzipSync(bytes));
    expect(entries.map(({ header, data }) => [header.name, Buffer.from(data ?? []).toString('latin1')])).toEqual(
      files.map((path) => [path, Buffer.from(FILES[path] ?? '').toString('latin1')]),
    );
  });

  it('is the same bytes for the same files, whoever made them, when and how', async () => {
    const first = await packApp(await make(FILES, { mode: 0o600, time: new Date(86_400_000) }));
    const second = await packApp(await make(Object.fromEntries(Object.entries(FILES).toReversed()), { mode: 0o755 }));
    expect(Buffer.from(first.bytes).equals(Buffer.from(second.bytes))).toBe(true);
    expect([...first.bytes.subarray(4, 10)]).toEqual([0, 0, 0, 0, 2, 255]);
    const [{ header } = { header: null }] = await unpackTar(gunzipSync(first.bytes));
    expect(header).toMatchObject({ mode: 0o644, uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0) });
    const other = await packApp(await make({ ...FILES, 'conf.json': '{ }' }));
    expect(Buffer.from(first.bytes).equals(Buffer.from(other.bytes))).toBe(false);
  });

  it('is read by the control plane, and by tar', async () => {
    const { bytes } = await packApp(await make());
    const upload = { kind: 'archive' as const, bytes: new Uint8Array(bytes), manifest: null, signature: null };
    const source = await readUpload(upload, { name: 'hello', maxModuleBytes: 2 ** 20, ceilings: {} });
    expect([source.manifestText, Buffer.from(source.module)]).toEqual([MANIFEST, Buffer.from(MODULE)]);
    expect([...source.files.keys()].toSorted()).toEqual([
      'conf.json',
      'public/b.txt',
      'public/deep/er/ü.txt',
      'public/index.html',
    ]);
    expect(execFileSync('tar', ['tzf', '-'], { input: bytes, encoding: 'utf8' })).toContain('public/index.html\n');
  });

  it('follows links inside of the folder, never out of it', async () => {
    const folder = await make();
    await rm(join(folder, 'conf.json'));
    await symlink('public/index.html', join(folder, 'conf.json'));
    expect((await packApp(folder)).files).toContain('conf.json');
    const secret = await make({ key: 'secret' });
    await symlink(join(secret, 'key'), join(folder, 'public', 'stolen'));
    await expect(packApp(folder)).rejects.toThrow(/public\/stolen: leads out of the app's folder/);
  });

  it('does not go round in a circle of links, nor read what is no file', async () => {
    const folder = await make();
    await symlink('..', join(folder, 'public', 'deep', 'up'));
    await expect(packApp(folder)).rejects.toThrow(/is not a file/);
    const piped = await make();
    execFileSync('mkfifo', [join(piped, 'public', 'pipe')]);
    await expect(packApp(piped)).rejects.toThrow(/is not a file/);
  });

  it.each([
    ['kerb.toml', 'not_found'],
    ['build/hello.wasm', 'not_found'],
    ['conf.json', 'not_found'],
  ])('cannot lack %s', async (path, code) => {
    const folder = await make();
    await rm(join(folder, path));
    await expect(packApp(folder)).rejects.toMatchObject({ name: 'KerbError', code });
  });

  it('cannot lack a granted folder, nor have a faulty manifest', async () => {
    const folder = await make();
    await rm(join(folder, 'public'), { recursive: true });
    await expect(packApp(folder)).rejects.toThrow(/public: cannot be read \(ENOENT\)/);
    await writeFile(join(folder, 'kerb.toml'), 'name = "hello"\nmain = "../other.wasm"\n');
    await expect(packApp(folder)).rejects.toMatchObject({ code: 'bad_manifest' });
    await expect(packApp(join(folder, 'nowhere'))).rejects.toThrow(KerbError);
  });

  it('is bounded in files and bytes', async () => {
    const folder = await make();
    await expect(packApp(folder, { entries: 5, bytes: 10_000 })).rejects.toThrow(/hold more than 5 files/);
    await expect(packApp(folder, { entries: 6, bytes: 100 })).rejects.toMatchObject({ code: 'too_large' });
    expect((await packApp(folder, { entries: 6, bytes: 10_000 })).files).toHaveLength(6);
  });
});

describe('a package', () => {
  async function packageWith(name: string, text: string): Promise<Uint8Array> {
    return gzipSync(await packTar([{ header: { name, size: Buffer.byteLength(text) }, body: text }]));
  }

  it.each(['kerb.toml', './kerb.toml', 'app/kerb.toml'])('has its manifest at %s', async (place) => {
    expect((await manifestOfPackage(await packageWith(place, MANIFEST), 'a.tar.gz'))?.name).toBe('hello');
  });

  it.each(['a/b/kerb.toml', 'kerb.toml.bak', 'fastly.toml'])('has none at %s', async (place) => {
    expect(await manifestOfPackage(await packageWith(place, MANIFEST), 'a.tar.gz')).toBeNull();
  });

  it.each([Buffer.from('no gzip'), gzipSync('a'.repeat(5_000)).subarray(0, 20), Buffer.alloc(0)])(
    'is not just any file',
    async (bytes) => {
      await expect(manifestOfPackage(bytes, 'a.tar.gz')).rejects.toMatchObject({ code: 'bad_request' });
    },
  );
});
