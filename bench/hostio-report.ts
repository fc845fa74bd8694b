/** From traffic to the tables, the chart and the aims of `hostio`. Pure. */
import type { BarChart } from './chart.ts';
import type { Pause } from './gc-trace.ts';
import { judge, type Aim } from './report.ts';
import { quantile, ratioOf, spreadOf, type Spread } from './statistics.ts';
import { figure, type Table } from './table.ts';
import type { TrafficRun } from './traffic-run.ts';
import { errorsOf, type TrafficResult } from './traffic.ts';

/** The aims. */
const LEAST_TIMES = 0.8;
const MOST_KIB_EACH = 12;

/** The contender that the aims are about, and the one that it is compared with. */
export const OWN = 'Kerb';
export const PEER = 'node:http + undici';

/** The answer to requests beyond the ceiling: by design. */
const REFUSED = '503 capacity';

/** A width among so many tenants, of one contender. */
export interface HostioCase {
  readonly server: string;
  readonly tone: 'own' | 'peer';
  /** Requests at once; 0: the light tenant alone. */
  readonly width: number;
  readonly tenants: number;
}

/** One round in a closed loop. */
export interface RateSample {
  readonly requestsPerSecond: number;
  readonly requestsPerCpuSecond: number;
  /** `null`: nobody was answered. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly refused: number;
  readonly errors: number;
  readonly lightP99Ms: number | null;
  readonly lightErrors: number;
  /** CPU seconds of the generator per second. */
  readonly loadCpu: number;
}

/** All rounds of a case. */
export interface RateSeries extends HostioCase {
  readonly samples: readonly RateSample[];
}

/** One round in which all wait at once. */
export interface HoldSample {
  /** Requests that waited. */
  readonly held: number;
  readonly refused: number;
  readonly errors: number;
  readonly idleKib: number;
  readonly peakKib: number;
  readonly lightP99Ms: number | null;
}

/** All rounds of a case in which all wait at once. */
export interface HoldSeries extends HostioCase {
  readonly samples: readonly HoldSample[];
}

/** The collector's pauses in a run of a case. */
export interface GcSeries extends HostioCase {
  readonly pauses: readonly Pause[];
  readonly seconds: number;
}

/** Everything that was measured. */
export interface HostioResult {
  readonly rates: readonly RateSeries[];
  readonly holds: readonly HoldSeries[];
  readonly collections: readonly GcSeries[];
}

/** What a run in a closed loop amounts to. */
export function rateSampleOf(run: TrafficRun): RateSample {
  const waiting = run.results.find(({ name }) => name === 'waiting');
  const latencies = waiting?.latenciesMs ?? [];
  const answered = waiting?.answers['200'] ?? 0;
  return {
    requestsPerSecond: answered / run.seconds,
    requestsPerCpuSecond: answered / run.serverCpuSeconds,
    p50Ms: quantileOrNull(latencies, 0.5),
    p99Ms: quantileOrNull(latencies, 0.99),
    ...refusalsOf(waiting),
    lightP99Ms: lightP99Of(run),
    lightErrors: lightErrorsOf(run),
    loadCpu: run.loadCpuSeconds / run.seconds,
  };
}

/** What a run in which all wait at once amounts to. */
export function holdSampleOf(run: TrafficRun, idleKib: number): HoldSample {
  const waiting = run.results.find(({ name }) => name === 'waiting');
  return {
    held: waiting?.answers['200'] ?? 0,
    ...refusalsOf(waiting),
    idleKib,
    peakKib: run.residentKib,
    lightP99Ms: lightP99Of(run),
  };
}

function refusalsOf(waiting: TrafficResult | undefined): { readonly refused: number; readonly errors: number } {
  if (waiting === undefined) return { refused: 0, errors: 0 };
  const refused = waiting.answers[REFUSED] ?? 0;
  return { refused, errors: errorsOf(waiting) - refused };
}

function lightErrorsOf({ results }: TrafficRun): number {
  const light = results.find(({ name }) => name === 'light');
  return light === undefined ? 0 : errorsOf(light);
}

/** A probe that failed has no time, but is no quick one either: then there is no figure. */
function lightP99Of({ results }: TrafficRun): number | null {
  const light = results.find(({ name }) => name === 'light');
  return light === undefined || errorsOf(light) > 0 ? null : quantileOrNull(light.latenciesMs, 0.99);
}

/** KiB that each waiting request takes; `null`: none waited. */
export function kibEach({ held, idleKib, peakKib }: HoldSample): number | null {
  return held === 0 ? null : (peakKib - idleKib) / held;
}

/** The three tables. */
export function hostioTables(result: HostioResult, notes: readonly string[]): Table[] {
  return [rateTable(result.rates, notes), holdTable(result.holds), gcTable(result.collections)];
}

function rateTable(rates: readonly RateSeries[], notes: readonly string[]): Table {
  return {
    title: 'hostio: requests that wait 100 ms for their origin',
    columns: [
      'at once>',
      'tenants>',
      'server',
      'requests/s>',
      'min–max>',
      'Kerb is>',
      'requests/CPU-s>',
      'Kerb is>',
      'p50>',
      'p99>',
      'refused>',
      'errors>',
      'light p99>',
      'light errors>',
    ],
    rows: rates.map((series) => rateRow(series, rates)),
    notes,
  };
}

function rateRow(series: RateSeries, all: readonly RateSeries[]): string[] {
  const { samples, width, tenants, server } = series;
  const spread = (value: (sample: RateSample) => number | null): Spread | null => spreadOfKnown(samples.map(value));
  const rate = width === 0 ? null : spread(({ requestsPerSecond }) => requestsPerSecond);
  const perCpu = width === 0 ? null : spread(({ requestsPerCpuSecond }) => requestsPerCpuSecond);
  const times = (value: (sample: RateSample) => number): string => timesText(timesOf(all, series, value));
  return [
    `${width}`,
    `${tenants}`,
    server,
    figure(rate?.median ?? null),
    rate === null ? '-' : `${figure(rate.min)}–${figure(rate.max)}`,
    times(({ requestsPerSecond }) => requestsPerSecond),
    figure(perCpu?.median ?? null),
    times(({ requestsPerCpuSecond }) => requestsPerCpuSecond),
    figure(spread(({ p50Ms }) => p50Ms)?.median ?? null),
    figure(spread(({ p99Ms }) => p99Ms)?.median ?? null),
    `${sum(samples.map(({ refused }) => refused))}`,
    `${sum(samples.map(({ errors }) => errors))}`,
    figure(spread(({ lightP99Ms }) => lightP99Ms)?.median ?? null),
    `${sum(samples.map(({ lightErrors }) => lightErrors))}`,
  ];
}

/** Kerb as a multiple of a peer's series; `null` for Kerb's own, and where Kerb was not measured. */
function timesOf(all: readonly RateSeries[], peer: RateSeries, value: (sample: RateSample) => number): Spread | null {
  const own = all.find(({ server, width, tenants }) => {
    return server === OWN && width === peer.width && tenants === peer.tenants;
  });
  if (own === undefined || peer.server === OWN || peer.width === 0) return null;
  return ratioOf(own.samples.map(value), peer.samples.map(value));
}

function timesText(times: Spread | null): string {
  return times === null ? '' : `${times.median.toFixed(2)}x`;
}

function holdTable(holds: readonly HoldSeries[]): Table {
  return {
    title: 'hostio: so many requests held by the origin at the same moment',
    columns: [
      'at once>',
      'server',
      'held>',
      'refused>',
      'errors>',
      'idle MiB>',
      'peak MiB>',
      'KiB each>',
      'min–max>',
      'light p99>',
    ],
    rows: holds.map(({ width, server, samples }) => {
      const middle = (value: (sample: HoldSample) => number | null): number | null =>
        spreadOfKnown(samples.map(value))?.median ?? null;
      const each = spreadOfKnown(samples.map(kibEach));
      return [
        `${width}`,
        server,
        figure(middle(({ held }) => held)),
        figure(middle(({ refused }) => refused)),
        `${sum(samples.map(({ errors }) => errors))}`,
        figure(middle(({ idleKib }) => idleKib / 1024)),
        figure(middle(({ peakKib }) => peakKib / 1024)),
        figure(each?.median ?? null),
        each === null ? '-' : `${figure(each.min)}–${figure(each.max)}`,
        figure(middle(({ lightP99Ms }) => lightP99Ms)),
      ];
    }),
    notes: [
      'A process of its own each time, warmed up with few requests. KiB each: resident memory at its peak less idle, over the held: with both connections, what the request is to the server, and heap that is not collected yet.',
    ],
  };
}

function gcTable(collections: readonly GcSeries[]): Table {
  return {
    title: 'hostio: pauses of the collector meanwhile',
    columns: ['at once>', 'server', 'young/s>', 'p50 ms>', 'max ms>', 'full>', 'p50 ms>', 'max ms>', 'of the time>'],
    rows: collections.map(({ width, server, pauses, seconds }) => {
      const of = (kind: Pause['kind']): number[] => pauses.filter((one) => one.kind === kind).map(({ ms }) => ms);
      const [young, full] = [of('young'), of('full')];
      const halves = [young, full].map((all) => [figure(quantileOrNull(all, 0.5)), figure(quantileOrNull(all, 1))]);
      const share = sum(pauses.map(({ ms }) => ms)) / (seconds * 1000);
      return [
        `${width}`,
        server,
        figure(young.length / seconds),
        ...(halves[0] ?? []),
        `${full.length}`,
        ...(halves[1] ?? []),
        `${(share * 100).toFixed(1)} %`,
      ];
    }),
    notes: ['From --trace-gc, in runs of their own that count for nothing else; all threads of the process.'],
  };
}

/** A group per width: how many requests a second. */
export function hostioChart({ rates }: HostioResult): BarChart {
  const shared = rates.filter(({ width, tenants }) => width > 0 && tenants > 1);
  const widths = [...new Set(shared.map(({ width }) => width))];
  return {
    title: 'hostio: requests that wait 100 ms for their origin',
    subtitle: 'requests per second, median of the rounds with the least and the most; longer is better',
    groups: widths.map((width) => ({
      label: `${width.toLocaleString('en-US')} at once`,
      bars: shared.filter((one) => one.width === width).map(barOf),
    })),
  };
}

function barOf({ server, tone, samples }: RateSeries): BarChart['groups'][number]['bars'][number] {
  const spread = spreadOfKnown(samples.map(({ requestsPerSecond }) => requestsPerSecond));
  const { median, min, max } = spread ?? { median: 0, min: 0, max: 0 };
  return { label: server, tone, value: median, low: min, high: max, text: figure(median) };
}

/** The verdicts: the case with the worst outcome decides. */
export function hostioAims({ rates, holds, collections }: HostioResult): Aim[] {
  const benchmark = 'hostio';
  const peers = rates.filter(({ server, width }) => server === PEER && width > 0);
  const times = peers.map((one) => timesOf(rates, one, ({ requestsPerSecond }) => requestsPerSecond)?.median ?? null);
  const each = holds
    .filter(({ server }) => server === OWN)
    .map(({ samples }) => spreadOfKnown(samples.map(kibEach))?.median ?? null);
  const own = collections.filter(({ server }) => server === OWN).flatMap(({ pauses }) => pauses.map(({ ms }) => ms));
  return [
    judge(
      { benchmark, aim: `>= ${LEAST_TIMES}x the rate of plain Node, every case` },
      worst(times, Math.min),
      (value) => value >= LEAST_TIMES,
      (value) => `${value.toFixed(2)}x`,
    ),
    judge(
      { benchmark, aim: `<= ${MOST_KIB_EACH} KiB resident per waiting request, every case` },
      worst(each, Math.max),
      (value) => value <= MOST_KIB_EACH,
      (value) => `${figure(value)} KiB`,
    ),
    judge(
      { benchmark, aim: 'pauses of the collector are shown' },
      own.length === 0 ? null : Math.max(...own),
      () => true,
      (value) => `at most ${figure(value)} ms`,
    ),
  ];
}

/** A case without a figure is no case that was kept. */
function worst(values: readonly (number | null)[], pick: (...values: number[]) => number): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 || known.length < values.length ? null : pick(...known);
}

function quantileOrNull(sample: readonly number[], q: number): number | null {
  return sample.length === 0 ? null : quantile(sample, q);
}

function spreadOfKnown(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : spreadOf(known);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
