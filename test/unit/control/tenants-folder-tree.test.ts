import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTree, treePaths } from '../../../src/control/tenants-folder-tree.ts';
import { inspect, readTenant } from '../../../src/control/tenants-folder-read.ts';
import { KerbError } from '../../../src/errors.ts';
import { refusalOf } from './control-harness.ts';

let root: string;
let home: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tree-'));
  home = join(root, 'app');
  mkdirSync(join(home, 'pages', 'sub'), { recursive: true });
  writeFileSync(join(home, 'pages', 'a'), 'A');
  writeFileSync(join(home, 'pages', 'sub', 'b'), 'B');
  writeFileSync(join(root, 'secret'), 'S');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('a tree', () => {
  it('is read with its folders, files and links as they are', async () => {
    symlinkSync('sub/b', join(home, 'pages', 'link'));
    symlinkSync('../../../secret', join(home, 'pages', 'out'));
    mkdirSync(join(home, 'pages', 'empty'));
    const entries = await readTree(home, 'pages');
    expect(entries.toSorted((one, other) => (one.path < other.path ? -1 : 1))).toEqual([
      { kind: 'file', path: 'a', bytes: new Uint8Array([65]) },
      { kind: 'folder', path: 'empty' },
      { kind: 'link', path: 'link', target: 'sub/b' },
      { kind: 'link', path: 'out', target: '../../../secret' },
      { kind: 'folder', path: 'sub' },
      { kind: 'file', path: 'sub/b', bytes: new Uint8Array([66]) },
    ]);
  });

  it('that is not there, is no folder or leads out is refused', async () => {
    symlinkSync('..', join(home, 'up'));
    symlinkSync(root, join(home, 'abs'));
    for (const name of ['none', 'pages/a', 'up', 'abs', 'up/app/pages/../..']) {
      const refused = await refusalOf(() => readTree(home, name));
      expect(['not_found', 'bad_manifest']).toContain(refused.code);
      expect(refused.message).toContain('kerb.toml: files: ');
    }
  });

  it('with a pipe in it is refused, and never waited for', async () => {
    execFileSync('mkfifo', [join(home, 'pages', 'pipe')]);
    expect((await refusalOf(() => readTree(home, 'pages'))).message).toMatch(/no file, folder or link; remove it/);
  });

  it('names every path that it depends on; links are seen by their folders', async () => {
    symlinkSync('sub/b', join(home, 'pages', 'link'));
    expect((await treePaths(home, 'pages')).toSorted()).toEqual(
      ['pages', 'pages/a', 'pages/sub', 'pages/sub/b'].map((path) => join(home, path)),
    );
    expect(await treePaths(home, 'none')).toEqual([join(home, 'none')]);
  });
});

it('an app has another digest when a file of its folders changes, and its files are parts of it', async () => {
  writeFileSync(join(home, 'kerb.toml'), 'name = "a"\nmain = "a.wasm"\n[files]\n"/p" = "./pages"');
  writeFileSync(join(home, 'a.wasm'), 'module');
  const read = async (): Promise<string | undefined> => {
    const inspection = await inspect(home);
    if (inspection.manifest === null || inspection.manifest instanceof KerbError) throw new Error('no manifest');
    expect(inspection.parts).toContain(join(home, 'pages', 'sub', 'b'));
    return (await readTenant(inspection, inspection.manifest))?.digest;
  };
  const before = await read();
  writeFileSync(join(home, 'pages', 'sub', 'b'), 'C');
  expect(await read()).not.toBe(before);
});
