/** The suite `wycheproof-jws`: signed texts, most of them attacks, against the way that Kerb verifies tokens of other issuers. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Suite, Totals } from '../suite.ts';
import { entryFor, readExpectations, type SkippedEntry } from './expectations.ts';
import { vectorsIn, type Vector } from './vectors.ts';
import { accepts } from './verdict.ts';

const EXPECTATIONS = fileURLToPath(new URL('expectations.json', import.meta.url));

interface Tally {
  passed: number;
  readonly failures: string[];
  readonly skipped: Map<SkippedEntry, number>;
}

/** Runs vectors with the given expectations. */
export async function runWycheproofJws(
  folder: string,
  files: readonly string[],
  say: (line: string) => void,
  expectations: string = EXPECTATIONS,
): Promise<Totals> {
  const entries = readExpectations(expectations);
  const all: Tally = { passed: 0, failures: [], skipped: new Map() };
  const vectors = files.flatMap((file) => read(folder, file, all.failures));
  for (const vector of vectors) await run(vector, entryFor(vector, entries), all);
  if (vectors.length === 0) all.failures.push('no file has a vector about JSON web signatures');
  for (const failure of all.failures) say(`FAILED ${failure}`);
  for (const [{ reason }, count] of all.skipped) say(`${count} skipped, and refused: ${reason}`);
  return { passed: all.passed, failed: all.failures.length, skipped: sum(all.skipped.values()) };
}

function read(folder: string, file: string, failures: string[]): readonly Vector[] {
  try {
    return vectorsIn(file, readFileSync(join(folder, file), 'utf8'));
  } catch (error) {
    failures.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

async function run(vector: Vector, entry: SkippedEntry | undefined, all: Tally): Promise<void> {
  const { name, comment, isValid } = vector;
  const isAccepted = await accepts(vector);
  if (entry !== undefined && isAccepted)
    all.failures.push(`${name} (${comment}) is accepted, but is skipped because of ${entry.reason}: remove the skip`);
  else if (entry !== undefined) all.skipped.set(entry, (all.skipped.get(entry) ?? 0) + 1);
  else if (isValid === isAccepted) all.passed += 1;
  else all.failures.push(`${name} (${comment}) is ${isValid ? 'valid, and refused' : 'invalid, and accepted'}`);
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0);
}

/** The suite. */
export const wycheproofJws: Suite = {
  about: 'Project Wycheproof: valid and forged JSON web signatures, against how tokens of other issuers are verified.',
  obtain:
    'Copy json_web_signature_test.json and json_web_key_test.json of testvectors_v1 of github.com/C2SP/wycheproof.',
  files: '_test.json',
  run: (folder, files, say) => runWycheproofJws(folder, files, say),
};
