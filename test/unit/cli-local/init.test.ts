/** `kerb init`: what it writes, and what it never touches. */
import { lstat, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kerb } from './terminal.ts';

let cwd = '';
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'kerb-init-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

describe('kerb init', () => {
  it('makes a new folder, with an app of its name, and says what to do next', async () => {
    const { code, stdout, stderr } = await kerb(cwd, 'init', 'deep/My Shop', '--template', 'c');
    expect([code, stderr]).toEqual([0, '']);
    expect((await readdir(join(cwd, 'deep/My Shop'))).sort()).toEqual(
      ['README.md', 'build.sh', 'handler.c', 'handler.wasm', 'http_handler.h', 'kerb.toml'].sort(),
    );
    expect(await readFile(join(cwd, 'deep/My Shop/kerb.toml'), 'utf8')).toMatch(/^name = "my-shop"\nmain = /);
    expect(stdout).toContain("  cd 'deep/My Shop'\n  kerb dev ");
    expect(stdout).toContain('  + handler.c\n');
  });

  it('takes the folder it is in, and a template that npm alone builds', async () => {
    await mkdir(join(cwd, '.git'));
    const { code, stdout } = await kerb(cwd, 'init', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ folder: cwd, template: 'assemblyscript', kept: [] });
    expect(await readFile(join(cwd, 'assembly/index.ts'), 'utf8')).toContain('handle_request');
  });

  it('refuses a folder with anything in it, and writes nothing', async () => {
    await writeFile(join(cwd, 'notes.txt'), 'mine');
    const { code, stderr } = await kerb(cwd, 'init');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/is not empty; .*--force/)]);
    expect(await readdir(cwd)).toEqual(['notes.txt']);
  });

  it('with --force adds what is missing, and leaves files and links as they are', async () => {
    const outside = join(cwd, 'outside.txt');
    const app = join(cwd, 'app');
    await mkdir(app);
    await writeFile(join(app, 'kerb.toml'), 'mine');
    await symlink(outside, join(app, 'build.sh'));
    const { code, stdout } = await kerb(cwd, 'init', 'app', '-t', 'wat', '--force', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      written: ['README.md', 'handler.wasm', 'handler.wat'],
      kept: ['build.sh', 'kerb.toml'],
    });
    expect(await readFile(join(app, 'kerb.toml'), 'utf8')).toBe('mine');
    expect((await lstat(join(app, 'build.sh'))).isSymbolicLink()).toBe(true);
    await expect(lstat(outside)).rejects.toThrow('ENOENT');
  });

  it('with --force a second time changes nothing', async () => {
    await kerb(cwd, 'init', 'app');
    const { stdout } = await kerb(cwd, 'init', 'app', '--force', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ written: [] });
  });

  it('says so when a file is where a folder has to be', async () => {
    await writeFile(join(cwd, 'app'), '');
    const file = await kerb(cwd, 'init', 'app');
    expect([file.code, file.stderr]).toEqual([1, expect.stringContaining('is a file')]);
    await mkdir(join(cwd, 'rust'));
    await writeFile(join(cwd, 'rust/src'), '');
    const { code, stderr } = await kerb(cwd, 'init', 'rust', '-t', 'rust', '--force');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/src\/.*: cannot be written \((EEXIST|ENOTDIR)\)/)]);
  });

  it('lists its templates, and names them when another is asked for', async () => {
    expect((await kerb(cwd, 'init', '--list')).stdout).toMatch(/^assemblyscript .*\nrust .*\nc .*\nwat .*\ncgi .*\n$/);
    const { templates } = JSON.parse((await kerb(cwd, 'init', '--list', '--json')).stdout) as { templates: unknown[] };
    expect(templates).toHaveLength(5);
    expect(await readdir(cwd)).toEqual([]);
    const { code, stderr } = await kerb(cwd, 'init', '--template', 'cobol');
    expect([code, stderr]).toEqual([2, expect.stringContaining('assemblyscript')]);
  });
});
