/** The suite `wasi`: the public tests of WASI preview1, against Kerb's own functions. */

import { fileURLToPath } from 'node:url';
import type { Suite, Totals } from '../suite.ts';
import { isPreview1, readCase } from './cases.ts';
import { readExpectations } from './expectations.ts';
import { runCase, type Fault } from './run-case.ts';

const EXPECTATIONS = fileURLToPath(new URL('expectations.json', import.meta.url));

/** Runs the cases with the given expectations: one that is skipped must fail. */
export async function runWasi(
  folder: string,
  files: readonly string[],
  say: (line: string) => void,
  expectations: string = EXPECTATIONS,
): Promise<Totals> {
  const skips = readExpectations(expectations);
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const fail = (line: string): void => {
    totals.failed += 1;
    say(`FAILED ${line}`);
  };
  const cases = files.filter(isPreview1);
  if (cases.length === 0) fail('no module is in a folder wasm32-wasip1');
  for (const file of cases) {
    const { name, fault } = await judge(folder, file);
    const reason = skips.get(name);
    if (reason !== undefined && fault === null)
      fail(`${name} passes, but is skipped because ${reason}: remove the skip`);
    else if (reason !== undefined) {
      totals.skipped += 1;
      say(`skipped ${name}: ${reason}`);
    } else if (fault === null) totals.passed += 1;
    else fail(`${name} ${fault}`);
  }
  return totals;
}

async function judge(folder: string, file: string): Promise<{ readonly name: string; readonly fault: Fault }> {
  try {
    const given = readCase(folder, file);
    return { name: given.name, fault: await runCase(given) };
  } catch (error) {
    return { name: file, fault: error instanceof Error ? error.message : String(error) };
  }
}

/** The suite. */
export const wasi: Suite = {
  about: 'The public tests of WASI preview1: 72 small programs in C, Rust and AssemblyScript.',
  obtain: 'Clone the branch prod/testsuite-base of github.com/WebAssembly/wasi-testsuite, which has them built.',
  files: '.wasm',
  run: (folder, files, say) => runWasi(folder, files, say),
};
