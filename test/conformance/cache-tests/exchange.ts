/** A run of the suite's client against a Kerb in front of the suite's origin: three processes. */
import { join } from 'node:path';
import { startEdge } from '../../e2e/edge.ts';
import { TestProcess } from '../../e2e/process.ts';
import { PASS_GUEST } from '../../guests.ts';
import { readCatalogue, readResults, type CatalogueTest, type Results } from './standing.ts';

/** Files of a checkout. */
const PLACES = {
  tests: 'tests/index.mjs',
  client: 'test-engine/cli.mjs',
  origin: 'test-engine/server/server.mjs',
} as const;

/** The client takes a minute, and longer on a busy machine; one that hangs does not. */
const DEADLINE_MS = 10 * 60_000;

const LISTENING = /^Listening on http:.*:(\d+)\/$/m;

/** The tests of a checkout that apply to proxies. Rejects when it has none. */
export async function catalogueOf(folder: string): Promise<readonly CatalogueTest[]> {
  const program = new URL('catalogue-program.ts', import.meta.url).pathname;
  return readCatalogue(await outputOf(new TestProcess(program, [join(folder, PLACES.tests)])));
}

/** What the client finds about a Kerb with so many data threads. Rejects when one of the processes ends without having served. */
export async function resultsOf(folder: string, threads: number): Promise<Results> {
  const origin = new TestProcess(join(folder, PLACES.origin), [], { cwd: folder, env: ORIGIN_ENV });
  try {
    const [, port] = await origin.until(() => LISTENING.exec(origin.stdout));
    return await throughKerb(folder, Number(port), threads);
  } finally {
    if (origin.alive) await origin.end('SIGKILL');
  }
}

/** The suite takes its settings from npm's variables. */
const ORIGIN_ENV = { npm_config_protocol: 'http', npm_config_port: '0', npm_config_pidfile: '/dev/null' };

async function throughKerb(folder: string, originPort: number, threads: number): Promise<Results> {
  const edge = await startEdge({
    apps: { suite: { module: PASS_GUEST, manifest: manifestFor(originPort) } },
    flags: ['--allow-backend', '127.0.0.0/8', '--access-log', 'off', '--threads', `${threads}`, '--cache', '64'],
  });
  try {
    const base = `http://127.0.0.1:${edge.port}`;
    const env = { npm_config_base: base, npm_config_id: '', npm_package_config_id: '' };
    return readResults(await outputOf(new TestProcess(join(folder, PLACES.client), [], { cwd: folder, env })));
  } finally {
    await edge.stop();
  }
}

function manifestFor(originPort: number): string {
  return [
    'hosts = ["127.0.0.1"]',
    'origin = "suite"',
    '[backends.suite]',
    `url = "http://127.0.0.1:${originPort}"`,
  ].join('\n');
}

async function outputOf(program: TestProcess): Promise<string> {
  const overdue = setTimeout(() => program.process.kill('SIGKILL'), DEADLINE_MS);
  const code = await program.ended;
  clearTimeout(overdue);
  if (code === 0) return program.stdout;
  throw new Error(`cache-tests: a program of the suite ended with ${String(code)}: ${program.stderr}`);
}
