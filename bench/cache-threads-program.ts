/**
 * Compares ways to share a cache out among data threads: checkouts of Kerb that differ in nothing else, each with two threads.
 *
 *     node bench/cache-threads-program.ts ROUNDS NAME=CHECKOUT …
 *
 * Each is started anew in every round, in turns, and asked for 1 KiB under 1,000 keys (Zipf): first with nothing stored, then measured.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOST, keysOf, KEYS, pathOf, scriptOf, type HitCase } from './cache-cases.ts';
import { askedOf } from './cache-client.ts';
import { cpuSecondsOf } from './cpu-time.ts';
import { applyLoad } from './load.ts';
import { turnOrder } from './measurement.ts';
import { killAll, Started } from './processes.ts';
import { startKerb } from './servers/kerb.ts';
import { ROOT } from './servers/server.ts';
import { ratioOf, spreadOf } from './statistics.ts';
import { figure, textTable } from './table.ts';

const SECONDS = { fill: 3, measure: 3 } as const;
const CASE: HitCase = {
  name: '1 KiB, 1,000 keys (Zipf)',
  path: pathOf(1024, 'k0'),
  headers: {},
  status: 200,
  range: null,
  keys: KEYS,
  connections: 64,
};

/** A way, and the checkout that has it. */
interface Variant {
  readonly name: string;
  readonly root: string;
}

/** What one round of a way came to. */
interface Round {
  readonly requestsPerSecond: number;
  readonly requestsPerCpuSecond: number;
  readonly p99Ms: number;
  /** From an empty cache on, while it is filled and while it is measured. */
  readonly originRequests: number;
  /** As `/metrics` tells it. */
  readonly heldMib: number;
}

const MEASURES = ['requestsPerSecond', 'requestsPerCpuSecond', 'p99Ms', 'originRequests', 'heldMib'] as const;

function variantOf(word: string): Variant {
  const [name = '', checkout = ROOT] = word.split('=');
  return { name, root: checkout.endsWith('/') ? checkout : `${checkout}/` };
}

async function measure({ root }: Variant): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-threads-'));
  const origin = new Started({ program: process.execPath, args: [`${ROOT}bench/servers/cache-origin-program.ts`] });
  try {
    const originPort = Number((await origin.until((said) => /^listening on (\d+)$/m.exec(said)))[1]);
    return await measureKerb(folder, root, originPort);
  } finally {
    await origin.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureKerb(folder: string, root: string, originPort: number): Promise<Round> {
  const limits = '[limits]\nmemory_mb = 1\nconcurrency = 2000\ncache_mb = 256';
  const manifest = `origin = "main"\n${limits}\n[backends.main]\nurl = "http://127.0.0.1:${originPort}"\n`;
  const app = { name: 'shop', module: `${ROOT}bench/guests/forward.wasm`, manifest };
  const flags = ['--threads', '2', '--allow-backend', '127.0.0.0/8', '--cache', '512'];
  const { process: kerb, port } = await startKerb(folder, [app], 'off', [], { flags, root });
  try {
    const load = { port, script: scriptOf(CASE), connections: CASE.connections, prefix: [] };
    await applyLoad({ ...load, seconds: SECONDS.fill });
    const cpuBefore = cpuSecondsOf(kerb.pid);
    const { requests, seconds, errors, p99Us } = await applyLoad({ ...load, seconds: SECONDS.measure });
    const cpu = cpuSecondsOf(kerb.pid) - cpuBefore;
    if (errors > 0) throw new Error(`${errors} errors`);
    return {
      requestsPerSecond: requests / seconds,
      requestsPerCpuSecond: requests / cpu,
      p99Ms: p99Us / 1000,
      originRequests: await askedOf(originPort),
      heldMib: (await heldBytes(kerb.said)) / 2 ** 20,
    };
  } finally {
    await kerb.stop();
  }
}

async function heldBytes(said: string): Promise<number> {
  const port = /control on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1] ?? '';
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const samples = text.split('\n').filter((line) => line.startsWith('kerb_cache_bytes{'));
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** A row; beside the figures how many times the first way it is, by rounds. */
function rowOf({ name }: Variant, rounds: readonly Round[], first: readonly Round[]): string[] {
  const cells = MEASURES.map((measured) => {
    const { median, min, max } = spreadOf(rounds.map((round) => round[measured]));
    return `${figure(median)} (${figure(min)}–${figure(max)})`;
  });
  const perCpu = (all: readonly Round[]): number[] => all.map(({ requestsPerCpuSecond }) => requestsPerCpuSecond);
  return [name, ...cells, `${ratioOf(perCpu(rounds), perCpu(first))?.median.toFixed(2) ?? '-'}x`];
}

process.on('exit', killAll);
const [, , count = '3', ...words] = process.argv;
const variants = (words.length === 0 ? ['this'] : words).map(variantOf);
const rounds = variants.map((): Round[] => []);
for (let round = 0; round < Number(count); round++) {
  for (const at of turnOrder(variants.length, round)) {
    process.stderr.write(`round ${round + 1} of ${count}: ${variants[at]?.name ?? ''}\n`);
    rounds[at]?.push(await measure(variants[at] as Variant));
  }
}
process.stdout.write(
  textTable({
    title: `${CASE.name}, ${keysOf(CASE).length} keys at ${HOST}, two data threads, ${count} rounds of ${SECONDS.measure} s`,
    columns: ['way', ...MEASURES.map((measured) => `${measured}>`), 'per CPU-s of the first>'],
    rows: variants.map((variant, at) => rowOf(variant, rounds[at] ?? [], rounds[0] ?? [])),
  }),
);
