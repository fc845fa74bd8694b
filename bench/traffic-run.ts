/** Runs the traffic generator and reads the server's account of the time that it measures. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSecondsOf } from './cpu-time.ts';
import { Started } from './processes.ts';
import { residentKibOf } from './resident.ts';
import { ROOT } from './servers/server.ts';
import type { TrafficPlan, TrafficResult } from './traffic.ts';

/** What a run was. */
export interface TrafficRun {
  /** In the order of the plan. */
  readonly results: readonly TrafficResult[];
  /** CPU seconds of the server while it was measured. */
  readonly serverCpuSeconds: number;
  /** CPU seconds of the generator. */
  readonly loadCpuSeconds: number;
  /** Resident memory of the server, the more of begin and end. */
  readonly residentKib: number;
  readonly seconds: number;
}

/** Sends the traffic of a plan to the server with process id `serverPid`. Rejects when the generator fails. */
export async function runTraffic(plan: TrafficPlan, serverPid: number, prefix: readonly string[]): Promise<TrafficRun> {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-traffic-'));
  const [planFile, resultFile] = [join(folder, 'plan.json'), join(folder, 'result.json')];
  writeFileSync(planFile, JSON.stringify(plan));
  const program = `${ROOT}bench/traffic-program.ts`;
  const generator = new Started({ program: process.execPath, args: [program, planFile, resultFile], prefix });
  try {
    const begin = await readingAt(generator, 'begin', serverPid);
    const end = await readingAt(generator, 'end', serverPid);
    await said(generator, 'done');
    const results = JSON.parse(readFileSync(resultFile, 'utf8')) as TrafficResult[];
    return {
      results,
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

async function readingAt(generator: Started, word: string, serverPid: number): Promise<Reading> {
  await said(generator, word);
  const [server, load] = [cpuSecondsOf(serverPid), cpuSecondsOf(generator.pid)];
  return { server, load, residentKib: residentKibOf(serverPid), atMs: performance.now() };
}

function said(generator: Started, word: string): Promise<true> {
  return generator.until((text) => (new RegExp(`^${word}$`, 'm').test(text) ? true : null));
}
