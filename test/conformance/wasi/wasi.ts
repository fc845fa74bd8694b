/** The suite `wasi`: the public tests of WASI preview1, against Kerb's own functions. */

import { fileURLToPath } from 'node:url';
import { FileRunner } from '../file-runner.ts';
import { readSkips, Tally, type Fault } from '../skips.ts';
import type { Suite, Totals } from '../suite.ts';
import { isPreview1, nameOf } from './cases.ts';

const EXPECTATIONS = fileURLToPath(new URL('expectations.json', import.meta.url));
const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
/** A case takes milliseconds, the process that runs it a second to start, and longer on a busy machine. */
const CASE_TIMEOUT_MS = 30_000;

/** How the cases are run. */
export interface WasiRun {
  /** Path of the expectations file. */
  readonly expectations?: string;
  /** How long a case may take. */
  readonly caseTimeoutMs?: number;
}

/** Runs the cases, each within its time: one that is skipped must fail. */
export async function runWasi(
  folder: string,
  files: readonly string[],
  say: (line: string) => void,
  { expectations = EXPECTATIONS, caseTimeoutMs = CASE_TIMEOUT_MS }: WasiRun = {},
): Promise<Totals> {
  const tally = new Tally(readSkips(expectations), say);
  const cases = files.filter(isPreview1);
  if (cases.length === 0) tally.fail('no module is in a folder wasm32-wasip1');
  const runner = new FileRunner<{ readonly fault: Fault }>({
    program: CHILD,
    args: [folder],
    fileTimeoutMs: caseTimeoutMs,
    failed: (_file, why) => ({ fault: why }),
  });
  try {
    for (const file of cases) tally.add(nameOf(file), (await runner.run(file)).fault);
  } finally {
    runner.close();
  }
  return tally.end();
}

/** The suite. */
export const wasi: Suite = {
  about: 'The public tests of WASI preview1: 72 small programs in C, Rust and AssemblyScript.',
  obtain: 'Clone the branch prod/testsuite-base of github.com/WebAssembly/wasi-testsuite, which has them built.',
  files: '.wasm',
  run: (folder, files, say) => runWasi(folder, files, say),
};
