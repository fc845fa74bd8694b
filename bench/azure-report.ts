/** From visits to the table, the chart and the aims of `azure`. Pure. */
import type { AzureCase } from './azure-cases.ts';
import type { BarChart } from './chart.ts';
import { judge, type Aim } from './report.ts';
import { quantile, ratioOf, spreadOf, type Spread } from './statistics.ts';
import { figure, type Table } from './table.ts';
import { countVerdicts, faultsAmong, firstBytesOf } from './visits.ts';
import type { VisitsRun } from './visits-run.ts';

/** The aims. */
const LEAST_WARM = 0.999;
const MOST_SLOWDOWN = 2;
/** Where the generator sent later than this at p99, in the middle one of the rounds, the machine was too busy to tell. */
const MOST_LATENESS_MS = 0.5;

/** The contenders: the one that puts tenants to rest, and the one that need not. */
export const OWN = 'Kerb';
export const IDEAL = 'Kerb that keeps everything';

/** One round. */
export interface AzureSample {
  /** To the first byte, of right answers. */
  readonly latenciesMs: readonly number[];
  readonly latenessMs: readonly number[];
  readonly requests: number;
  /** Requests that found their tenant at rest; `null`: Kerb does not tell. */
  readonly wakes: number | null;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly residentMib: number;
  readonly awake: number | null;
  readonly errors: number;
  readonly verdicts: Readonly<Record<string, number>>;
}

/** All rounds of one case of one contender. */
export interface AzureSeries extends AzureCase {
  readonly server: string;
  /** MiB. */
  readonly memoryTarget: number;
  readonly samples: readonly AzureSample[];
}

/** What Kerb tells of itself before or after a round. */
export interface AzureReading {
  readonly wakes: number | null;
  readonly awake: number | null;
}

/** What a round amounts to. */
export function azureSampleOf(run: VisitsRun, before: AzureReading, after: AzureReading): AzureSample {
  return {
    latenciesMs: firstBytesOf(run.result),
    latenessMs: run.result.latenessMs,
    requests: run.result.verdicts.length,
    wakes: before.wakes === null || after.wakes === null ? null : after.wakes - before.wakes,
    seconds: run.seconds,
    cpuSeconds: run.serverCpuSeconds,
    residentMib: run.residentKib / 1024,
    awake: after.awake,
    errors: faultsAmong(run.result),
    verdicts: countVerdicts(run.result.verdicts),
  };
}

/** What the table says of a series. */
export interface AzureFigures {
  readonly p50: Spread | null;
  readonly p99: Spread | null;
  /** Over all rounds together. */
  readonly p999: number | null;
  /** Of all requests of all rounds; `null`: Kerb does not tell. */
  readonly warm: number | null;
  readonly perCpuSecond: Spread | null;
  readonly errors: number;
}

/** The figures of a series. */
export function azureFigures({ samples }: AzureSeries): AzureFigures {
  const pooled = samples.flatMap(({ latenciesMs }) => latenciesMs);
  const requests = samples.reduce((sum, sample) => sum + sample.requests, 0);
  const wakes = samples.map((sample) => sample.wakes);
  const isTold = wakes.every((count) => count !== null) && requests > 0;
  const busy = samples.filter(({ cpuSeconds }) => cpuSeconds >= 0.02);
  return {
    p50: spreadOrNull(byRound(samples, 0.5)),
    p99: spreadOrNull(byRound(samples, 0.99)),
    p999: pooled.length === 0 ? null : quantile(pooled, 0.999),
    warm: isTold ? 1 - wakes.reduce((sum, count) => sum + (count ?? 0), 0) / requests : null,
    perCpuSecond: spreadOrNull(busy.map((sample) => sample.requests / sample.cpuSeconds)),
    errors: samples.reduce((sum, { errors }) => sum + errors, 0),
  };
}

/** How many times the ideal's a quantile is, round by round; `null`: there is nothing to compare. */
export function slowdownOf(series: AzureSeries, all: readonly AzureSeries[], q: number): Spread | null {
  const ideal = all.find(({ server, tenants }) => server === IDEAL && tenants === series.tenants);
  return ideal === undefined ? null : ratioOf(roundsOrNull(series, q), roundsOrNull(ideal, q));
}

function roundsOrNull({ samples }: AzureSeries, q: number): (number | null)[] {
  return samples.map(({ latenciesMs }) => (latenciesMs.length === 0 ? null : quantile(latenciesMs, q)));
}

function byRound(samples: readonly AzureSample[], q: number): number[] {
  return samples.flatMap(({ latenciesMs }) => (latenciesMs.length === 0 ? [] : [quantile(latenciesMs, q)]));
}

/** A row per case and contender. */
export function azureTable(all: readonly AzureSeries[], notes: readonly string[]): Table {
  return {
    title: 'azure: tenants as popular as the apps of a cloud',
    columns: [
      'tenants>',
      'server',
      'target, MiB>',
      'MiB>',
      'awake>',
      'requests/s>',
      'warm>',
      'p50>',
      'p99>',
      'min–max>',
      'p99.9>',
      'slowdown p50>',
      'p99>',
      'min–max>',
      'requests/CPU-s>',
      'errors>',
    ],
    rows: all.map((series) => rowOf(series, all)),
    notes,
  };
}

function rowOf(series: AzureSeries, all: readonly AzureSeries[]): string[] {
  const { tenants, server, memoryTarget, samples } = series;
  const { p50, p99, p999, warm, perCpuSecond, errors } = azureFigures(series);
  const middle = (value: (sample: AzureSample) => number | null): string =>
    figure(spreadOrNull(samples.flatMap((sample) => value(sample) ?? []))?.median ?? null);
  const [half, tail] = server === IDEAL ? [null, null] : [slowdownOf(series, all, 0.5), slowdownOf(series, all, 0.99)];
  return [
    tenants.toLocaleString('en-US'),
    server,
    figure(memoryTarget),
    middle(({ residentMib }) => residentMib),
    middle(({ awake }) => awake),
    middle(({ requests, seconds }) => requests / seconds),
    warm === null ? '-' : percent(warm),
    figure(p50?.median ?? null),
    figure(p99?.median ?? null),
    range(p99),
    figure(p999),
    half === null ? '' : `${figure(half.median)}x`,
    tail === null ? '' : `${figure(tail.median)}x`,
    tail === null ? '' : range(tail),
    figure(perCpuSecond?.median ?? null),
    `${errors}`,
  ];
}

/** A group per case. */
export function azureChart(all: readonly AzureSeries[]): BarChart {
  return {
    title: 'azure: what tenants that are put to rest cost the others',
    subtitle: 'p99 to the first byte, milliseconds, whisker: least and greatest round; shorter is better',
    groups: [...Map.groupBy(all, ({ tenants }) => tenants)].map(([tenants, series]) => ({
      label: `${tenants.toLocaleString('en-US')} tenants`,
      bars: series.map(barOf),
    })),
  };
}

function barOf(series: AzureSeries): BarChart['groups'][number]['bars'][number] {
  const { median: value, min: low, max: high } = azureFigures(series).p99 ?? { median: 0, min: 0, max: 0 };
  const tone = series.server === OWN ? 'own' : 'peer';
  return { label: series.server, tone, value, low, high, text: `${figure(value)} ms` };
}

/** The verdicts: the case with the worst outcome decides. */
export function azureAims(all: readonly AzureSeries[]): Aim[] {
  const benchmark = 'azure';
  const own = all.filter(({ server }) => server === OWN);
  const warm = own.map((series) => azureFigures(series).warm);
  const slow = own.map((series) => (isPunctual(all, series.tenants) ? slowdownOf(series, all, 0.99) : null));
  const errors = all.reduce((sum, series) => sum + azureFigures(series).errors, 0);
  return [
    judge(
      { benchmark, aim: `>= ${percent(LEAST_WARM)} of requests find their tenant awake, every case` },
      allOf(warm, Math.min),
      (value) => value >= LEAST_WARM,
      (value) => percent(value),
    ),
    judge(
      { benchmark, aim: `p99 slowdown <= ${MOST_SLOWDOWN}, every case` },
      allOf(
        slow.map((spread) => spread?.median ?? null),
        Math.max,
      ),
      (value) => value <= MOST_SLOWDOWN,
      (value) => `${figure(value)}x`,
    ),
    judge(
      { benchmark, aim: 'every answer is the right one, byte for byte' },
      own.length === 0 ? null : errors,
      (value) => value === 0,
      (value) => `${value} were not`,
    ),
  ];
}

/** A case without a figure is none that was kept: the answer is `null` then. */
function allOf(values: readonly (number | null)[], worst: (...values: number[]) => number): number | null {
  const known = values.flatMap((value) => value ?? []);
  return known.length === 0 || known.length < values.length ? null : worst(...known);
}

/** Whether times can be told at all: lateness of the generator is the same for both, and makes them look alike. */
function isPunctual(all: readonly AzureSeries[], tenants: number): boolean {
  const late = all
    .filter((series) => series.tenants === tenants)
    .flatMap(({ samples }) =>
      samples.map(({ latenessMs }) => (latenessMs.length === 0 ? 0 : quantile(latenessMs, 0.99))),
    );
  return (spreadOrNull(late)?.median ?? Infinity) <= MOST_LATENESS_MS;
}

/** The 99th percentile of how late the generator sent, over everything; `null` when it sent nothing. */
export function azureLateness(all: readonly AzureSeries[]): number | null {
  const late = all.flatMap(({ samples }) => samples.flatMap(({ latenessMs }) => latenessMs));
  return late.length === 0 ? null : quantile(late, 0.99);
}

/** The results as they go into the JSON file: figures by round, not thousands of requests. */
export function azureData(all: readonly AzureSeries[]): unknown {
  return all.map((series) => {
    const { samples, ...rest } = series;
    return {
      ...rest,
      ...azureFigures(series),
      slowdownP99: slowdownOf(series, all, 0.99),
      rounds: samples.map(({ latenciesMs, latenessMs, ...sample }) => ({
        ...sample,
        p99Ms: latenciesMs.length === 0 ? null : quantile(latenciesMs, 0.99),
        latenessP99Ms: latenessMs.length === 0 ? null : quantile(latenessMs, 0.99),
      })),
    };
  });
}

function spreadOrNull(values: readonly number[]): Spread | null {
  return values.length === 0 ? null : spreadOf(values);
}

function range(spread: Spread | null): string {
  return spread === null ? '-' : `${figure(spread.min)}–${figure(spread.max)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
