/** From traffic to the table, the chart and the aims of `neighbour`. Pure. */
import type { BarChart } from './chart.ts';
import { VICTIM, type NeighbourCase } from './neighbour-cases.ts';
import { judge, type Aim } from './report.ts';
import { quantile, spreadOf, type Spread } from './statistics.ts';
import { figure, type Table } from './table.ts';
import type { TrafficRun } from './traffic-run.ts';
import { errorsOf, type TrafficResult } from './traffic.ts';

/** Kerb's slice, in milliseconds: what the victim may wait longer beside hogs than alone. */
export const SLICE_MS = 1;
/** The aims. */
const MOST_TIMES_ALONE = 2;
const LEAST_THROUGHPUT = 0.98;
const LEAST_HOG_SHARE = 0.95;

/** Where the generator sent later than this at p99, in the middle one of the rounds, the machine was too busy to tell. */
const MOST_LATENESS_MS = 0.5;

/** The contender that the aims are about. */
export const OWN = 'Kerb';

/** One round of one case. */
export interface NeighbourSample {
  /** `null`: the victim was not there. */
  readonly victim: {
    readonly latenciesMs: readonly number[];
    /** Answered in time, as a share of its rate. */
    readonly throughput: number;
    readonly errors: number;
  } | null;
  /** Requests of hogs per second that their budget or their end ended; `null`: there were none. */
  readonly hogsEnded: number | null;
  readonly hogErrors: number;
  /** Answers of each kind of traffic, by status and outcome. */
  readonly answers: Readonly<Record<string, TrafficResult['answers']>>;
  /** How late the generator sent, by request. */
  readonly latenessMs: readonly number[];
  /** CPU seconds per second. */
  readonly serverCpu: number;
  readonly loadCpu: number;
}

/** All rounds of one case of one contender. */
export interface NeighbourSeries extends NeighbourCase {
  readonly server: string;
  readonly tone: 'own' | 'peer';
  readonly samples: readonly NeighbourSample[];
}

/** What a run amounts to. */
export function sampleOf(run: TrafficRun): NeighbourSample {
  const victim = run.results.find(({ name }) => name === VICTIM.name);
  const heavy = run.results.find(({ name }) => name === 'hogs');
  return {
    victim:
      victim === undefined
        ? null
        : {
            latenciesMs: victim.latenciesMs,
            // A backlog of the warm-up that is answered as well does not make up for anything.
            throughput: Math.min(1, victim.answeredInTime / (VICTIM.perSecond * run.seconds)),
            errors: errorsOf(victim),
          },
    hogsEnded: heavy === undefined ? null : endedOf(heavy) / run.seconds,
    hogErrors: heavy === undefined ? 0 : errorsOf(heavy) - (heavy.answers[ENDED] ?? 0),
    answers: Object.fromEntries(run.results.map(({ name, answers }) => [name, answers])),
    latenessMs: victim?.latenessMs ?? [],
    serverCpu: run.serverCpuSeconds / run.seconds,
    loadCpu: run.loadCpuSeconds / run.seconds,
  };
}

/** What hogs of a server with budgets get: by design. */
const ENDED = '503 cpu_limit';

function endedOf({ answers }: TrafficResult): number {
  return (answers[ENDED] ?? 0) + (answers['200'] ?? 0);
}

/** What the table says of a series. */
export interface NeighbourFigures {
  readonly p50: Spread | null;
  readonly p99: Spread | null;
  /** Over all rounds together: one round has too few requests. */
  readonly p999: number | null;
  readonly throughput: Spread | null;
  readonly errors: number;
  /** CPU milliseconds per second of the server that are not the victim's; `null`: there are no hogs. */
  readonly hogCpuMs: Spread | null;
  readonly hogsEnded: Spread | null;
}

/** The figures of a series. */
export function figuresOf(series: NeighbourSeries, all: readonly NeighbourSeries[]): NeighbourFigures {
  const { samples } = series;
  const victims = samples.flatMap(({ victim }) => (victim === null ? [] : [victim]));
  const answered = victims.filter(({ latenciesMs }) => latenciesMs.length > 0);
  const pooled = answered.flatMap(({ latenciesMs }) => latenciesMs);
  const by = (q: number): Spread | null => spreadOrNull(answered.map(({ latenciesMs }) => quantile(latenciesMs, q)));
  return {
    p50: by(0.5),
    p99: by(0.99),
    p999: pooled.length === 0 ? null : quantile(pooled, 0.999),
    throughput: spreadOrNull(victims.map(({ throughput }) => throughput)),
    errors: samples.reduce((sum, { victim, hogErrors }) => sum + hogErrors + (victim?.errors ?? 0), 0),
    hogCpuMs: hogCpuMsOf(series, all),
    hogsEnded: spreadOrNull(samples.flatMap(({ hogsEnded }) => (hogsEnded === null ? [] : [hogsEnded]))),
  };
}

/** What the server used, less what so many answers to the victim cost it when the victim is alone. */
function hogCpuMsOf({ server, hogs, samples }: NeighbourSeries, all: readonly NeighbourSeries[]): Spread | null {
  const takes = victimCpu(all, server);
  if (hogs === 0 || takes === null) return null;
  return spreadOrNull(samples.map((one) => (one.serverCpu - takes * (one.victim?.throughput ?? 0)) * 1000));
}

/** The share of a core that a server uses for the victim alone; `null`: it was not measured. */
function victimCpu(all: readonly NeighbourSeries[], server: string): number | null {
  const alone = seriesOf(all, server, { hogs: 0, victim: 'present' });
  return spreadOrNull(alone?.samples.map(({ serverCpu }) => serverCpu) ?? [])?.median ?? null;
}

/** CPU milliseconds per second that hogs should get beside the victim: what they get without it, less what it takes. */
export function hogDueMs(all: readonly NeighbourSeries[], series: NeighbourSeries): number | null {
  const without = seriesOf(all, series.server, { hogs: series.hogs, victim: 'absent' });
  const get = without === undefined ? null : hogCpuMsOf(without, all);
  const takes = victimCpu(all, series.server);
  const served = spreadOrNull(series.samples.map(({ victim }) => victim?.throughput ?? 0))?.median ?? 0;
  return get === null || takes === null ? null : get.median - takes * served * 1000;
}

function seriesOf(
  all: readonly NeighbourSeries[],
  server: string,
  { hogs, victim }: NeighbourCase,
): NeighbourSeries | undefined {
  return all.find((one) => one.server === server && one.hogs === hogs && one.victim === victim);
}

/** One row per contender and case. */
export function neighbourTable(all: readonly NeighbourSeries[], notes: readonly string[]): Table {
  return {
    title: 'neighbour: a tenant of 500 requests/s beside tenants that never stop',
    columns: [
      'server',
      'hogs>',
      'p50>',
      'p99>',
      'min–max>',
      'p99.9>',
      'throughput>',
      'errors>',
      'hogs, CPU-ms/s>',
      'min–max>',
      'of their due>',
      'ended/s>',
    ],
    rows: all.map((series) => rowOf(series, all)),
    notes,
  };
}

function rowOf(series: NeighbourSeries, all: readonly NeighbourSeries[]): string[] {
  const { server, hogs, victim } = series;
  const { p50, p99, p999, throughput, errors, hogCpuMs, hogsEnded } = figuresOf(series, all);
  const due = victim === 'present' ? hogDueMs(all, series) : null;
  const share = hogCpuMs === null || due === null ? '' : percent(hogCpuMs.median / due);
  return [
    victim === 'present' ? server : `${server}, no victim`,
    `${hogs}`,
    figure(p50?.median ?? null),
    figure(p99?.median ?? null),
    range(p99),
    figure(p999),
    throughput === null ? '-' : percent(throughput.median),
    `${errors}`,
    figure(hogCpuMs?.median ?? null),
    range(hogCpuMs),
    share,
    figure(hogsEnded?.median ?? null),
  ];
}

/** A group per number of hogs, a bar per contender. Where nothing is preempted bars would dwarf all others, so the scale is Kerb's. */
export function neighbourChart(all: readonly NeighbourSeries[]): BarChart {
  const present = all.filter(({ victim }) => victim === 'present');
  const counts = [...new Set(present.map(({ hogs }) => hogs))];
  return {
    title: 'neighbour: what a light tenant notices of tenants that spin',
    subtitle:
      'decades of p99 above 0.1 ms (each unit is ten times as long), whisker: least and greatest round; shorter is better',
    groups: counts.map((count) => ({
      label: count === 0 ? 'alone' : `beside ${count} ${count === 1 ? 'hog' : 'hogs'}`,
      bars: present.filter(({ hogs }) => hogs === count).map((series) => barOf(series, all)),
    })),
  };
}

function barOf(series: NeighbourSeries, all: readonly NeighbourSeries[]): BarChart['groups'][number]['bars'][number] {
  const { p99 } = figuresOf(series, all);
  const { median, min, max } = p99 ?? { median: 0, min: 0, max: 0 };
  const text = p99 === null ? 'no answer' : `${figure(median)} ms`;
  return {
    label: series.server,
    tone: series.tone,
    value: decades(median),
    low: decades(min),
    high: decades(max),
    text,
  };
}

function decades(ms: number): number {
  return ms <= 0 ? 0 : Math.max(0, Math.log10(ms / 0.1));
}

/** The verdicts: the case with the worst outcome decides. */
export function neighbourAims(all: readonly NeighbourSeries[]): Aim[] {
  const own = all.filter(({ server, victim, hogs }) => server === OWN && victim === 'present' && hogs > 0);
  const alone = seriesOf(all, OWN, { hogs: 0, victim: 'present' });
  const aloneP99 = alone === undefined ? null : (figuresOf(alone, all).p99?.median ?? null);
  const most = aloneP99 === null ? null : Math.max(MOST_TIMES_ALONE * aloneP99, aloneP99 + SLICE_MS);
  const p99 = worstOf(own, (series) => figuresOf(series, all).p99?.median ?? null, 'greatest');
  const throughput = worstOf(own, (series) => figuresOf(series, all).throughput?.median ?? null, 'least');
  const share = worstOf(own, (series) => shareOf(series, all), 'least');
  const benchmark = 'neighbour';
  const beside = (hogs: number): string => `beside ${hogs}`;
  return [
    judge(
      { benchmark, aim: `victim p99 <= ${MOST_TIMES_ALONE}x alone or alone + ${SLICE_MS} ms, every case` },
      most === null || !isPunctual([...own, ...(alone === undefined ? [] : [alone])]) ? null : p99.value,
      (value) => most !== null && value <= most,
      (value) => `${figure(value)} ms ${beside(p99.hogs)}, alone ${figure(aloneP99)} ms`,
    ),
    judge(
      { benchmark, aim: `victim throughput >= ${percent(LEAST_THROUGHPUT)}, every case` },
      throughput.value,
      (value) => value >= LEAST_THROUGHPUT,
      (value) => `${percent(value)} ${beside(throughput.hogs)}`,
    ),
    judge(
      { benchmark, aim: `hogs get >= ${percent(LEAST_HOG_SHARE)} of what the victim leaves, every case` },
      share.value,
      (value) => value >= LEAST_HOG_SHARE,
      (value) => `${percent(value)} ${beside(share.hogs)}`,
    ),
  ];
}

/** Whether times can be told at all: a bound that is relative to a disturbed time would always be kept. */
function isPunctual(all: readonly NeighbourSeries[]): boolean {
  return all.every(({ samples }) => {
    const late = samples.flatMap(({ latenessMs }) => (latenessMs.length === 0 ? [] : [quantile(latenessMs, 0.99)]));
    return (spreadOrNull(late)?.median ?? Infinity) <= MOST_LATENESS_MS;
  });
}

function shareOf(series: NeighbourSeries, all: readonly NeighbourSeries[]): number | null {
  const due = hogDueMs(all, series);
  const { hogCpuMs } = figuresOf(series, all);
  return due === null || hogCpuMs === null ? null : hogCpuMs.median / due;
}

/** A case without a figure is no case that was kept: the answer is `null` then. */
function worstOf(
  series: readonly NeighbourSeries[],
  value: (series: NeighbourSeries) => number | null,
  worst: 'greatest' | 'least',
): { readonly value: number | null; readonly hogs: number } {
  const found = series.map((one) => ({ value: value(one), hogs: one.hogs }));
  if (found.length === 0 || found.some((one) => one.value === null)) return { value: null, hogs: 0 };
  const sorted = found.toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0));
  return sorted.at(worst === 'greatest' ? -1 : 0) ?? { value: null, hogs: 0 };
}

/** The results as they go into the JSON file: figures by round, not thousands of requests. */
export function neighbourData(all: readonly NeighbourSeries[]): unknown {
  return all.map((series) => ({
    server: series.server,
    hogs: series.hogs,
    victim: series.victim,
    ...figuresOf(series, all),
    latenessP99Ms: latenessP99([series]),
    rounds: series.samples.map(({ victim, hogsEnded, answers, serverCpu, loadCpu }) => ({
      p99Ms: victim === null || victim.latenciesMs.length === 0 ? null : quantile(victim.latenciesMs, 0.99),
      throughput: victim?.throughput ?? null,
      hogsEnded,
      answers,
      serverCpu,
      loadCpu,
    })),
  }));
}

/** The 99th percentile of how late the generator sent, over everything; `null` when it sent nothing on schedule. */
export function latenessP99(all: readonly NeighbourSeries[]): number | null {
  const late = all.flatMap(({ samples }) => samples.flatMap(({ latenessMs }) => latenessMs));
  return late.length === 0 ? null : quantile(late, 0.99);
}

/** The most of a core that the generator used in a round. */
export function loadCpuShare(all: readonly NeighbourSeries[]): number {
  return Math.max(0, ...all.flatMap(({ samples }) => samples.map(({ loadCpu }) => loadCpu)));
}

function spreadOrNull(values: readonly number[]): Spread | null {
  return values.length === 0 ? null : spreadOf(values);
}

function range(spread: Spread | null): string {
  return spread === null ? '-' : `${figure(spread.min)}–${figure(spread.max)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
