/** From measured rounds to the tables, charts and aims of the HTTP benchmarks. Pure. */
import type { Bar, BarChart } from './chart.ts';
import type { Sample, Series } from './measurement.ts';
import { judge, type Aim } from './report.ts';
import { ratioOf, spreadOf, type Spread } from './statistics.ts';
import { figure, type Table } from './table.ts';
import type { App, Workload } from './workload.ts';

/** A figure of a sample. */
export type Measure = 'requestsPerSecond' | 'requestsPerCpuSecond';

/** The series that all others are compared with. */
export const OWN = 'Kerb';

/** A lower bound for Kerb's requests per CPU second, as a multiple of a peer's. */
export interface RatioAim {
  readonly peer: string;
  readonly least: number;
  /** `>`: reaching it is not enough. */
  readonly bound: '>=' | '>';
}

/** The values of a series by round. */
export function valuesOf(series: Series, measure: Measure): (number | null)[] {
  return series.samples.map((sample) => (sample === null ? null : sample[measure]));
}

/** Kerb as a multiple of a server under a workload: `null` when either has no round that counts. */
export function timesOf(all: readonly Series[], workload: string, server: string, measure: Measure): Spread | null {
  const of = (name: string): Series | undefined => all.find((one) => one.workload === workload && one.server === name);
  const [own, other] = [of(OWN), of(server)];
  return own === undefined || other === undefined ? null : ratioOf(valuesOf(own, measure), valuesOf(other, measure));
}

/** One row per workload and server. */
export function httpTable(title: string, all: readonly Series[], notes: readonly string[]): Table {
  return {
    title,
    columns: [
      'workload',
      'server',
      'requests/s>',
      'min–max>',
      'Kerb is>',
      'requests/CPU-s>',
      'min–max>',
      'Kerb is>',
      'p99>',
      '',
    ],
    rows: all.map((series) => rowOf(series, all)),
    notes,
  };
}

function rowOf(series: Series, all: readonly Series[]): string[] {
  const { workload, server, errors } = series;
  const cells = (['requestsPerSecond', 'requestsPerCpuSecond'] as const).flatMap((measure) => {
    const spread = spreadOrNull(valuesOf(series, measure));
    const times = server === OWN ? null : timesOf(all, workload, server, measure);
    return [figure(spread?.median ?? null), rangeText(spread), times === null ? '' : `${times.median.toFixed(2)}x`];
  });
  return [workload, server, ...cells, p99Text(series.samples), errors === 0 ? '' : `${errors} errors`];
}

/** One chart: a group per workload, a bar per server. */
export function httpChart(title: string, all: readonly Series[]): BarChart {
  const workloads = [...new Set(all.map(({ workload }) => workload))];
  return {
    title,
    subtitle: 'requests per second of server CPU, median of the rounds with the least and the most; longer is better',
    groups: workloads.map((label) => ({ label, bars: all.filter(({ workload }) => workload === label).map(barOf) })),
  };
}

function barOf(series: Series): Bar {
  const spread = spreadOrNull(valuesOf(series, 'requestsPerCpuSecond'));
  const { median, min, max } = spread ?? { median: 0, min: 0, max: 0 };
  const text = spread === null ? 'no valid round' : figure(median);
  return { label: series.server, value: median, low: min, high: max, tone: series.tone, text };
}

/**
 * One verdict per aim and app: the least of Kerb's multiples over the app's workloads decides, so that no case hides behind
 * another.
 */
export function httpAims(
  benchmark: string,
  all: readonly Series[],
  workloads: readonly Workload[],
  aims: readonly RatioAim[],
): Aim[] {
  const apps = [...new Set(workloads.map(({ app }) => app))];
  return aims.flatMap((aim) => apps.map((app) => aimOf(benchmark, all, workloads, aim, app)));
}

function aimOf(
  benchmark: string,
  all: readonly Series[],
  workloads: readonly Workload[],
  { peer, least, bound }: RatioAim,
  app: App,
): Aim {
  const times = workloads
    .filter((workload) => workload.app === app)
    .map(({ name }) => timesOf(all, name, peer, 'requestsPerCpuSecond')?.median ?? null);
  const worst = times.includes(null) || times.length === 0 ? null : Math.min(...times.filter((one) => one !== null));
  return judge(
    { benchmark, aim: `${app}: ${bound} ${least}x ${peer} per CPU second, every case` },
    worst,
    (value) => (bound === '>' ? value > least : value >= least),
    (value) => `${value.toFixed(2)}x`,
  );
}

/** The spread of the rounds that count; `null`: none does. */
export function spreadOrNull(values: readonly (number | null)[]): Spread | null {
  const counted = values.filter((value) => value !== null);
  return counted.length === 0 ? null : spreadOf(counted);
}

/** The least and the most, as text. */
export function rangeText(spread: Spread | null): string {
  return spread === null ? '-' : `${figure(spread.min)}–${figure(spread.max)}`;
}

function p99Text(samples: readonly (Sample | null)[]): string {
  const spread = spreadOrNull(samples.map((sample) => sample?.p99Us ?? null));
  return spread === null ? '-' : `${figure(spread.median / 1000)} ms`;
}
