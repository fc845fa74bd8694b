/** The suite `wasm-spec`: the scripts of the WebAssembly specification, original against rewritten. */

import { fileURLToPath } from 'node:url';
import { FileRunner } from '../file-runner.ts';
import type { Suite, Totals } from '../suite.ts';
import { failedFile, outdated, type FileReport } from './judgement.ts';
import { fileLine, summaryLines, totalsOf } from './summary.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
const EXPECTATIONS = fileURLToPath(new URL('expectations.json', import.meta.url));
/** Failures of one file that are shown; all are counted. */
const SHOWN_FAILURES = 20;
/** The longest file takes a few seconds. */
const FILE_TIMEOUT_MS = 60_000;

/** Runs scripts with the given expectations. */
export async function runWasmSpec(
  folder: string,
  files: readonly string[],
  say: (line: string) => void,
  expectations: string = EXPECTATIONS,
): Promise<Totals> {
  const runner = new FileRunner<FileReport>({
    program: CHILD,
    args: [folder, expectations],
    fileTimeoutMs: FILE_TIMEOUT_MS,
    failed: failedFile,
  });
  const reports = [];
  try {
    for (const file of files) {
      const report = await runner.run(file);
      reports.push(report);
      say(fileLine(report));
      for (const failure of report.failures.slice(0, SHOWN_FAILURES)) say(`  FAILED ${failure}`);
      if (report.failures.length > SHOWN_FAILURES) say(`  and ${report.failures.length - SHOWN_FAILURES} more`);
    }
  } finally {
    runner.close();
  }
  const faults = outdated(reports);
  for (const fault of faults) say(`FAILED ${fault}`);
  for (const line of summaryLines(reports)) say(line);
  return totalsOf(reports, faults);
}

/** The suite. */
export const wasmSpec: Suite = {
  about:
    'The WebAssembly specification: every module original against rewritten, alone and while the epoch word is being set.',
  obtain:
    'On Debian or Ubuntu: test/conformance/wasm-spec/fetch.sh FOLDER; else copy the .wast files of the WebAssembly test suite.',
  files: '.wast',
  run: (folder, files, say) => runWasmSpec(folder, files, say),
};
