/** `npm run conformance -- NAME FOLDER`: runs a public suite, and says how it went in the last line and the exit code. */

import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { cacheTests } from './cache-tests/cache-tests.ts';
import { httpWasm } from './http-wasm/http-wasm.ts';
import type { Suite } from './suite.ts';
import { wasi } from './wasi/wasi.ts';
import { wasmSpec } from './wasm-spec/wasm-spec.ts';
import { wycheproofJws } from './wycheproof-jws/wycheproof-jws.ts';

/** Every suite by its name. */
const SUITES: Readonly<Record<string, Suite>> = {
  'cache-tests': cacheTests,
  'http-wasm': httpWasm,
  'wasm-spec': wasmSpec,
  wasi,
  'wycheproof-jws': wycheproofJws,
};

const USAGE = [
  'Usage: npm run conformance -- NAME FOLDER',
  '',
  'Runs the public suite NAME, whose files are in FOLDER. The last line is `N passed, N failed, N skipped`; the exit code is 0',
  'when nothing failed, 1 when something did, 2 when the suite could not be run.',
  '',
  ...Object.entries(SUITES).flatMap(([name, { about, obtain }]) => [`  ${name}`, `      ${about}`, `      ${obtain}`]),
].join('\n');

/** A run that cannot start; the message says what to do. */
class UsageError extends Error {}

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help') || words.includes('-h')) {
    console.log(USAGE);
    return 0;
  }
  const { suite, folder, files } = planned(words);
  const { passed, failed, skipped } = await suite.run(folder, files, (line) => console.log(line));
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 ? 0 : 1;
}

function planned(words: readonly string[]): { suite: Suite; folder: string; files: readonly string[] } {
  const [name, given, ...rest] = words;
  if (name === undefined || rest.length > 0) throw new UsageError(USAGE);
  const suite = Object.hasOwn(SUITES, name) ? SUITES[name] : undefined;
  if (suite === undefined)
    throw new UsageError(`conformance: no suite is called ${name}; there is ${Object.keys(SUITES).join(', ')}`);
  if (given === undefined)
    throw new UsageError(`conformance: the folder of ${name} is missing: give it after the name. ${suite.obtain}`);
  const folder = resolve(given);
  const files = filesIn(folder, suite);
  if (files.length === 0) throw new UsageError(`conformance: no ${suite.files} files in ${folder}. ${suite.obtain}`);
  return { suite, folder, files };
}

function filesIn(folder: string, suite: Suite): string[] {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => name.endsWith(suite.files)).toSorted();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`conformance: cannot read ${folder}: ${why}. ${suite.obtain}`, { cause: error });
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
