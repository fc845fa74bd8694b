/** The suite `http-wasm`: the conformance guest of the http-wasm ABI, in a whole Kerb in front of the origin that it expects. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEdge, type Edge } from '../../e2e/edge.ts';
import { readSkips, Tally, type Fault } from '../skips.ts';
import type { Suite, Totals } from '../suite.ts';
import { CASES, faultOf, type Case } from './cases.ts';
import { startOrigin } from './origin.ts';

const EXPECTATIONS = fileURLToPath(new URL('expectations.json', import.meta.url));

/** How instances serve requests, as manifests say it: each has to pass. */
const ISOLATIONS = ['request', 'reuse'] as const;

/** Runs all cases against each guest: one that is skipped must fail. */
export async function runHttpWasm(
  folder: string,
  files: readonly string[],
  say: (line: string) => void,
  expectations: string = EXPECTATIONS,
): Promise<Totals> {
  const tally = new Tally(readSkips(expectations), say);
  for (const file of files) {
    try {
      await runGuest(readFileSync(join(folder, file)), tally);
    } catch (error) {
      tally.fail(`${file} ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return tally.end();
}

async function runGuest(module: Uint8Array, tally: Tally): Promise<void> {
  const origin = await startOrigin();
  try {
    const apps = Object.fromEntries(
      ISOLATIONS.map((name) => [name, { module, manifest: manifestFor(name, origin.url) }]),
    );
    const edge = await startEdge({ apps, flags: ['--allow-backend', '127.0.0.0/8', '--access-log', 'off'] });
    try {
      for (const given of CASES) for (const app of ISOLATIONS) tally.add(...(await verdictOf(edge, app, given)));
    } finally {
      await edge.stop();
    }
  } finally {
    origin.close();
  }
}

function manifestFor(isolation: (typeof ISOLATIONS)[number], originUrl: string): string {
  return [`isolation = "${isolation}"`, 'origin = "suite"', '[backends.suite]', `url = "${originUrl}"`].join('\n');
}

async function verdictOf(edge: Edge, app: string, given: Case): Promise<[name: string, fault: Fault]> {
  const name = `${app}: ${given.name}`;
  try {
    return [name, faultOf(given, await edge.fetch(app, given.path, given.request))];
  } catch (error) {
    return [name, error instanceof Error ? error.message : String(error)];
  }
}

/** The suite. */
export const httpWasm: Suite = {
  about:
    'The conformance guest of http-wasm (its TCK), in instances of one request and in such that go on, against a whole Kerb.',
  obtain:
    'Check out github.com/http-wasm/http-wasm-host-go and name its folder tck, or have `go mod download -json github.com/http-wasm/http-wasm-host-go@v0.7.0` say where it is.',
  files: 'tck.wasm',
  run: (folder, files, say) => runHttpWasm(folder, files, say),
};
