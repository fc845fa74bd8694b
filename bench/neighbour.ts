/** Benchmark `neighbour`: what a light tenant notices of tenants that spin to their budgets, on one thread. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findAffinity, type Affinity } from './affinity.ts';
import { turnOrder } from './measurement.ts';
import {
  HOG,
  neighbourApps,
  neighbourCases,
  NEIGHBOURS,
  neighbourTraffic,
  VICTIM,
  type HogWork,
  type NeighbourCase,
} from './neighbour-cases.ts';
import {
  latenessP99,
  loadCpuShare,
  neighbourAims,
  neighbourChart,
  neighbourData,
  neighbourTable,
  OWN,
  sampleOf,
  SLICE_MS,
  type NeighbourSample,
  type NeighbourSeries,
} from './neighbour-report.ts';
import type { AbsentPeer, Report, RunOptions } from './report.ts';
import { startKerb } from './servers/kerb.ts';
import { BARE_UWS } from './servers/node-programs.ts';
import { Absent } from './servers/server.ts';
import { startSpinWorkerd } from './servers/spin-workerd.ts';
import { stepsPerMs } from './spin.ts';
import { figure } from './table.ts';
import { runTraffic, untilQuiet } from './traffic-run.ts';

/** How many hogs there are beside the victim. */
const HOGS = { full: [1, 4, HOG.most], quick: [4] } as const;
/** A round of a case is so many times as long as the option says: one second has too few requests for a tail. */
const SECONDS_FACTOR = { full: 2, quick: 0.5 } as const;
const WARM_UP_MS = { full: 500, quick: 200 } as const;

/** A running server under measurement. */
interface Running {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** A contender. */
interface Kind {
  readonly name: string;
  readonly tone: 'own' | 'peer';
  readonly note: string;
  readonly work: HogWork;
  /** `alone`: it computes nothing, and shows the generator's own error. */
  readonly takes: 'all cases' | 'alone';
  start(folder: string, prefix: readonly string[]): Promise<Running>;
}

type Contender = Kind & Running;

function kerbKind(name: string, tone: Kind['tone'], sliceMs: number, note: string): Kind {
  const start: Kind['start'] = async (folder, prefix) => {
    const extra = { flags: ['--slice-ms', `${sliceMs}`] };
    const { process: kerb, port } = await startKerb(folder, neighbourApps(), 'off', prefix, extra);
    return { pid: kerb.pid, port, stop: () => kerb.stop() };
  };
  return { name, tone, note, work: 'endless', takes: 'all cases', start };
}

const KINDS: readonly Kind[] = [
  kerbKind(OWN, 'own', SLICE_MS, `one data thread, slices of ${SLICE_MS} ms, budgets of ${HOG.cpuMs} ms end the hogs`),
  kerbKind('Kerb, no slices', 'own', 60_000, 'the same with --slice-ms 60000: a guest runs until it is done or ended'),
  {
    name: 'workerd',
    tone: 'peer',
    note: `an isolate per tenant on one thread, neither budgets nor preemption (its makers spread tenants over processes): hogs compute ${HOG.cpuMs} ms and answer`,
    work: 'bounded',
    takes: 'all cases',
    start: async (folder, prefix) => {
      const { process: workerd, port } = await startSpinWorkerd(folder, NEIGHBOURS, prefix);
      return { pid: workerd.pid, port, stop: () => workerd.stop() };
    },
  },
  {
    name: BARE_UWS.name,
    tone: 'peer',
    note: 'answers at once and computes nothing: what is left is the error of the generator and the way there and back',
    work: 'bounded',
    takes: 'alone',
    start: async (folder, prefix) => {
      const server = await BARE_UWS.start({ instances: 'warm', folder, prefix });
      return { pid: server.pid, port: server.portOf('hello'), stop: () => server.stop() };
    },
  },
];

/** Runs it. Rejects when Kerb does not run; a peer that cannot is named as absent. */
export async function neighbour(options: RunOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-neighbour-'));
  const contenders: Contender[] = [];
  try {
    const affinity = findAffinity();
    // Servers are not pinned: the watchdog needs a core beside the one that a guest keeps busy, as SECURITY.md asks for.
    const absent = await startAll(contenders, folder, []);
    return report(await measureAll(contenders, affinity, options), affinity, absent, options);
  } finally {
    for (const one of contenders) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startAll(contenders: Contender[], folder: string, prefix: readonly string[]): Promise<AbsentPeer[]> {
  const absent: AbsentPeer[] = [];
  for (const kind of KINDS) {
    try {
      contenders.push({ ...kind, ...(await kind.start(mkdtempSync(join(folder, 'server-')), prefix)) });
    } catch (error) {
      if (kind.tone === 'own') throw error;
      absent.push({ name: kind.name, reason: error instanceof Absent ? error.message : `it failed: ${String(error)}` });
    }
  }
  return absent;
}

async function measureAll(
  contenders: readonly Contender[],
  affinity: Affinity,
  { rounds, seconds, scale, say }: RunOptions,
): Promise<NeighbourSeries[]> {
  const perMs = stepsPerMs();
  const measureMs = seconds * SECONDS_FACTOR[scale] * 1000;
  const all: NeighbourSeries[] = [];
  for (const one of neighbourCases(HOGS[scale])) {
    const taking = contenders.filter(({ takes }) => takes === 'all cases' || one.hogs === 0);
    const samples = taking.map((): NeighbourSample[] => []);
    for (let round = 0; round < roundsOf(rounds, scale); round++) {
      say(`${one.hogs} hogs, victim ${one.victim}: round ${round + 1}`);
      for (const at of turnOrder(taking.length, round)) {
        const sample = await measureOne(taking[at] as Contender, one, {
          perMs,
          warmUpMs: WARM_UP_MS[scale],
          measureMs,
          prefix: affinity.load,
        });
        samples[at]?.push(sample);
      }
    }
    all.push(...taking.map(({ name, tone }, at) => ({ ...one, server: name, tone, samples: samples[at] ?? [] })));
  }
  return byContender(all);
}

/** A quick run has to end soon, and one round shows that everything works. */
function roundsOf(rounds: number, scale: RunOptions['scale']): number {
  return scale === 'quick' ? 1 : rounds;
}

async function measureOne(
  { pid, port, work }: Contender,
  one: NeighbourCase,
  how: {
    readonly perMs: number;
    readonly warmUpMs: number;
    readonly measureMs: number;
    readonly prefix: readonly string[];
  },
): Promise<NeighbourSample> {
  const traffic = neighbourTraffic(one, work, how.perMs);
  const run = await runTraffic({ port, traffic, ...how }, pid, how.prefix);
  await untilQuiet(pid);
  return sampleOf(run);
}

/** The order of the table: contender by contender. */
function byContender(all: readonly NeighbourSeries[]): NeighbourSeries[] {
  return [...Map.groupBy(all, ({ server }) => server).values()].flat();
}

function report(
  all: readonly NeighbourSeries[],
  affinity: Affinity,
  absent: readonly AbsentPeer[],
  { rounds, seconds, scale }: RunOptions,
): Report {
  const notes = [
    `${roundsOf(rounds, scale)} interleaved rounds of ${seconds * SECONDS_FACTOR[scale]} s; the load is on a core of its own where taskset is there, servers run where they like. Milliseconds: median of the rounds; p99.9 of all rounds together.`,
    `victim: ${VICTIM.perSecond} requests/s of ${VICTIM.cpuMs} ms CPU in an open loop: latency counts from when a request was due, throughput is answers in time.`,
    `hogs: each keeps ${HOG.lanes} requests in flight, which compute without end. CPU-ms/s: what the server uses less what it uses for the victim alone. ended/s: of their requests; while many wait their turns, few of them end in the time.`,
    'of their due: beside what they get without the victim, less what the victim takes.',
    `generator: sent its requests at p99 ${figure(latenessP99(all))} ms late, used at most ${figure(loadCpuShare(all) * 100)} % of a core. Where it is late, the first aim is not judged.`,
    ...KINDS.filter(({ name }) => !absent.some((peer) => peer.name === name)).map(
      ({ name, note }) => `${name}: ${note}.`,
    ),
  ];
  return {
    name: 'neighbour',
    tables: [neighbourTable(all, notes)],
    charts: { neighbour: neighbourChart(all) },
    aims: neighbourAims(all),
    absent,
    data: { affinity: affinity.text, victim: VICTIM, hog: HOG, results: neighbourData(all) },
  };
}
