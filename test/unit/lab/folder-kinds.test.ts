import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseManifest } from '../../../src/control/manifest.ts';
import { folderKinds } from '../../../src/lab/folder-kinds.ts';
import { labTenants, stockApps } from '../../../src/lab/tenants.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kerb-lab-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function app(name: string, manifest: string): Promise<void> {
  await mkdir(join(folder, name, 'site', 'deep'), { recursive: true });
  await writeFile(join(folder, name, 'kerb.toml'), manifest);
  await writeFile(join(folder, name, 'a.wasm'), Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  await writeFile(join(folder, name, 'site', 'deep', 'index.html'), name);
}

describe('folderKinds', () => {
  it('runs the apps of a folder as many tenants, each with a name and a host of its own', async () => {
    await app('one', 'name = "one"\nmain = "a.wasm"\nhosts = [\n  "one.example",\n]\n[files]\n"/site" = "./site"\n');
    await app('two', 'main = "a.wasm"\nname = "two" # mine\npath = "/api"\n');
    const tenants = labTenants({ tenants: 10, hostile: 0, distinct: 0, seed: 1, modules: folder });
    const apps = [...stockApps(tenants)];
    expect(apps.map(({ kind }) => kind).sort()).toEqual(
      ['one', 'two'].flatMap((name) => Array.from({ length: 5 }, () => name)),
    );
    for (const { name, manifest } of apps)
      expect(parseManifest(manifest, 'it')).toMatchObject({ name, hosts: [`${name}.localhost`] });
    const one = apps.find(({ kind }) => kind === 'one');
    expect([...(one?.files.keys() ?? [])]).toEqual(['site/deep/index.html']);
  });

  it('asks for the path of each, and takes any answer that is no failure', async () => {
    await app('two', 'name = "two"\nmain = "a.wasm"\npath = "/api"\n');
    const [kind] = folderKinds(folder);
    const exchange = kind?.exchange({ name: 't', host: 't.localhost', place: 0 });
    expect(exchange).toMatchObject({ status: null, field: null, body: null });
    expect(exchange?.request).toMatch(/^GET \/api HTTP/);
  });

  it('refuses a folder that is not there, has no app, or a bad one', async () => {
    expect(() => folderKinds(join(folder, 'nowhere'))).toThrow('cannot be read (ENOENT)');
    expect(() => folderKinds(folder)).toThrow('has no folder with a kerb.toml');
    await app('bad', 'name = "bad"\n');
    expect(() => folderKinds(folder)).toThrow('the manifest has one fault');
  });
});
