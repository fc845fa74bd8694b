/** From figures to the table, the chart and the aims of `azure`. Pure. */
import {
  azureFigures,
  IDEAL,
  OWN,
  slowdownAtMost,
  slowdownOf,
  spreadOrNull,
  type AzureSample,
  type AzureSeries,
} from './azure-figures.ts';
import type { BarChart } from './chart.ts';
import { judge, type Aim } from './report.ts';
import { quantile, type Spread } from './statistics.ts';
import { figure, type Table } from './table.ts';

/** The aims. */
const LEAST_WARM = 0.999;
const MOST_SLOWDOWN = 2;

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
  const slow = own.map((series) => slowdownAtMost(series, all, 0.99));
  const errors = all.reduce((sum, series) => sum + azureFigures(series).errors, 0);
  return [
    judge(
      { benchmark, aim: `>= ${percent(LEAST_WARM)} of requests find their tenant awake, every case` },
      allOf(warm, Math.min),
      (value) => value >= LEAST_WARM,
      (value) => percent(value),
    ),
    judge(
      { benchmark, aim: `p99 slowdown <= ${MOST_SLOWDOWN}, every case, at the worst` },
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

function range(spread: Spread | null): string {
  return spread === null ? '-' : `${figure(spread.min)}–${figure(spread.max)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
