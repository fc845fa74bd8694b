import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TenantsFolder, type FolderEvent } from '../../../src/control/tenants-folder.ts';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kerb-model-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

/** What a consumer runs: module text and tenant name by folder, from events alone. */
class Running {
  readonly byFolder = new Map<string, { readonly name: string; readonly module: string }>();

  /** Whether a folder other than `path` runs the tenant. */
  isTaken(tenant: string, path: string): boolean {
    return [...this.byFolder].some(([folder, { name }]) => folder !== path && name === tenant);
  }

  readonly apply = (events: readonly FolderEvent[]): void => {
    for (const event of events) if (event.kind === 'gone') this.byFolder.delete(event.folder);
    for (const event of events) {
      if (event.kind !== 'found') continue;
      const { folder, manifest, module } = event.source;
      this.byFolder.set(folder, { name: manifest.name, module: Buffer.from(module).toString() });
    }
    const names = [...this.byFolder.values()].map(({ name }) => name);
    if (new Set(names).size !== names.length) throw new Error(`one name runs twice: ${names.join()}`);
  };
}

/** The sound apps on disk, read the simple way. */
async function onDisk(): Promise<Map<string, { name: string; module: string }>> {
  const apps = new Map<string, { name: string; module: string }>();
  for (const dir of await readdir(root)) {
    const folder = join(root, dir);
    const text = await readFile(join(folder, 'kerb.toml'), 'utf8').catch(() => '');
    const module = await readFile(join(folder, 'm'), 'utf8').catch(() => null);
    const name = /^name = "(\w+)"\nmain = "m"\n$/.exec(text)?.[1];
    if (name !== undefined && module !== null) apps.set(folder, { name, module });
  }
  return apps;
}

function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One random change of the disk: apps appear, change, take each other's names, break, swap places, go. */
async function change(next: (below: number) => number): Promise<void> {
  const [folder, other] = [join(root, `f${next(4)}`), join(root, `f${next(4)}`)];
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, file), text);
  };
  const manifest = (): Promise<void> => write('kerb.toml', `name = "t${next(3)}"\nmain = "m"\n`);
  const moves = [
    manifest,
    async () => (await manifest(), await write('m', `v${next(1_000)}`)),
    async () => (await manifest(), await write('m', `v${next(1_000)}`)),
    () => write('m', `v${next(1_000)}`),
    () => write('kerb.toml', 'broken = '),
    () => rm(join(folder, 'm'), { force: true }),
    () => rm(folder, { recursive: true, force: true }),
    async () => {
      await rm(other, { recursive: true, force: true });
      await rename(folder, other).catch(() => undefined);
    },
  ];
  await moves[next(moves.length)]?.();
}

describe('a long random life of a tenants folder', () => {
  it.each([1, 2, 3])('ends with what is on disk running, and never runs one name twice (seed %i)', async (seed) => {
    const next = numbers(seed);
    const running = new Running();
    const folder = new TenantsFolder(root, running.apply, { settleMs: 1 });
    for (let step = 0; step < 40; step++) {
      for (let changes = next(4); changes >= 0; changes--) await change(next);
      await folder.scan();
      const free = [...(await onDisk())].filter(([path, { name }]) => !running.isTaken(name, path));
      expect(free.map(([path]) => [path, running.byFolder.get(path)])).toEqual(free);
      for (const path of running.byFolder.keys()) expect(await readdir(path)).toContain('kerb.toml');
    }
    await rm(root, { recursive: true });
    await mkdir(root);
    await folder.scan();
    expect(running.byFolder.size).toBe(0);
    await folder.close();
  });
});
