/**
 * The quality gates: `gates.ts test|lint|format [ARGUMENT …]`, run by the launcher under the pinned Node.
 *
 * `test` without arguments runs every gate in turn and stops at the first that fails; with arguments it runs only vitest
 * and hands them over.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, placesIn } from './places.js';
import { runChild } from './process.js';
import { countTests, summaryLine } from './summary.ts';

/** One check: a name to print and a program of node_modules to run with arguments. */
interface Gate {
  readonly name: string;
  readonly program: string;
  readonly programArguments: readonly string[];
}

const FORMAT: Gate = {
  name: 'format',
  program: 'prettier/bin/prettier.cjs',
  programArguments: ['--check', '--log-level=warn', '.'],
};
const LINT: Gate = { name: 'lint', program: 'oxlint/bin/oxlint', programArguments: [] };
const TYPES: Gate = { name: 'types', program: 'typescript/bin/tsc', programArguments: ['-p', '.'] };

async function main([command, ...rest]: readonly string[]): Promise<number> {
  process.chdir(ROOT);
  if (command === 'test') return rest.length === 0 ? checkEverything() : runTests(rest);
  if (command === 'lint') return runGate({ ...LINT, programArguments: rest });
  if (command === 'format')
    return runGate({
      ...FORMAT,
      programArguments: ['--write', '--log-level=warn', ...(rest.length === 0 ? ['.'] : rest)],
    });
  throw new TypeError(`no gate is called ${command}`);
}

/** A gate that fails before any test counts as the one failure in the last line. */
async function checkEverything(): Promise<number> {
  for (const gate of [FORMAT, LINT, TYPES]) {
    const exitCode = await runGate(gate);
    if (exitCode === 0) continue;
    console.log(summaryLine({ passed: 0, failed: 1, skipped: 0 }));
    return exitCode;
  }
  return runTests([]);
}

async function runTests(vitestArguments: readonly string[]): Promise<number> {
  const { state } = placesIn(ROOT);
  mkdirSync(state, { recursive: true });
  const report = join(state, `tests-${process.pid}.json`);
  try {
    const exitCode = await runGate(vitest(report, vitestArguments));
    console.log(summaryLine(countTests(report, exitCode)));
    return exitCode;
  } finally {
    rmSync(report, { force: true });
  }
}

function vitest(report: string, vitestArguments: readonly string[]): Gate {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const programArguments = ['run', '--config=test/vitest.config.ts', ...reporters, ...vitestArguments];
  return { name: 'tests', program: 'vitest/vitest.mjs', programArguments };
}

/** Runs the gate with its name before and its result and time after. Gives the exit code. */
async function runGate({ name, program, programArguments }: Gate): Promise<number> {
  console.log(`== ${name}`);
  const before = performance.now();
  const exitCode = await runChild(process.execPath, [join('node_modules', program), ...programArguments], process.env);
  const seconds = ((performance.now() - before) / 1000).toFixed(1);
  console.log(`== ${name}: ${exitCode === 0 ? 'passed' : `failed with exit code ${exitCode}`} after ${seconds} s`);
  return exitCode;
}

process.exitCode = await main(process.argv.slice(2));
