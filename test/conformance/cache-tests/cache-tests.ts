/** The suite `cache-tests`: the public tests of HTTP caches, against a whole Kerb in front of the suite's own origin. */
import { fileURLToPath } from 'node:url';
import type { Suite, Totals } from '../suite.ts';
import { catalogueOf, resultsOf } from './exchange.ts';
import { readExpectations } from './expectations.ts';
import { judge, runText, type Run } from './judgement.ts';
import { complaintsOf, type CatalogueTest } from './standing.ts';

const EXPECTATIONS = fileURLToPath(new URL('expectations.json', import.meta.url));

/** One thread owns every URL; of several, most answers come from another one or from a copy. What they do is the same. */
const THREADS = [1, 3] as const;

/** Runs a checkout with the given expectations. */
export async function runCacheTests(
  folder: string,
  say: (line: string) => void,
  expectations: string = EXPECTATIONS,
): Promise<Totals> {
  const reasons = readExpectations(expectations);
  try {
    const tests = await catalogueOf(folder);
    const runs: Run[] = [];
    for (const threads of THREADS) runs.push(await runWith(folder, threads, tests, say));
    const { passed, skipped, failures } = judge(tests, runs, reasons);
    for (const failure of failures) say(`FAILED ${failure}`);
    for (const [reason, count] of counted(reasons.values())) say(`${count} not passed, as expected: ${reason}`);
    return { passed, failed: failures.length, skipped };
  } catch (error) {
    say(`FAILED ${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

async function runWith(
  folder: string,
  threads: number,
  tests: readonly CatalogueTest[],
  say: (line: string) => void,
): Promise<Run> {
  const run = { how: `threads ${threads}`, complaints: complaintsOf(tests, await resultsOf(folder, threads)) };
  say(runText(tests, run));
  return run;
}

function counted(texts: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** The suite. */
export const cacheTests: Suite = {
  about:
    'Tests for HTTP caches: what RFC 9111 requires of a shared cache, and what a good one does, against a whole Kerb.',
  obtain: 'Check out github.com/http-tests/cache-tests and run `npm install --ignore-scripts` in it.',
  files: 'test-engine/cli.mjs',
  run: (folder, _files, say) => runCacheTests(folder, say),
};
