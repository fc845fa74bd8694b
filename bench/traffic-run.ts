/** Runs the traffic generator and reads the server's account of the time that it measures. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSecondsOf } from './cpu-time.ts';
import { Started } from './processes.ts';
import { residentKibOf } from './resident.ts';
import { ROOT } from './servers/server.ts';
import type { TrafficPlan, TrafficResult } from './traffic.ts';

/** What a run of a generator was. */
export interface GeneratorRun {
  /** CPU seconds of the server while it was measured. */
  readonly serverCpuSeconds: number;
  /** CPU seconds of the generator. */
  readonly loadCpuSeconds: number;
  /** Resident memory of the server, the more of begin and end. */
  readonly residentKib: number;
  readonly seconds: number;
}

/** What a run of the traffic generator was. */
export interface TrafficRun extends GeneratorRun {
  /** In the order of the plan. */
  readonly results: readonly TrafficResult[];
}

/** Which generator is run, and how. */
export interface Generator {
  /** Its file in this folder. It takes the names of the files of its plan and its results, and says `begin`, `end` and `done`. */
  readonly program: string;
  /** As JSON. */
  readonly plan: unknown;
  /** Words before its command line. */
  readonly prefix: readonly string[];
  /** How long each of its parts may take. */
  readonly timeoutMs?: number;
}

/** Sends the traffic of a plan to the server with process id `serverPid`. Rejects when the generator fails. */
export async function runTraffic(plan: TrafficPlan, serverPid: number, prefix: readonly string[]): Promise<TrafficRun> {
  const { result, ...run } = await runGenerator({ program: 'traffic-program.ts', plan, prefix }, serverPid);
  return { ...run, results: result as TrafficResult[] };
}

/** Runs a generator against the server with process id `serverPid`; answers what it wrote as well. Rejects when it fails. */
export async function runGenerator(
  { program, plan, prefix, timeoutMs }: Generator,
  serverPid: number,
): Promise<GeneratorRun & { readonly result: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-traffic-'));
  const [planFile, resultFile] = [join(folder, 'plan.json'), join(folder, 'result.json')];
  writeFileSync(planFile, JSON.stringify(plan));
  const args = [`${ROOT}bench/${program}`, planFile, resultFile];
  const generator = new Started({ program: process.execPath, args, prefix });
  try {
    const begin = await readingAt(generator, 'begin', serverPid, timeoutMs);
    const end = await readingAt(generator, 'end', serverPid, timeoutMs);
    await said(generator, 'done', timeoutMs);
    return {
      result: JSON.parse(readFileSync(resultFile, 'utf8')) as unknown,
      serverCpuSeconds: end.server - begin.server,
      loadCpuSeconds: end.load - begin.load,
      residentKib: Math.max(begin.residentKib, end.residentKib),
      seconds: (end.atMs - begin.atMs) / 1000,
    };
  } finally {
    await generator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until a server has used less than a tenth of a core for a while, for work that nobody waits for any more to end. */
export async function untilQuiet(serverPid: number): Promise<void> {
  for (let look = 0; look < QUIET.mostLooks; look++) {
    const before = cpuSecondsOf(serverPid);
    await new Promise((resolve) => setTimeout(resolve, QUIET.lookMs));
    if (cpuSecondsOf(serverPid) - before < (QUIET.lookMs / 1000) * QUIET.share) return;
  }
}

const QUIET = { lookMs: 200, share: 0.1, mostLooks: 50 } as const;

/** What is read when the generator says so. */
interface Reading {
  readonly server: number;
  readonly load: number;
  readonly residentKib: number;
  readonly atMs: number;
}

async function readingAt(generator: Started, word: string, serverPid: number, timeoutMs?: number): Promise<Reading> {
  await said(generator, word, timeoutMs);
  const [server, load] = [cpuSecondsOf(serverPid), cpuSecondsOf(generator.pid)];
  return { server, load, residentKib: residentKibOf(serverPid), atMs: performance.now() };
}

function said(generator: Started, word: string, timeoutMs?: number): Promise<true> {
  return generator.until((text) => (new RegExp(`^${word}$`, 'm').test(text) ? true : null), timeoutMs);
}
