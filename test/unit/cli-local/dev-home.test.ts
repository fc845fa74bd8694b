/** Where `kerb dev` serves: its folders and its port. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeHome } from '../../../src/cli/dev-home.ts';
import { choosePort } from '../../../src/cli/dev-port.ts';
import { inspect, readTenant } from '../../../src/control/tenants-folder-read.ts';

let folder = '';
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'kerb-home-')), '.shop');
  await mkdir(join(folder, 'content/deep'), { recursive: true });
  await mkdir(join(folder, 'node_modules'));
  await writeFile(join(folder, 'kerb.toml'), 'name = "shop"\nmain = "a.wasm"\n[files]\n"/content" = "content"\n');
  await writeFile(join(folder, 'a.wasm'), 'one');
  await writeFile(join(folder, 'content/deep/page'), 'page');
});
afterEach(() => rm(dirname(folder), { recursive: true, force: true }));

describe('the tenants folder', () => {
  it('holds the one app, under a name that is not hidden, as it is now and later', async () => {
    const home = await makeHome(folder, 'live');
    expect(await readdir(home.tenants)).toEqual(['shop']);
    await writeFile(join(folder, 'a.wasm'), 'two');
    expect(await readFile(join(home.app, 'a.wasm'), 'utf8')).toBe('two');
    const inspection = await inspect(home.app);
    if (inspection.manifest === null || inspection.manifest instanceof Error) throw new Error('no manifest');
    expect(await readTenant(inspection, inspection.manifest)).toMatchObject({ folder: home.app });
    await home.remove();
  });

  it('frozen holds what a deployment is made from, as it was, and no builds', async () => {
    const home = await makeHome(folder, 'frozen');
    await writeFile(join(folder, 'a.wasm'), 'two');
    expect(await readFile(join(home.app, 'a.wasm'), 'utf8')).toBe('one');
    expect(await readFile(join(home.app, 'content/deep/page'), 'utf8')).toBe('page');
    expect((await readdir(home.app)).sort()).toEqual(['a.wasm', 'content', 'kerb.toml']);
    await home.remove();
  });

  it.each(['live', 'frozen'] as const)('is gone when it is removed, and the app is not (%s)', async (view) => {
    const home = await makeHome(folder, view);
    await home.remove();
    expect(existsSync(dirname(home.tenants))).toBe(false);
    expect(await readdir(await realpath(folder))).toContain('a.wasm');
  });
});

describe('the port', () => {
  let taken: Server;
  beforeEach(async () => {
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
  });
  afterEach(() => taken.close());

  it('that is asked for and taken is refused, with what to do', async () => {
    const { port } = taken.address() as AddressInfo;
    await expect(choosePort(port)).rejects.toThrow(`port ${port} is taken on 127.0.0.1; name another with --port`);
  });

  it('that is asked for and free is kept, and 0 is any', async () => {
    const { port } = taken.address() as AddressInfo;
    taken.close();
    await once(taken, 'close');
    expect([await choosePort(port), await choosePort(0)]).toEqual([port, 0]);
  });

  it('that nobody names is the first free one from 8080 on', async () => {
    const first = await choosePort(undefined);
    const blocker = createServer().listen(first, '127.0.0.1');
    await once(blocker, 'listening');
    const second = await choosePort(undefined);
    blocker.close();
    expect(first).toBeGreaterThanOrEqual(8080);
    expect(second).toBeGreaterThan(first);
  });
});
