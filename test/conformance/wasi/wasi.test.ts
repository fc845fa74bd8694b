import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { cgi } from '../../cgi-guests.ts';
import type { Totals } from '../suite.ts';
import { runWasi } from './wasi.ts';

const FOLDER = 'c/testsuite/wasm32-wasip1';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wasi-'));
  mkdirSync(join(root, FOLDER), { recursive: true });
  onTestFinished(() => rmSync(root, { recursive: true }));
});

function add(name: string, start: string, specification?: object): string {
  writeFileSync(
    join(root, FOLDER, `${name}.wasm`),
    cgi((text) => ({ start: start.replace('TEXT', text('hello')) })),
  );
  if (specification !== undefined) writeFileSync(join(root, FOLDER, `${name}.json`), JSON.stringify(specification));
  return `${FOLDER}/${name}.wasm`;
}

async function run(
  files: readonly string[],
  skipped?: object,
  caseTimeoutMs = 30_000,
): Promise<Totals & { readonly said: string }> {
  const expectations = join(root, 'expectations.json');
  writeFileSync(expectations, JSON.stringify({ skipped: skipped ?? {} }));
  const lines: string[] = [];
  return {
    ...(await runWasi(root, files, (line) => lines.push(line), { expectations, caseTimeoutMs })),
    said: lines.join('\n'),
  };
}

describe('a case', () => {
  it('passes when it ends and writes as it should', async () => {
    const files = [
      add('plain', ''),
      add('status', '(call $exit (i32.const 33))', { exit_code: 33 }),
      add('text', '(call $out TEXT)', { stdout: 'hello' }),
      add('args', '(call $args)', { args: ['a', 'b'], stdout: 'case.wasm\0a\0b\0' }),
      add('env', '(call $environ)', { env: { A: 'b' }, stdout: 'A=b\0' }),
      add('waits', '(call $sleep (i64.const 1000000))'),
    ];
    expect(await run(files)).toMatchObject({ passed: 6, failed: 0, skipped: 0 });
  });

  it('fails when it does not', async () => {
    const files = [
      add('status', '(call $exit (i32.const 1))'),
      add('trap', 'unreachable'),
      add('text', '(call $out TEXT)', { stdout: 'other' }),
      add('silent', '', { stderr: 'hello' }),
      add('strange', '', { operations: [] }),
    ];
    const { failed, passed, said } = await run(files);
    expect([failed, passed]).toEqual([5, 0]);
    expect(said).toContain('FAILED c/status ended with 1, not 0');
    expect(said).toMatch(/c\/strange its JSON has operations/);
  });

  it('sees a copy of its root, and cannot change the folder', async () => {
    mkdirSync(join(root, FOLDER, 'files.dir', 'sub'), { recursive: true });
    writeFileSync(join(root, FOLDER, 'files.dir', 'sub', 'hello'), 'x');
    const open = (flags: number): string =>
      `(if (call $pathOpen (i32.const 3) (i32.const 0) TEXT (i32.const ${flags}) (i64.const 2) (i64.const 0) (i32.const 0)
        (i32.const 512)) (then (call $exit (i32.const 9))))`;
    const files = [
      add('missing', open(0), { root: 'files.dir', exit_code: 9 }),
      add('made', open(1), { root: 'files.dir' }),
    ];
    expect(await run([...files, ...files])).toMatchObject({ passed: 4, failed: 0 });
  });
});

describe('the run', () => {
  it('fails without cases, and with a skip that passes', async () => {
    expect(await run([])).toMatchObject({ failed: 1 });
    expect(await run(['rust/testsuite/wasm32-wasip3/x.wasm'])).toMatchObject({ failed: 1 });
    const files = [add('plain', ''), add('trap', 'unreachable')];
    const { said, ...totals } = await run(files, { 'c/plain': 'of a reason', 'c/trap': 'of another' });
    expect(totals).toEqual({ passed: 0, failed: 1, skipped: 1 });
    expect(said).toContain('c/plain passes, but is skipped because of a reason: remove the skip');
  });

  it('ends a case that does not end, and goes on with the next', async () => {
    const files = [add('endless', '(loop $on (br $on))'), add('plain', '')];
    const { said, ...totals } = await run(files, {}, 5_000);
    expect(totals).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(said).toBe('FAILED c/endless did not end within 5000 ms');
  });
});
