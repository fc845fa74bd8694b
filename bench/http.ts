/** The frame of the HTTP benchmarks: starts the contenders, measures each workload, and reports. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findAffinity } from './affinity.ts';
import { httpAims, httpChart, httpTable, type RatioAim } from './http-report.ts';
import { WRK_MISSING, wrkVersion } from './load.ts';
import { measure, type Contender, type Series } from './measurement.ts';
import type { AbsentPeer, Report, RunOptions } from './report.ts';
import { ask, headBytes } from './response-check.ts';
import { KERB, KERB_LOGGING } from './servers/kerb.ts';
import { BARE_UWS, NODE_HTTP, NODE_HTTP_WASM } from './servers/node-programs.ts';
import { Absent, type Instances, type ServerKind } from './servers/server.ts';
import { WORKERD } from './servers/workerd.ts';
import { hostsOf, type Workload } from './workload.ts';

/** What one HTTP benchmark is about. */
export interface HttpBenchmark {
  readonly name: string;
  readonly title: string;
  readonly instances: Instances;
  readonly workloads: readonly Workload[];
  readonly aims: readonly RatioAim[];
}

const KINDS: readonly ServerKind[] = [KERB, KERB_LOGGING, WORKERD, NODE_HTTP, NODE_HTTP_WASM, BARE_UWS];

/** Runs it. Rejects when there is no wrk, when Kerb does not run, or when a server answers anything but the right response. */
export async function runHttp(benchmark: HttpBenchmark, options: RunOptions): Promise<Report> {
  if (wrkVersion() === null) throw new Error(WRK_MISSING);
  const folder = mkdtempSync(join(tmpdir(), `kerb-bench-${benchmark.name}-`));
  const contenders: Contender[] = [];
  try {
    return await runIn(folder, contenders, benchmark, options);
  } finally {
    for (const { server } of contenders) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runIn(
  folder: string,
  contenders: Contender[],
  benchmark: HttpBenchmark,
  options: RunOptions,
): Promise<Report> {
  const affinity = findAffinity();
  const absent = await startAll(contenders, { folder, instances: benchmark.instances, prefix: affinity.server });
  const plan = { ...options, loadPrefix: affinity.load };
  const series: Series[] = [];
  for (const workload of benchmark.workloads) series.push(...(await measure(contenders, workload, plan)));
  const heads = await headSizes(contenders);
  return {
    name: benchmark.name,
    tables: [httpTable(benchmark.title, series, notes(affinity.text, contenders, heads, options))],
    charts: { [benchmark.name]: httpChart(benchmark.title, series) },
    aims: httpAims(benchmark.name, series, benchmark.workloads, benchmark.aims),
    absent,
    data: {
      affinity: affinity.text,
      rounds: options.rounds,
      seconds: options.seconds,
      responseHeadBytes: heads,
      series,
    },
  };
}

/** Starts every kind into `contenders`. A peer that cannot run is named in the answer; Kerb has to. */
async function startAll(
  contenders: Contender[],
  { folder, instances, prefix }: { folder: string; instances: Instances; prefix: readonly string[] },
): Promise<AbsentPeer[]> {
  const absent: AbsentPeer[] = [];
  for (const kind of KINDS) {
    try {
      const own = mkdtempSync(join(folder, 'server-'));
      contenders.push({ kind, server: await kind.start({ instances, prefix, folder: own }) });
    } catch (error) {
      if (kind.tone === 'own') throw error;
      absent.push({ name: kind.name, reason: error instanceof Absent ? error.message : `it failed: ${String(error)}` });
    }
  }
  return absent;
}

/** Bytes of each server's response head: the bodies are the same, the fields that a server adds of itself are not. */
async function headSizes(contenders: readonly Contender[]): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const { kind, server } of contenders) {
    sizes[kind.name] = headBytes(await ask(server.portOf('hello'), 'hello', hostsOf('hello')[0] as string));
  }
  return sizes;
}

function notes(
  placed: string,
  contenders: readonly Contender[],
  heads: Readonly<Record<string, number>>,
  { rounds, seconds }: RunOptions,
): string[] {
  return [
    `${rounds} interleaved rounds of ${seconds} s after a warm-up, wrk with one thread, closed loop; ${placed}.`,
    'CPU-s: user and system time of the server process with all its threads and children.',
    'Kerb is: median over the rounds of Kerb divided by that server in the same round; above 1 Kerb is ahead.',
    'Status, content-type, content-length and body were byte-identical before and after; other fields are each server’s own.',
    ...contenders.map(({ kind }) => `${kind.name}: ${kind.note}; ${heads[kind.name] ?? 0} bytes of header fields.`),
  ];
}
