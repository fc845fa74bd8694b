import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { V8_FLAGS } from '../../../src/setup/commands.js';
import { SCRIPTS } from './scripts.ts';
import { runWasmSpec } from './wasm-spec.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A folder with these files, gone after the test. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'wasm-spec-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'sub'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** What the command says and its exit code. */
async function command(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [...V8_FLAGS, MAIN, ...words]);
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

/** Matches text with this in it. */
const containing = (part: string): unknown => expect.stringContaining(part);

const EXPECTATIONS = JSON.stringify({ refused: [], unassembled: [], skipped: [], empty: [] });

describe('the command', () => {
  it('runs all of a folder, below it too, and ends in a line for programs', async () => {
    const all = Object.values(SCRIPTS);
    const files = Object.fromEntries(
      all.map((text, index) => [`${index % 2 === 0 ? 'sub/' : ''}s${index}.wast`, text]),
    );
    const { code, out } = await command('wasm-spec', folderOf(files));
    expect(out).toMatch(/\d+ {2}rewritten, epoch word set|rewritten, epoch word set/);
    expect(out).toMatch(/\n\d\d+ passed, 0 failed, 0 skipped\n$/);
    expect(out).toContain(`${all.length}  files`);
    expect(code).toBe(0);
  });

  it('fails for an assertion that fails, and says where', async () => {
    const script = '(module (func (export "f") (result i32) i32.const 1))\n(assert_return (invoke "f") (i32.const 2))';
    const { code, out } = await command('wasm-spec', folderOf({ 'wrong.wast': script }));
    expect(out).toContain('FAILED wrong.wast:2: expected the results that the script says');
    expect(out).toMatch(/ 1 failed, 0 skipped\n$/);
    expect(code).toBe(1);
  });

  it('explains itself', async () => {
    expect(await command('--help')).toMatchObject({ code: 0, out: containing('wasm-spec') });
    expect(await command()).toMatchObject({ code: 2, err: containing('Usage') });
    expect(await command('other', '.')).toMatchObject({ code: 2, err: containing('no suite is called') });
  });

  it('says how to get the suite when it is not there', async () => {
    for (const words of [[], [folderOf({})], ['/nowhere/at/all']])
      expect(await command('wasm-spec', ...words)).toMatchObject({ code: 2, err: containing('fetch.sh') });
  });
});

describe('the suite', () => {
  it('takes expectations from a file and fails for one that is out of date', async () => {
    const skip = { files: ['a.wast'], command: 'invoke', match: '.', reason: 'x' };
    const folder = folderOf({
      'a.wast': '(module (func (export "f"))) (assert_return (invoke "f"))',
      'e.json': JSON.stringify({ ...(JSON.parse(EXPECTATIONS) as object), skipped: [skip] }),
    });
    const lines: string[] = [];
    const totals = await runWasmSpec(folder, ['a.wast'], (line) => void lines.push(line), join(folder, 'e.json'));
    expect(totals).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(lines.join('\n')).toContain('passes, but is skipped because x: remove the skip');
  });
});
