/** From what was counted to the tables, the chart and the aims of `density`. Pure. */
import type { BarChart } from './chart.ts';
import { DENSITY_AIMS } from './density-cases.ts';
import { OWN } from './density-kinds.ts';
import type { MemoryUse } from './memory-use.ts';
import { judge, type Aim } from './report.ts';
import { quantile, spreadOf, type Spread } from './statistics.ts';
import { figure, type Table } from './table.ts';

/** Kerb with so many tenants in its store, none of which has been asked. */
export interface RegisteredSample {
  readonly tenants: number;
  readonly startMs: number;
  readonly use: MemoryUse;
  readonly heapBytes: number;
  /** Of those that were asked afterwards, how many answered right, and how many did not. */
  readonly right: number;
  readonly errors: number;
}

/** A server when so many tenants had answered once. */
export interface LiveSample {
  readonly tenants: number;
  readonly use: MemoryUse;
  /** `null`: it cannot be read. */
  readonly heapBytes: number | null;
  /** To the first byte of each first answer. */
  readonly firstMs: readonly number[];
  /** Since the first was asked. */
  readonly seconds: number;
  readonly errors: number;
  /** Kerb: tenants that it says are awake; `null`: it does not say. */
  readonly awake: number | null;
}

/** A round of one contender. */
export interface LiveRound {
  /** Before anybody was asked. */
  readonly idle: MemoryUse;
  readonly idleHeapBytes: number | null;
  /** One after the other, in the same process. */
  readonly samples: readonly LiveSample[];
  /** Why it was not taken further; `null`: it was taken to the end. */
  readonly stopped: string | null;
}

/** All rounds of one contender. */
export interface LiveSeries {
  readonly server: string;
  readonly tone: 'own' | 'peer';
  readonly rounds: readonly LiveRound[];
}

/** Kerb driven to the end of something. */
export interface EndSample {
  readonly name: string;
  /** Requests by verdict: status and outcome, `right`, `lost`. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly peakMib: number;
  readonly targetMib: number;
  readonly awake: number | null;
  /** Other tenants, asked when it was over: how many answered right, and of how many. */
  readonly afterwards: { readonly right: number; readonly asked: number };
  readonly alive: 'alive' | 'ended';
}

/** Everything that was counted. */
export interface DensityResult {
  readonly registered: readonly RegisteredSample[];
  readonly live: readonly LiveSeries[];
  readonly ends: readonly EndSample[];
}

/** Verdicts by which a Kerb may answer when it is at an end: by design. */
const BY_DESIGN = [
  'right',
  '503 capacity',
  '429 concurrency_limit',
  '429 cpu_quota',
  '503 cpu_limit',
  '503 memory_limit',
];

/** What went neither right nor as it is meant to at the end. */
export function strayVerdicts({ verdicts }: Pick<EndSample, 'verdicts'>): Record<string, number> {
  return Object.fromEntries(Object.entries(verdicts).filter(([name]) => !BY_DESIGN.includes(name)));
}

/** The three tables. */
export function densityTables(
  { registered, live, ends }: DensityResult,
  notes: Readonly<Record<'registered' | 'live' | 'ends', readonly string[]>>,
): Table[] {
  return [
    {
      title: 'density: tenants in the store of a Kerb, at rest',
      columns: [
        'tenants>',
        'ready, s>',
        'MiB>',
        'bytes each>',
        'mappings>',
        'heap, MiB>',
        'bytes each>',
        'asked>',
        'errors>',
      ],
      rows: registered.map((sample) => registeredRow(sample, registered[0])),
      notes: notes.registered,
    },
    {
      title: 'density: tenants that have answered once',
      columns: [
        'server',
        'live>',
        'MiB>',
        'KiB each>',
        'min–max>',
        'mappings each>',
        'heap, KiB each>',
        'first p50>',
        'p99>',
        'errors>',
        'then',
      ],
      rows: live.flatMap(liveRows),
      notes: notes.live,
    },
    {
      title: 'density: Kerb at the end of its memory',
      columns: [
        'driven by',
        'right>',
        '503 capacity>',
        'other ends',
        'MiB at most>',
        'target>',
        'awake>',
        'afterwards',
        'process',
      ],
      rows: ends.map(endRow),
      notes: notes.ends,
    },
  ];
}

function registeredRow(sample: RegisteredSample, base: RegisteredSample | undefined): string[] {
  const { tenants, startMs, use, heapBytes, right, errors } = sample;
  const more = base === undefined ? 0 : tenants - base.tenants;
  const each = (bytes: number): string => figure(more === 0 ? null : bytes / more);
  return [
    tenants.toLocaleString('en-US'),
    figure(startMs / 1000),
    figure(use.residentMib),
    each((use.residentMib - (base?.use.residentMib ?? 0)) * 2 ** 20),
    figure(use.mappings),
    figure(heapBytes / 2 ** 20),
    each(heapBytes - (base?.heapBytes ?? 0)),
    `${right + errors}`,
    `${errors}`,
  ];
}

/** A row per number of live tenants that any round got to. */
function liveRows(series: LiveSeries): string[][] {
  const { server, rounds } = series;
  const counts = [...new Set(rounds.flatMap(({ samples }) => samples.map(({ tenants }) => tenants)))].toSorted(
    (a, b) => a - b,
  );
  const stopped = rounds.find((round) => round.stopped !== null)?.stopped ?? null;
  return counts.map((count, at) => {
    const kib = kibEach(series, count);
    const firsts = samplesAt(rounds, count).flatMap(({ sample }) => sample.firstMs);
    return [
      server,
      count.toLocaleString('en-US'),
      figure(median(samplesAt(rounds, count).map(({ sample }) => sample.use.residentMib))),
      figure(kib?.median ?? null),
      kib === null ? '-' : `${figure(kib.min)}–${figure(kib.max)}`,
      figure(median(samplesAt(rounds, count).map(({ sample, idle }) => (sample.use.mappings - idle.mappings) / count))),
      figure(median(samplesAt(rounds, count).flatMap(heapKibEach))),
      figure(firsts.length === 0 ? null : quantile(firsts, 0.5)),
      figure(firsts.length === 0 ? null : quantile(firsts, 0.99)),
      `${samplesAt(rounds, count).reduce((sum, { sample }) => sum + sample.errors, 0)}`,
      at === counts.length - 1 ? (stopped ?? 'all live') : '',
    ];
  });
}

/** A sample with what its round began with. */
interface Placed extends Pick<LiveRound, 'idle' | 'idleHeapBytes'> {
  readonly sample: LiveSample;
}

function samplesAt(rounds: readonly LiveRound[], tenants: number): Placed[] {
  return rounds.flatMap(({ idle, idleHeapBytes, samples }) =>
    samples.filter((sample) => sample.tenants === tenants).map((sample) => ({ sample, idle, idleHeapBytes })),
  );
}

function heapKibEach({ sample, idleHeapBytes }: Placed): number[] {
  if (sample.heapBytes === null || idleHeapBytes === null) return [];
  return [(sample.heapBytes - idleHeapBytes) / 1024 / sample.tenants];
}

/** KiB of resident memory per live tenant, by rounds. */
export function kibEach({ rounds }: LiveSeries, tenants: number): Spread | null {
  const each = samplesAt(rounds, tenants).map(
    ({ sample, idle }) => ((sample.use.residentMib - idle.residentMib) * 1024) / tenants,
  );
  return each.length === 0 ? null : spreadOf(each);
}

function median(values: readonly number[]): number | null {
  return values.length === 0 ? null : quantile(values, 0.5);
}

function endRow(sample: EndSample): string[] {
  const { name, verdicts, peakMib, targetMib, awake, afterwards, alive } = sample;
  const others = Object.entries(verdicts).filter(([verdict]) => verdict !== 'right' && verdict !== '503 capacity');
  return [
    name,
    figure(verdicts['right'] ?? 0),
    figure(verdicts['503 capacity'] ?? 0),
    others.map(([verdict, count]) => `${count} ${verdict}`).join(', '),
    figure(peakMib),
    figure(targetMib),
    figure(awake),
    `${afterwards.right} of ${afterwards.asked} right`,
    alive,
  ];
}

/** A bar per contender, at as many tenants as all of them got to. */
export function densityChart({ live }: DensityResult): BarChart {
  const reached = live.map(({ rounds }) =>
    Math.max(0, ...rounds.flatMap(({ samples }) => samples.map((one) => one.tenants))),
  );
  const most = Math.min(...reached);
  const counts = [
    ...new Set(live.flatMap(({ rounds }) => rounds.flatMap(({ samples }) => samples.map((one) => one.tenants)))),
  ];
  const count = Math.max(
    0,
    ...counts.filter((tenants) => tenants <= most && live.every((series) => kibEach(series, tenants) !== null)),
  );
  return {
    title: 'density: what a live tenant takes',
    subtitle: 'KiB of resident memory each, whisker: least and greatest round; shorter is better',
    groups: [{ label: `${count} live`, bars: live.map((series) => barOf(series, count)) }],
  };
}

function barOf(series: LiveSeries, tenants: number): BarChart['groups'][number]['bars'][number] {
  const { median: value, min: low, max: high } = kibEach(series, tenants) ?? { median: 0, min: 0, max: 0 };
  return { label: series.server, tone: series.tone, value, low, high, text: `${figure(value)} KiB` };
}

/** The verdicts. */
export function densityAims(result: DensityResult): Aim[] {
  const benchmark = 'density';
  const { registered, ends } = result;
  const most = registered.toSorted((a, b) => a.tenants - b.tenants).at(-1);
  const own = result.live.find(({ server }) => server === OWN);
  const full = own === undefined ? [] : samplesAt(own.rounds, DENSITY_AIMS.live).map(({ sample }) => sample);
  const awake = full.every(({ errors, tenants, awake: found }) => errors === 0 && (found === null || found >= tenants));
  const stray = ends.reduce(
    (sum, end) => sum + total(strayVerdicts(end)) + (end.afterwards.asked - end.afterwards.right),
    0,
  );
  const refused = ends.reduce((sum, { verdicts }) => sum + (verdicts['503 capacity'] ?? 0), 0);
  const ended = ends.filter(({ alive }) => alive === 'ended').length;
  return [
    judge(
      {
        benchmark,
        aim: `${DENSITY_AIMS.registered.toLocaleString('en-US')} tenants registered, and right answers from any`,
      },
      most === undefined || most.tenants < DENSITY_AIMS.registered ? null : most.errors,
      (errors) => errors === 0,
      (errors) => `${figure(most?.use.residentMib ?? null)} MiB, ${errors} of ${(most?.right ?? 0) + errors} wrong`,
    ),
    judge(
      { benchmark, aim: `${DENSITY_AIMS.live.toLocaleString('en-US')} live under ${DENSITY_AIMS.residentMib} MiB` },
      full.length === 0 || !awake ? null : median(full.map(({ use }) => use.residentMib)),
      (mib) => mib <= DENSITY_AIMS.residentMib,
      (mib) => `${figure(mib)} MiB`,
    ),
    judge(
      { benchmark, aim: 'at the end of memory 503 "capacity", no abort, and right answers afterwards' },
      ends.length === 0 ? null : stray + ended,
      (faults) => faults === 0 && refused > 0,
      (faults) => `${figure(refused)} refused, ${faults} faults`,
    ),
  ];
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The results as they go into the JSON file. */
export function densityData({ registered, live, ends }: DensityResult): unknown {
  return {
    registered,
    live: live.map(({ rounds, ...series }) => ({
      ...series,
      rounds: rounds.map(({ samples, ...round }) => ({
        ...round,
        samples: samples.map(({ firstMs, ...sample }) => ({
          ...sample,
          firstP50Ms: median(firstMs),
          firstP99Ms: firstMs.length === 0 ? null : quantile(firstMs, 0.99),
        })),
      })),
    })),
    ends,
  };
}
