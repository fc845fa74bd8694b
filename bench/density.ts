/** Benchmark `density`: how many tenants one process takes, registered and live, what each takes, and what happens at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stock } from '../src/lab/stock.ts';
import { labTenants, stockApps, type TenantOptions } from '../src/lab/tenants.ts';
import {
  ASKED,
  CROWD,
  DISTINCT_SHARE,
  LANES,
  LIVE,
  LIVE_BYTES,
  REGISTERED,
  ROOMY_MIB,
  STOP,
  STORM,
} from './density-cases.ts';
import { measureEnds, stormApps } from './density-ends.ts';
import { measureLive, notesOfKinds, type LiveStage } from './density-live.ts';
import type { DensityResult, RegisteredSample } from './density-figures.ts';
import { densityAims, densityChart, densityData, densityTables } from './density-report.ts';
import { generatedTenants } from './generated-tenants.ts';
import { heapBytesOf, probeFlags } from './heap.ts';
import { memoryUseOf } from './memory-use.ts';
import type { AbsentPeer, Report, RunOptions } from './report.ts';
import { startStoredKerb } from './servers/stored-kerb.ts';
import { runVisits } from './visits-run.ts';
import { faultsAmong } from './visits.ts';

/** Each round takes minutes, and memory is the same each time. */
const MOST_ROUNDS = { full: 2, quick: 1 } as const;
/** The tenants are the same in every run. */
const SEED = 8;

/** Runs it. Rejects when Kerb does not run. */
export async function density(options: RunOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-density-'));
  const rounds = Math.min(options.rounds, MOST_ROUNDS[options.scale]);
  try {
    const registered: RegisteredSample[] = [];
    for (const tenants of REGISTERED[options.scale])
      registered.push(await measureRegistered(folder, tenants, options.say));
    const stage = await prepareLive(folder, options);
    const { live, absent } = await measureLive(stage, { rounds, scale: options.scale, say: options.say });
    options.say('Kerb at the end of its memory');
    const ends = await measureEnds(stage.data, stage.tenants.slice(0, CROWD), STORM.requests[options.scale]);
    return report({ registered, live, ends }, absent, rounds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureRegistered(folder: string, count: number, say: RunOptions['say']): Promise<RegisteredSample> {
  const data = mkdtempSync(join(folder, 'registered-'));
  const tenants: TenantOptions = { tenants: count, hostile: 0, distinct: DISTINCT_SHARE, seed: SEED, modules: null };
  say(`${count} tenants: stored`);
  await stock(data, stockApps(labTenants(tenants)));
  say(`${count} tenants: registered`);
  const heapFile = join(data, 'heap.txt');
  const flags = ['--memory-target', `${ROOMY_MIB}`];
  const kerb = await startStoredKerb({ data, flags, nodeFlags: probeFlags(heapFile) });
  const { pid } = kerb.process;
  try {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const use = await memoryUseOf(pid);
    const heapBytes = await heapBytesOf(pid, heapFile);
    const places = Array.from({ length: Math.min(count, ASKED) }, (_, at) => Math.floor((at * count) / ASKED) % count);
    const order = { kind: 'in turn', lanes: LANES, places } as const;
    const { result } = await runVisits({ port: kerb.port, visited: { kind: 'lab', tenants }, order }, pid, []);
    const errors = faultsAmong(result);
    for (const fault of result.faults) say(fault);
    return { tenants: count, startMs: kerb.startMs, use, heapBytes, right: places.length - errors, errors };
  } finally {
    await kerb.process.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

async function prepareLive(folder: string, { scale, say }: RunOptions): Promise<LiveStage> {
  const [data, modules] = [join(folder, 'data'), join(folder, 'modules')];
  const count = Math.max(...LIVE[scale]);
  say(`${count} modules of ${LIVE_BYTES} bytes`);
  const tenants = generatedTenants({ prefix: 't', count, bytes: LIVE_BYTES }, modules);
  await stock(data, [...stormApps(), ...tenants.map(({ app }) => app)]);
  return { folder, data, modules, tenants };
}

function report(result: DensityResult, absent: readonly AbsentPeer[], rounds: number): Report {
  const notes = {
    registered: [
      `Sample apps in five languages over three ABIs, ${DISTINCT_SHARE * 100} % of them with a module of their own, stored as deploys leave them. ready: from the start of the process until it serves.`,
      'bytes each: more than with one tenant, by tenant. heap: of JavaScript, all threads, after a collection. asked: tenants from all over the store, afterwards, each answer compared byte for byte.',
    ],
    live: [
      `${rounds} interleaved rounds, each in a new process; nothing is pinned. Each tenant has a module of ${LIVE_BYTES} bytes of its own and is asked once, ${LANES} at a time; every answer is compared.`,
      'MiB: resident memory a second after the last answer, as it stands. KiB each: more than before the first, by live tenant. heap: of JavaScript, all threads, after a collection. first: to the first byte, milliseconds, since the row before.',
      `Peers are stopped at ${STOP.residentMib} MiB or after ${STOP.seconds} s.`,
      ...notesOfKinds(absent),
    ],
    ends: [
      `One process. Its tenants are some of the live ones above, and ${STORM.tenants} that fill 16 MiB again and again until their 50 ms of CPU end them; verdicts of answers by status and outcome.`,
      `afterwards: tenants asked one by one, 3 s later; each answer is compared.`,
    ],
  };
  return {
    name: 'density',
    tables: densityTables(result, notes),
    charts: { density: densityChart(result) },
    aims: densityAims(result),
    absent,
    data: { rounds, moduleBytes: LIVE_BYTES, ...(densityData(result) as object) },
  };
}
