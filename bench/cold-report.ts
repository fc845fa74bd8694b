/** From visits to the table, the chart and the aims of `cold`. Pure. */
import type { BarChart } from './chart.ts';
import { SMALL_CASE, type ColdCase } from './cold-cases.ts';
import { OWN } from './cold-kinds.ts';
import { judge, type Aim } from './report.ts';
import { quantile, spreadOf, tailOf, type Spread } from './statistics.ts';
import { figure, type Table } from './table.ts';
import { countVerdicts, faultsAmong, firstBytesOf, type VisitResult } from './visits.ts';

/** The aim. */
const MOST_P99_MS = 1;

/** One round of one case: a new process, each tenant asked twice. */
export interface ColdSample {
  /** To the first byte of each tenant's first answer. */
  readonly firstMs: readonly number[];
  /** Of its second. */
  readonly againMs: readonly number[];
  /** From the server's start until it listened. */
  readonly startMs: number;
  /** Resident memory after all tenants less that before, by tenant. */
  readonly residentKib: number;
  /** CPU milliseconds of the server per first answer. */
  readonly cpuMs: number;
  readonly errors: number;
  /** First answers by verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
}

/** All rounds of one case of one contender. */
export interface ColdSeries extends Pick<ColdCase, 'name' | 'bytes' | 'lanes'> {
  readonly server: string;
  readonly tone: 'own' | 'peer';
  /** Those that count. */
  readonly tenants: number;
  readonly samples: readonly ColdSample[];
}

/** What a round amounts to. */
export function coldSampleOf(
  first: VisitResult,
  again: VisitResult,
  rest: Pick<ColdSample, 'startMs' | 'residentKib' | 'cpuMs'>,
): ColdSample {
  return {
    ...rest,
    firstMs: firstBytesOf(first),
    againMs: firstBytesOf(again),
    errors: faultsAmong(first) + faultsAmong(again),
    verdicts: countVerdicts(first.verdicts),
  };
}

/** A row per case and contender. */
export function coldTable(all: readonly ColdSeries[], notes: readonly string[]): Table {
  return {
    title: 'cold: first byte from a tenant whose module the process has never compiled',
    columns: [
      'module',
      'server',
      'tenants>',
      'p50>',
      'p99>',
      'min–max>',
      'worst>',
      'CPU each>',
      'again, p50>',
      'p99>',
      'KiB each>',
      'start, ms>',
      'errors>',
    ],
    rows: all.map(rowOf),
    notes,
  };
}

function rowOf({ name, server, tenants, samples }: ColdSeries): string[] {
  const p99 = quantiles(samples, 'firstMs', 0.99);
  const by = (value: (sample: ColdSample) => number): string =>
    figure(spreadOrNull(samples.map(value))?.median ?? null);
  const all = samples.flatMap(({ firstMs }) => firstMs);
  return [
    name,
    server,
    `${tenants}`,
    figure(quantiles(samples, 'firstMs', 0.5)?.median ?? null),
    figure(p99?.median ?? null),
    p99 === null ? '-' : `${figure(p99.min)}–${figure(p99.max)}`,
    figure(all.length === 0 ? null : Math.max(...all)),
    by(({ cpuMs }) => cpuMs),
    figure(quantiles(samples, 'againMs', 0.5)?.median ?? null),
    figure(quantiles(samples, 'againMs', 0.99)?.median ?? null),
    by(({ residentKib }) => residentKib),
    by(({ startMs }) => startMs),
    `${samples.reduce((sum, { errors }) => sum + errors, 0)}`,
  ];
}

/** A quantile of each round in which there was an answer, over the rounds. */
function quantiles(samples: readonly ColdSample[], of: 'firstMs' | 'againMs', q: number): Spread | null {
  return spreadOrNull(samples.flatMap((sample) => (sample[of].length === 0 ? [] : [quantile(sample[of], q)])));
}

function spreadOrNull(values: readonly number[]): Spread | null {
  return values.length === 0 ? null : spreadOf(values);
}

/** A group per case; times span orders of magnitude, so bars are decades. */
export function coldChart(all: readonly ColdSeries[]): BarChart {
  return {
    title: 'cold: first byte from a tenant that the process has never run',
    subtitle:
      'decades of p99 above 0.1 ms (each unit is ten times as long), whisker: least and greatest round; shorter is better',
    groups: [...Map.groupBy(all, ({ name }) => name)].map(([label, series]) => ({ label, bars: series.map(barOf) })),
    mark: { value: decades(MOST_P99_MS), label: `${MOST_P99_MS} ms` },
  };
}

function barOf({ server, tone, samples }: ColdSeries): BarChart['groups'][number]['bars'][number] {
  const p99 = quantiles(samples, 'firstMs', 0.99);
  const [value, low, high] = [p99?.median ?? 0, p99?.min ?? 0, p99?.max ?? 0].map(decades) as [number, number, number];
  return { label: server, tone, value, low, high, text: p99 === null ? 'no answer' : `${figure(p99.median)} ms` };
}

function decades(ms: number): number {
  return ms <= 0 ? 0 : Math.max(0, Math.log10(ms / 0.1));
}

/** The verdicts. A series with an error has none. */
export function coldAims(all: readonly ColdSeries[]): Aim[] {
  const benchmark = 'cold';
  const small = all.find(({ server, name }) => server === OWN && name === SMALL_CASE);
  const errors = all
    .filter(({ server }) => server === OWN)
    .reduce((sum, { samples }) => sum + samples.reduce((more, sample) => more + sample.errors, 0), 0);
  const p99 = small === undefined || errors > 0 ? null : quantiles(small.samples, 'firstMs', 0.99);
  return [
    judge(
      { benchmark, aim: `first byte of a 10 KB module at p99 <= ${MOST_P99_MS} ms` },
      p99?.median ?? null,
      (value) => value <= MOST_P99_MS,
      (value) => `${figure(value)} ms`,
    ),
    judge(
      { benchmark, aim: 'every answer is the right one, byte for byte' },
      errors,
      (value) => value === 0,
      (value) => `${value} were not`,
    ),
  ];
}

/** The results as they go into the JSON file: figures by round, not thousands of requests. */
export function coldData(all: readonly ColdSeries[]): unknown {
  return all.map(({ samples, ...series }) => ({
    ...series,
    rounds: samples.map(({ firstMs, againMs, ...rest }) => ({
      ...rest,
      firstMs: firstMs.length === 0 ? null : tailOf(firstMs),
      againMs: againMs.length === 0 ? null : tailOf(againMs),
    })),
  }));
}
