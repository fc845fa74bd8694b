/** Benchmark `azure`: thousands of tenants of real popularity in a Kerb that cannot keep all of them awake, beside one that can. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { targetFor as memoryTargetFor } from '../src/control/awake-share.ts';
import { stock } from '../src/lab/stock.ts';
import { labTenants, stockApps } from '../src/lab/tenants.ts';
import { findAffinity, type Affinity } from './affinity.ts';
import {
  AZURE_CASES,
  azureOrder,
  azureTenants,
  azureWeights,
  KEPT_SHARE,
  wakingOrder,
  type AzureCase,
} from './azure-cases.ts';
import {
  azureLateness,
  azureSampleOf,
  IDEAL,
  OWN,
  type AzureReading,
  type AzureSample,
  type AzureSeries,
} from './azure-figures.ts';
import { azureAims, azureChart, azureData, azureTable } from './azure-report.ts';
import { turnOrder } from './measurement.ts';
import { metricsOf, sampleIn } from './metrics.ts';
import type { Report, RunOptions } from './report.ts';
import { startStoredKerb, type StoredKerb } from './servers/stored-kerb.ts';
import { figure } from './table.ts';
import { untilQuiet } from './traffic-run.ts';
import { runVisits } from './visits-run.ts';
import { faultsAmong, type Visited, type VisitOrder } from './visits.ts';

const MOST_ROUNDS = { full: 4, quick: 1 } as const;
/** A round is so many times as long as the option says: a tail takes thousands of requests. */
const SECONDS_FACTOR = { full: 10, quick: 3 } as const;
/** Tenants that are woken at a time. */
const LANES = 16;
/** What the ideal aims at: more than everything takes. MiB. */
const ROOMY_MIB = 12_288;
/** What Kerb aims at where it does not tell what awake tenants take. MiB. */
const UNTOLD_MIB = 1_024;
/** The least that a Kerb can be started with. MiB. */
const LEAST_MIB = 320;

/** A contender that runs. */
interface Contender extends StoredKerb {
  readonly name: string;
  readonly memoryTarget: number;
}

/** Runs it. Rejects when Kerb does not run. */
export async function azure(options: RunOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-azure-'));
  const affinity = findAffinity();
  try {
    const all: AzureSeries[] = [];
    for (const one of AZURE_CASES[options.scale]) all.push(...(await measureCase(one, folder, affinity, options)));
    return report(all, affinity, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureCase(
  one: AzureCase,
  folder: string,
  affinity: Affinity,
  { rounds, seconds, scale, say }: RunOptions,
): Promise<AzureSeries[]> {
  const weights = azureWeights(one);
  const contenders: Contender[] = [];
  try {
    contenders.push(...(await startBoth(one, weights, mkdtempSync(join(folder, 'case-')), affinity, say)));
    const samples = contenders.map((): AzureSample[] => []);
    const count = Math.min(rounds, MOST_ROUNDS[scale]);
    for (let round = 0; round < count; round++) {
      say(`${one.tenants} tenants: round ${round + 1} of ${count}`);
      const order = azureOrder(weights, one, round, seconds * SECONDS_FACTOR[scale]);
      for (const at of turnOrder(contenders.length, round))
        samples[at]?.push(await measureRound(contenders[at] as Contender, one, order, affinity, say));
    }
    return contenders
      .map(({ name: server, memoryTarget }, at) => ({ ...one, server, memoryTarget, samples: samples[at] ?? [] }))
      .toReversed();
  } finally {
    for (const contender of contenders) await contender.process.stop();
  }
}

/** The ideal first: what its tenants take awake says what the other may have. Each has a copy of the same data folder. */
async function startBoth(
  one: AzureCase,
  weights: readonly number[],
  folder: string,
  affinity: Affinity,
  say: RunOptions['say'],
): Promise<Contender[]> {
  const data = join(folder, 'ideal');
  say(`${one.tenants} tenants: stored`);
  await stock(data, stockApps(labTenants(azureTenants(one))));
  cpSync(data, join(folder, 'own'), { recursive: true });
  const wake = async (contender: Contender): Promise<void> => {
    say(`${one.tenants} tenants: woken in ${contender.name}`);
    const { result } = await visit(contender, one, wakingOrder(weights, LANES), affinity);
    for (const fault of result.faults) say(fault);
    if (faultsAmong(result) > 0) say(`${faultsAmong(result)} tenants did not answer right when they were woken`);
    await untilQuiet(contender.process.pid);
  };
  const ideal = await start(IDEAL, data, ROOMY_MIB, affinity);
  try {
    await wake(ideal);
    const awakeBytes = sampleIn(await metricsOf(ideal.controlPort), 'kerb_awake_bytes');
    const own = await start(OWN, join(folder, 'own'), targetFor(awakeBytes), affinity);
    await wake(own);
    return [ideal, own];
  } catch (error) {
    await ideal.process.stop();
    throw error;
  }
}

/** MiB to aim at, so that {@link KEPT_SHARE} of what takes `awakeBytes` stays awake. */
export function targetFor(awakeBytes: number | null): number {
  if (awakeBytes === null) return UNTOLD_MIB;
  return Math.max(LEAST_MIB, memoryTargetFor(KEPT_SHARE * awakeBytes));
}

async function start(
  name: string,
  data: string,
  memoryTarget: number,
  { server: prefix }: Affinity,
): Promise<Contender> {
  const kerb = await startStoredKerb({ data, prefix, flags: ['--memory-target', `${memoryTarget}`] });
  return { ...kerb, name, memoryTarget };
}

function visit(
  { port, process: { pid } }: Contender,
  one: AzureCase,
  order: VisitOrder,
  { load }: Affinity,
): ReturnType<typeof runVisits> {
  const visited: Visited = { kind: 'lab', tenants: azureTenants(one) };
  return runVisits({ port, visited, order }, pid, load);
}

async function measureRound(
  contender: Contender,
  one: AzureCase,
  order: VisitOrder,
  affinity: Affinity,
  say: RunOptions['say'],
): Promise<AzureSample> {
  const before = await readingOf(contender);
  const run = await visit(contender, one, order, affinity);
  for (const fault of run.result.faults) say(fault);
  await untilQuiet(contender.process.pid);
  return azureSampleOf(run, before, await readingOf(contender));
}

async function readingOf({ controlPort }: Contender): Promise<AzureReading> {
  const metrics = await metricsOf(controlPort);
  return {
    wakes: sampleIn(metrics, 'kerb_wakes_total{result="woken"}'),
    awake: sampleIn(metrics, 'kerb_tenants_awake'),
  };
}

function report(all: readonly AzureSeries[], affinity: Affinity, { rounds, seconds, scale }: RunOptions): Report {
  const count = Math.min(rounds, MOST_ROUNDS[scale]);
  const notes = [
    `${count} interleaved rounds of ${seconds * SECONDS_FACTOR[scale]} s, the same requests to both; ${affinity.text}. Milliseconds to the first byte, from when a request was due: median of the rounds; p99.9 of all rounds together.`,
    'Popularity as in the Azure Functions trace of 2019: 45 % of the tenants are asked at most once an hour, 36 % up to once a minute, 16 % up to once a second, 3 % more; fixed seed. All rates are slowed down alike to the requests/s that are shown, which leaves who is asked before whom as it is.',
    'Tenants: sample apps in five languages over three ABIs, each with a module of its own, none of which uses the cache; each answer is compared byte for byte. All were asked once before, the most popular last.',
    `generator: sent its requests at p99 ${figure(azureLateness(all))} ms late. Lateness is in the times of both, so for the second aim all of it is taken off the ideal’s.`,
    `${OWN}: a memory target of which the share for awake tenants holds ${KEPT_SHARE * 100} % of what all of them take. warm: requests that found their tenant awake, by Kerb’s own count of wakes.`,
    `${IDEAL}: the same with a target of ${ROOMY_MIB} MiB: nobody is put to rest. slowdown: Kerb’s quantile over the ideal’s, by rounds.`,
  ];
  return {
    name: 'azure',
    tables: [azureTable(all, notes)],
    charts: { azure: azureChart(all) },
    aims: azureAims(all),
    absent: [],
    data: { affinity: affinity.text, keptShare: KEPT_SHARE, results: azureData(all) },
  };
}
