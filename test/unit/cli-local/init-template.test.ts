/** The templates of `kerb init`: whole, sound, and built from the sources beside them. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TEMPLATES, templateFiles, tenantName, type Template } from '../../../src/cli/init-template.ts';
import { addFiles } from '../../../src/cli/init-folder.ts';
import { parseManifest } from '../../../src/control/manifest.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const BINDINGS = join(ROOT, 'tenants/bindings');

async function filesOf(name: string): Promise<Map<string, string>> {
  const files = await templateFiles(templateNamed(name), 'shop');
  return new Map(files.map(({ path, content }) => [path, Buffer.from(content).toString('latin1')]));
}

function templateNamed(name: string): Template {
  const found = TEMPLATES.find((template) => template.name === name);
  if (found === undefined) throw new Error(`no template ${name}`);
  return found;
}

describe.each(TEMPLATES.map(({ name }) => name))('the template %s', (name) => {
  it('has a manifest with the name of the app, a module, a build and a word of explanation', async () => {
    const files = await filesOf(name);
    const manifest = parseManifest(files.get('kerb.toml') ?? '', 'kerb.toml');
    expect(manifest.name).toBe('shop');
    expect(files.get(manifest.main)?.slice(0, 4)).toBe('\0asm');
    expect(files.get('build.sh')).toMatch(/^#!\/bin\/sh\n# Builds handler\.wasm/);
    expect(files.get('README.md')).toContain('kerb dev');
  });

  it('leaves no name behind that only this checkout needs, and no build', async () => {
    const paths = [...(await filesOf(name)).keys()];
    expect(paths.filter((path) => path.endsWith('.template') || /^(target|node_modules)/.test(path))).toEqual([]);
  });
});

describe('the bindings in templates', () => {
  it.each([
    ['c', 'http_handler.h'],
    ['rust', 'src/http_handler.rs'],
    ['assemblyscript', 'assembly/http_handler.ts'],
  ])('of %s are those of the sample apps', async (name, path) => {
    const original = await readFile(join(BINDINGS, path.replace(/^.*\//, '')), 'latin1');
    expect((await filesOf(name)).get(path)).toBe(original);
  });
});

describe('the name of a tenant', () => {
  it.each([
    ['hello', 'hello'],
    ['My Shop', 'my-shop'],
    ['my_shop.v2', 'my-shop-v2'],
    ['--x--', 'x'],
    ['Crème brûlée', 'creme-brulee'],
    ['日本', 'app'],
    ['', 'app'],
    [`${'a'.repeat(62)}-b`, 'a'.repeat(62)],
    ['"]\nname = "other', 'name-other'],
  ])('for a folder %j is %s', (folder, name) => {
    expect(tenantName(folder)).toBe(name);
    expect(parseManifest(`name = "${name}"\nmain = "x.wasm"\n`, 'kerb.toml').name).toBe(name);
  });
});

/** What made the committed modules. */
const COMPILERS: Readonly<Record<string, string>> = {
  assemblyscript: 'asc 0.28.20, in .kerb/toolchain or named by ASC',
  rust: 'rustc 1.95.0 with wasm32-unknown-unknown',
  c: 'clang-14 and wasm-ld-14',
  wat: 'wat2wasm of npm',
  cgi: 'rustc 1.95.0 with wasm32-wasip1',
};

/** What a build is run with, where the compiler that made the committed module is there. */
function toolchain(name: string): Record<string, string> | null {
  const bin = join(ROOT, 'node_modules/.bin');
  if (name === 'wat') return existsSync(join(bin, 'wat2wasm')) ? { WAT2WASM: join(bin, 'wat2wasm') } : null;
  if (name === 'c') return says('wasm-ld-14') && says('clang-14') ? {} : null;
  if (name === 'rust') return hasRustTarget('wasm32-unknown-unknown') ? {} : null;
  if (name === 'cgi') return hasRustTarget('wasm32-wasip1') ? {} : null;
  const asc = process.env['ASC'] ?? join(ROOT, '.kerb/toolchain/node_modules/.bin/asc');
  return says(asc)?.includes('0.28.20') === true ? { ASC: asc } : null;
}

function says(program: string): string | null {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return null;
  }
}

function hasRustTarget(target: string): boolean {
  if (says('rustc')?.startsWith('rustc 1.95.0 ') !== true) return false;
  const library = execFileSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).trim();
  return existsSync(join(library, 'lib/rustlib', target));
}

describe.each(TEMPLATES.map(({ name }) => name))('the committed module of %s', (name) => {
  const env = toolchain(name);

  it('is what its build.sh makes of its source', async ({ skip }) => {
    skip(env === null, `needs ${COMPILERS[name] ?? name}, in this version: another one makes other bytes`);
    const folder = await mkdtemp(join(tmpdir(), 'kerb-template-'));
    try {
      const files = await templateFiles(templateNamed(name), 'shop');
      await addFiles(
        folder,
        files.filter(({ path }) => path !== 'handler.wasm'),
      );
      execFileSync('sh', ['build.sh'], { cwd: folder, env: { ...process.env, ...env }, stdio: 'pipe' });
      const committed = files.find(({ path }) => path === 'handler.wasm')?.content;
      const built = await readFile(join(folder, 'handler.wasm'));
      expect(built.equals(Buffer.from(committed ?? []))).toBe(true);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
