/** Benchmark `hostio`: thousands of requests that wait for a slow origin at once. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findAffinity, type Affinity } from './affinity.ts';
import { parsePauses } from './gc-trace.ts';
import {
  HOLD_MS,
  LIGHT,
  LIGHT_TRAFFIC,
  openFilesOf,
  REQUESTS_PER_TENANT,
  tenantsFor,
  WAIT_MS,
  waitingTraffic,
  WIDTHS,
  widthWithin,
} from './hostio-cases.ts';
import {
  holdSampleOf,
  hostioAims,
  hostioChart,
  hostioTables,
  rateSampleOf,
  type GcSeries,
  type HoldSample,
  type HoldSeries,
  type HostioCase,
  type HostioResult,
  type RateSample,
  type RateSeries,
} from './hostio-report.ts';
import { HOSTIO_KINDS, type HostioKind, type HostioServer } from './hostio-servers.ts';
import { turnOrder } from './measurement.ts';
import type { Report, RunOptions } from './report.ts';
import { residentKibOf } from './resident.ts';
import { figure } from './table.ts';
import { runTraffic, untilQuiet, type TrafficRun } from './traffic-run.ts';

/** Rounds of the parts that need new processes each time, at most. */
const HOLD_ROUNDS = { full: 3, quick: 1 } as const;
/** A round is so many times as long as the option says. */
const SECONDS_FACTOR = { full: 2, quick: 0.5 } as const;
/** Long enough for every lane to have been answered once. */
const WARM_UP_MS = { full: 1_500, quick: 500 } as const;
/** Requests at once with which a server is warmed up before all of them wait at once: its code is ready then, and nothing kept for many. */
const WARM_UP_WIDTH = 16;
/** After the last connection: all requests have arrived at the origin, and it holds them for longer than this. */
const SETTLED_MS = 2_000;

/** How everything is run. */
interface Plan {
  readonly folder: string;
  readonly affinity: Affinity;
  readonly widths: readonly number[];
  readonly rounds: number;
  readonly holdRounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly say: (line: string) => void;
}

/** A width shared out among tenants. */
type Shape = Pick<HostioCase, 'width' | 'tenants'>;

/** Runs it. */
export async function hostio({ rounds, seconds, scale, say }: RunOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-hostio-'));
  const openFiles = openFilesOf(readFileSync('/proc/self/limits', 'utf8'));
  const plan: Plan = {
    folder,
    affinity: findAffinity(),
    widths: (scale === 'quick' ? WIDTHS.slice(0, 1) : WIDTHS).map((width) => widthWithin(width, openFiles)),
    rounds: scale === 'quick' ? 1 : rounds,
    holdRounds: Math.min(rounds, HOLD_ROUNDS[scale]),
    warmUpMs: WARM_UP_MS[scale],
    measureMs: seconds * SECONDS_FACTOR[scale] * 1000,
    say,
  };
  try {
    const result = { ...(await measureRates(plan)), holds: await measureHolds(plan) };
    return report({ ...result, collections: await measureCollections(plan) }, plan, openFiles);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureRates(plan: Plan): Promise<Pick<HostioResult, 'rates'>> {
  const servers: HostioServer[] = [];
  const rates: RateSeries[] = [];
  try {
    for (const kind of HOSTIO_KINDS) servers.push(await start(kind, plan, null));
    for (const shape of shapes(plan)) {
      const samples = HOSTIO_KINDS.map((): RateSample[] => []);
      for (let round = 0; round < plan.rounds; round++) {
        plan.say(`${shape.width} at once, ${shape.tenants} tenants: round ${round + 1} of ${plan.rounds}`);
        for (const at of turnOrder(servers.length, round)) {
          samples[at]?.push(rateSampleOf(await apply(servers[at] as HostioServer, shape, plan)));
        }
      }
      const measured = HOSTIO_KINDS.map(({ name, tone }, at) => ({
        server: name,
        tone,
        ...shape,
        samples: samples[at] ?? [],
      }));
      rates.push(...measured.filter((series) => series.samples.length > 0));
    }
    return { rates };
  } finally {
    for (const server of servers) await server.stop();
  }
}

/** The light tenant alone, and every width. */
function shapes({ widths }: Plan): Shape[] {
  return [0, ...widths].map((width) => ({ width, tenants: tenantsFor(width) }));
}

async function apply({ pid, port }: HostioServer, { width, tenants }: Shape, plan: Plan): Promise<TrafficRun> {
  const waiting = width === 0 ? [] : [waitingTraffic(width, tenants, 'rate')];
  const traffic = [...waiting, LIGHT_TRAFFIC];
  const run = await runTraffic(
    { port, traffic, warmUpMs: plan.warmUpMs, measureMs: plan.measureMs },
    pid,
    plan.affinity.load,
  );
  await untilQuiet(pid);
  return run;
}

async function measureHolds(plan: Plan): Promise<HoldSeries[]> {
  const all: HoldSeries[] = [];
  for (const width of plan.widths) {
    const samples = HOSTIO_KINDS.map((): HoldSample[] => []);
    for (let round = 0; round < plan.holdRounds; round++) {
      plan.say(`${width} held: round ${round + 1} of ${plan.holdRounds}`);
      for (const at of turnOrder(HOSTIO_KINDS.length, round)) {
        samples[at]?.push(await hold(HOSTIO_KINDS[at] as HostioKind, width, plan));
      }
    }
    const tenants = tenantsFor(width);
    all.push(
      ...HOSTIO_KINDS.map(({ name, tone }, at) => ({ server: name, tone, width, tenants, samples: samples[at] ?? [] })),
    );
  }
  return all;
}

async function hold(kind: HostioKind, width: number, plan: Plan): Promise<HoldSample> {
  const server = await start(kind, plan, null);
  try {
    await apply(server, { width: WARM_UP_WIDTH, tenants: 1 }, plan);
    const idleKib = residentKibOf(server.pid);
    const traffic = [waitingTraffic(width, tenantsFor(width), 'hold'), LIGHT_TRAFFIC];
    const times = { warmUpMs: SETTLED_MS, measureMs: HOLD_MS - SETTLED_MS };
    const run = await runTraffic({ port: server.port, traffic, ...times }, server.pid, plan.affinity.load);
    return holdSampleOf(run, idleKib);
  } finally {
    await server.stop();
  }
}

async function measureCollections(plan: Plan): Promise<GcSeries[]> {
  const all: GcSeries[] = [];
  for (const width of plan.widths) {
    for (const kind of HOSTIO_KINDS) {
      plan.say(`${width} at once, ${kind.name}: pauses of the collector`);
      all.push(await traced(kind, { width, tenants: tenantsFor(width) }, plan));
    }
  }
  return all;
}

async function traced(kind: HostioKind, shape: Shape, plan: Plan): Promise<GcSeries> {
  const file = join(mkdtempSync(join(plan.folder, 'trace-')), 'gc.txt');
  const server = await start(kind, plan, file);
  try {
    const before = readFileSync(file, 'utf8').length;
    const startMs = performance.now();
    await apply(server, shape, plan);
    const pauses = parsePauses(readFileSync(file, 'utf8').slice(before));
    return { server: kind.name, tone: kind.tone, ...shape, pauses, seconds: (performance.now() - startMs) / 1000 };
  } finally {
    await server.stop();
  }
}

function start(kind: HostioKind, { folder, affinity, widths }: Plan, gcTrace: string | null): Promise<HostioServer> {
  return kind.start({ folder, affinity, gcTrace, tenants: tenantsFor(Math.max(...widths)) });
}

function report(result: HostioResult, plan: Plan, openFiles: number): Report {
  const { rates, holds, collections } = result;
  const load = Math.max(0, ...rates.flatMap(({ samples }) => samples.map(({ loadCpu }) => loadCpu)));
  const lowered = WIDTHS.find((width) => widthWithin(width, openFiles) < width);
  const notes = [
    `${plan.rounds} interleaved rounds of ${plan.measureMs / 1000} s, closed loop, each request on a connection of its own; ${plan.affinity.text}, each server’s origin with the load. Milliseconds: median of the rounds.`,
    `The origin answers after ${WAIT_MS} ms. generator: used at most ${figure(load * 100)} % of a core.`,
    `${REQUESTS_PER_TENANT} requests of each tenant at once.`,
    'refused: answered 503 "capacity" because the process has its 8,000 requests: by design; such a client comes again after 100 ms. Kerb is: by rounds.',
    `light: a tenant that waits for nothing, ${LIGHT.perSecond} requests/s in an open loop beside the others; 0 at once is it alone. Its p99 is of the rounds in which it had no error.`,
    ...(lowered === undefined
      ? []
      : [
          `${lowered} at once are lowered to ${widthWithin(lowered, openFiles)}: a process may open ${openFiles} files.`,
        ]),
    ...HOSTIO_KINDS.map(({ name, note }) => `${name}: ${note}.`),
  ];
  return {
    name: 'hostio',
    tables: hostioTables(result, notes),
    charts: { hostio: hostioChart(result) },
    aims: hostioAims(result),
    absent: [],
    data: { affinity: plan.affinity.text, waitMs: WAIT_MS, openFiles, rates, holds, collections },
  };
}
