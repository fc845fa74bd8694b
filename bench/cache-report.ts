/** From measured rounds to the tables, the chart and the aims of benchmark `cache`. Pure. */
import { httpChart, OWN, rangeText, spreadOrNull, timesOf, valuesOf } from './http-report.ts';
import type { BarChart } from './chart.ts';
import type { Sample, Series } from './measurement.ts';
import { judge, type Aim } from './report.ts';
import { ratioOf } from './statistics.ts';
import { figure, type Table } from './table.ts';

/** One run of hits. */
export interface CacheSample extends Sample {
  readonly p50Us: number;
  /** Requests that reached the origin meanwhile. */
  readonly originRequests: number;
}

/** All rounds of a cache in one case of hits. */
export interface CacheSeries extends Series {
  readonly samples: readonly (CacheSample | null)[];
}

/** All rounds of a crowd that asks for one key. */
export interface StormSeries {
  readonly server: string;
  readonly tone: 'own' | 'peer';
  readonly samples: readonly { readonly originRequests: number; readonly allMs: number }[];
}

/** All rounds of a purge beside hits. */
export interface PurgeSeries {
  readonly server: string;
  readonly tone: 'own' | 'peer';
  readonly samples: readonly PurgeSample[];
}

/** One purge by tag. */
export interface PurgeSample {
  /** Until the cache says that it is done. */
  readonly purgeMs: number;
  /** Purged keys that were asked for afterwards, and how many of them still came from the store. */
  readonly looked: number;
  readonly leftOver: number;
  /** Of the hits beside it: 99 of 100 took no longer, with the purge and without. */
  readonly besideP99Us: number | null;
  readonly quietP99Us: number | null;
  readonly errors: number;
}

/** Everything that was measured. */
export interface CacheResult {
  readonly hits: readonly CacheSeries[];
  readonly storms: readonly StormSeries[];
  readonly purges: readonly PurgeSeries[];
}

/** Tables for people. */
export function cacheTables({ hits, storms, purges }: CacheResult, notes: readonly string[]): Table[] {
  return [
    {
      title: 'cache: answers from the store',
      columns: [
        'case',
        'server',
        'requests/s>',
        'min–max>',
        'requests/CPU-s>',
        'min–max>',
        'Kerb is>',
        'p50>',
        'p99>',
        'to origin>',
        '',
      ],
      rows: hits.map((series) => hitRow(series, hits)),
      notes,
    },
    {
      title: 'cache: 200 clients ask for one cold key at once',
      columns: ['server', 'requests to the origin>', 'until all have it>', 'min–max>', 'Kerb takes>'],
      rows: storms.map((series) => stormRow(series, storms)),
    },
    {
      title: 'cache: 10,000 keys of one tag purged beside hits',
      columns: ['server', 'purge>', 'min–max>', 'left over>', 'p99 beside>', 'p99 without>', ''],
      rows: purges.map(purgeRow),
    },
  ];
}

function hitRow(series: CacheSeries, all: readonly CacheSeries[]): string[] {
  const { workload, server, errors, samples } = series;
  const rate = spreadOrNull(valuesOf(series, 'requestsPerSecond'));
  const perCpu = spreadOrNull(valuesOf(series, 'requestsPerCpuSecond'));
  const times = server === OWN ? null : timesOf(all, workload, server, 'requestsPerCpuSecond');
  const origin = samples.reduce((sum, sample) => sum + (sample?.originRequests ?? 0), 0);
  return [
    workload,
    server,
    figure(rate?.median ?? null),
    rangeText(rate),
    figure(perCpu?.median ?? null),
    rangeText(perCpu),
    times === null ? '' : `${times.median.toFixed(2)}x`,
    msText(samples.map((sample) => sample?.p50Us ?? null)),
    msText(samples.map((sample) => sample?.p99Us ?? null)),
    `${origin}`,
    errors === 0 ? '' : `${errors} errors`,
  ];
}

function stormRow({ server, samples }: StormSeries, all: readonly StormSeries[]): string[] {
  const ms = spreadOrNull(samples.map(({ allMs }) => allMs));
  const own = all.find((one) => one.server === OWN)?.samples.map(({ allMs }) => allMs) ?? [];
  const times = ratioOf(
    own,
    samples.map(({ allMs }) => allMs),
  );
  return [
    server,
    countText(samples.map(({ originRequests }) => originRequests)),
    ms === null ? '-' : `${figure(ms.median)} ms`,
    rangeText(ms),
    server === OWN || times === null ? '' : `${times.median.toFixed(2)}x`,
  ];
}

function purgeRow({ server, samples }: PurgeSeries): string[] {
  const ms = spreadOrNull(samples.map(({ purgeMs }) => purgeMs));
  const of = (measure: 'looked' | 'leftOver' | 'errors'): number => samples.reduce((sum, one) => sum + one[measure], 0);
  return [
    server,
    ms === null ? '-' : `${figure(ms.median)} ms`,
    rangeText(ms),
    `${of('leftOver')} of ${of('looked')}`,
    msText(samples.map(({ besideP99Us }) => besideP99Us)),
    msText(samples.map(({ quietP99Us }) => quietP99Us)),
    of('errors') === 0 ? '' : `${of('errors')} errors`,
  ];
}

/** Whole numbers: the one that all are, or the least and the most. */
function countText(counts: readonly number[]): string {
  const spread = spreadOrNull(counts);
  if (spread === null) return '-';
  return spread.min === spread.max ? `${spread.min}` : `${spread.min}–${spread.max}`;
}

function msText(us: readonly (number | null)[]): string {
  const spread = spreadOrNull(us);
  return spread === null ? '-' : `${figure(spread.median / 1000)} ms`;
}

/** One chart of the hits. */
export function cacheChart({ hits }: CacheResult): BarChart {
  return httpChart('cache: answers from the store', hits);
}

/** What has to hold of Kerb: it asks once for a crowd, leaves nothing behind, and asks nobody for what it has. */
export function cacheAims({ hits, storms, purges }: CacheResult): Aim[] {
  const own = <T extends { readonly server: string }>(all: readonly T[]): readonly T[] =>
    all.filter(({ server }) => server === OWN);
  const most = (counts: readonly number[]): number | null => (counts.length === 0 ? null : Math.max(...counts));
  const stored = own(hits).flatMap(({ samples }) => samples.map((sample) => sample?.originRequests ?? 0));
  const crowd = own(storms).flatMap(({ samples }) => samples.map(({ originRequests }) => originRequests));
  const left = own(purges).flatMap(({ samples }) => samples.map(({ leftOver }) => leftOver));
  const aim = (text: string, value: number | null, bound: number): Aim =>
    judge({ benchmark: 'cache', aim: text }, value, (one) => one <= bound, String);
  return [
    aim('requests that reach the origin for what is stored: none', most(stored), 0),
    aim('requests that reach the origin when 200 clients want one key: 1', most(crowd), 1),
    aim('purged keys that are served afterwards: none', most(left), 0),
  ];
}
