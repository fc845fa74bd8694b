import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../src/setup/places.js';
import { MAX_FILE_LINES, MAX_README_LINES, faultsOf, specifiersOf, type SourceTree } from './architecture.ts';

/** Files of more than 400 lines, each with the reason why it is not two. */
const LONG_FILES: Readonly<Record<string, string>> = {};

/** Everything under src. */
function checkedOutSources(): SourceTree {
  const entries = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = entries.map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'));
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/** A tree of these files, with a README in each folder. */
function treeOf(files: Readonly<Record<string, string>>): SourceTree {
  const folders = Object.keys(files).map((path) => path.slice(0, path.lastIndexOf('/')));
  const readmes = folders.map((folder) => [`${folder}/README.md`, '# A folder\n'] as const);
  return new Map([...readmes, ...Object.entries(files)]);
}

const faults = (files: Readonly<Record<string, string>>, longFiles = {}): string[] =>
  faultsOf(treeOf(files), longFiles);

describe('the sources of Kerb', () => {
  const tree = checkedOutSources();

  it('are read', () => {
    expect([...tree.keys()]).toEqual(
      expect.arrayContaining(['src/errors.ts', 'src/setup/launch.js', 'src/setup/README.md']),
    );
  });

  it('keep to the architecture', () => {
    expect(faultsOf(tree, LONG_FILES)).toEqual([]);
  });
});

describe('the check of imports', () => {
  it('accepts imports downward, within a folder and below it, of Node and of packages', () => {
    expect(
      faults({
        'src/errors.ts': '',
        'src/http/message.ts': "import { x } from '../errors.ts';",
        'src/abi/abi.ts': "import { z } from 'zod'; import { readFileSync } from 'node:fs';",
        'src/abi/wasi/clock.ts': "import type { A } from '../abi.ts'; import { m } from '../../http/message.ts';",
        'src/server/transport.ts': "import uws from 'uWebSockets.js'; import { uwsBinaryPath } from '../setup/uws.js';",
        'src/setup/uws.js': '',
        'src/main.ts': "import '../src/server/transport.ts';",
      }),
    ).toEqual([]);
  });

  it.each([
    ['upward', 'src/http/a.ts', 'src/runtime/b.ts'],
    ['to a neighbour of the same rank', 'src/wasm/a.ts', 'src/http/b.ts'],
    ['from server to control', 'src/server/a.ts', 'src/control/b.ts'],
    ['from control to server', 'src/control/a.ts', 'src/server/b.ts'],
    ['from the words that all share', 'src/errors.ts', 'src/telemetry/b.ts'],
    ['of the entry point', 'src/cli/a.ts', 'src/main.ts'],
  ])('refuses an import %s', (_, from, to) => {
    const up = '../'.repeat(from.split('/').length - 2);
    const specifier = `${up === '' ? './' : up}${to.slice('src/'.length)}`;
    expect(faults({ [from]: `import { b } from '${specifier}';`, [to]: '' })).toEqual([
      expect.stringContaining(`${from}: imports ${to}, which is not below it`),
    ]);
  });

  it.each([
    ['a type', "import type { B } from '../runtime/b.ts';"],
    ['one type among values', "import { type B } from '../runtime/b.ts';"],
    ['a side effect', "import '../runtime/b.ts';"],
    ['a re-export', "export { b } from '../runtime/b.ts';"],
    ['a re-export of types', "export type { B } from '../runtime/b.ts';"],
    ['a re-export of all', "export * from '../runtime/b.ts';"],
    ['a dynamic import', "export const b = async () => import('../runtime/b.ts');"],
    ['a dynamic import by a template', 'export const b = async () => import(`../runtime/b.ts`);'],
    ['the type of an import', "export type B = typeof import('../runtime/b.ts');"],
    ['a member of an imported type', "export type B = import('../runtime/b.ts').B;"],
    ['the file of a thread', "new Worker(new URL('../runtime/b.ts', import.meta.url));"],
    ['an import over several lines', "import {\n  b, // from 'elsewhere'\n} from\n  '../runtime/b.ts';"],
    ['an import with attributes', "import b from '../runtime/b.ts' with { type: 'text' };"],
    ['an import by way of a detour', "import { b } from '../http/../runtime/b.ts';"],
  ])('sees %s', (_, text) => {
    expect(faults({ 'src/http/a.ts': text, 'src/runtime/b.ts': '' })).toHaveLength(1);
  });

  it('does not see imports in comments, strings, templates and regular expressions', () => {
    const text = [
      "// import { b } from '../runtime/b.ts';",
      "/* export * from '../runtime/b.ts'; */",
      'const a = "import \'../runtime/b.ts\'";',
      "const b = `import '../runtime/b.ts'; ${1}`;",
      "const c = /import '..\\/runtime\\/b.ts'/;",
      "const d = new URL('../runtime/b.ts', 'http://example.com');",
    ].join('\n');
    expect(specifiersOf('src/http/a.ts', text)).toEqual([]);
  });

  it('refuses a dynamic import that it cannot read', () => {
    expect(faults({ 'src/http/a.ts': 'export const b = async (name: string) => import(name);' })).toHaveLength(1);
  });

  it('refuses an import of nothing, or of something outside src', () => {
    expect(faults({ 'src/http/a.ts': "import { b } from './missing.ts';" })).toEqual([
      expect.stringContaining('does not exist in src'),
    ]);
    expect(faults({ 'src/http/a.ts': "import { b } from '../../test/b.ts';" })).toHaveLength(1);
  });

  it('refuses a folder that has no rank', () => {
    expect(faults({ 'src/misc/a.ts': '' })).toEqual(['src/misc/a.ts: the folder misc has no rank']);
  });

  it('refuses any import out of setup, whatever the rank', () => {
    expect(faults({ 'src/setup/a.js': "import { b } from '../errors.ts';", 'src/errors.ts': '' })).toEqual([
      expect.stringContaining('setup imports nothing of the rest'),
    ]);
  });

  it.each(['uWebSockets.js', 'uWebSockets.js/x', '@uwsjs/linux-x64-26'])(
    'refuses %s outside the transport',
    (specifier) => {
      for (const path of ['src/server/listener.ts', 'src/setup/uws.js', 'src/runtime/transport.ts']) {
        expect(faults({ [path]: `import uws from '${specifier}';` })).toHaveLength(1);
      }
    },
  );

  it('refuses cycles, also of types and of three files, and names the way round', () => {
    const cycle = {
      'src/http/a.ts': "import { b } from './b.ts';",
      'src/http/b.ts': "import type { C } from './c.ts';",
      'src/http/c.ts': "import { a } from './a.ts';",
    };
    expect(faults(cycle)).toEqual([expect.stringContaining('src/http/b.ts -> src/http/c.ts -> src/http/a.ts')]);
    expect(faults({ ...cycle, 'src/http/c.ts': '' })).toEqual([]);
    expect(faults({ 'src/http/a.ts': "import { a } from './a.ts';" })).toHaveLength(1);
  });

  it('accepts a thread that imports from the file that starts it', () => {
    const files = {
      'src/runtime/watch.ts': "new Worker(new URL('./thread.ts', import.meta.url));",
      'src/runtime/thread.ts': "import { period } from './watch.ts';",
    };
    expect(faults(files)).toEqual([]);
  });
});

describe('the check of files', () => {
  const lines = (count: number): string => '\n'.repeat(count);

  it.each([
    'src/http/utils.ts',
    'src/http/body-util.ts',
    'src/http/helpers.js',
    'src/http/pool-manager.ts',
    'src/http/helpers/a.ts',
  ])('refuses the name of %s', (path) => {
    expect(faults({ [path]: '' })).toEqual([expect.stringContaining('does not say what is in it')]);
  });

  it('accepts names that only contain such a word', () => {
    expect(faults({ 'src/http/utility-rates.ts': '', 'src/http/management.ts': '' })).toEqual([]);
  });

  it('refuses a file that is too long, unless it is listed', () => {
    const path = 'src/wasm/opcodes.ts';
    expect(faults({ [path]: lines(MAX_FILE_LINES) })).toEqual([]);
    expect(faults({ [path]: lines(MAX_FILE_LINES + 1) })).toEqual([`${path}: has more than ${MAX_FILE_LINES} lines`]);
    expect(faults({ [path]: lines(MAX_FILE_LINES + 1) }, { [path]: 'an opcode table' })).toEqual([]);
  });

  it('refuses a reason that is no longer needed', () => {
    expect(faults({ 'src/wasm/a.ts': '' }, { 'src/wasm/a.ts': 'a table', 'src/wasm/gone.ts': 'a table' })).toHaveLength(
      2,
    );
  });

  it('refuses a folder without a README, an empty one and a long one', () => {
    const source = ['src/abi/wasi/clock.ts', ''] as const;
    const readme = 'src/abi/wasi/README.md';
    const without = faultsOf(new Map([source]), {});
    expect(without).toEqual(['src/abi/wasi: has no README.md']);
    expect(faultsOf(new Map([source, [readme, ' \n']]), {})).toEqual(without);
    expect(faultsOf(new Map([source, [readme, `# wasi\n${lines(MAX_README_LINES)}`]]), {})).toHaveLength(1);
    expect(faultsOf(new Map([source, [readme, `# wasi\n${lines(MAX_README_LINES - 1)}`]]), {})).toEqual([]);
  });
});
