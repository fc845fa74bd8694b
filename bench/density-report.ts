/** From what was counted to the tables, the chart and the aims of `density`. Pure. */
import type { BarChart } from './chart.ts';
import { DENSITY_AIMS } from './density-cases.ts';
import {
  heapKibEach,
  kibEach,
  medianOrNull,
  samplesAt,
  strayVerdicts,
  type DensityResult,
  type EndSample,
  type LiveSeries,
  type RegisteredSample,
} from './density-figures.ts';
import { OWN } from './density-kinds.ts';
import { judge, type Aim } from './report.ts';
import { quantile } from './statistics.ts';
import { figure, type Table } from './table.ts';

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
      figure(medianOrNull(samplesAt(rounds, count).map(({ sample }) => sample.use.residentMib))),
      figure(kib?.median ?? null),
      kib === null ? '-' : `${figure(kib.min)}–${figure(kib.max)}`,
      figure(
        medianOrNull(samplesAt(rounds, count).map(({ sample, idle }) => (sample.use.mappings - idle.mappings) / count)),
      ),
      figure(medianOrNull(samplesAt(rounds, count).flatMap(heapKibEach))),
      figure(firsts.length === 0 ? null : quantile(firsts, 0.5)),
      figure(firsts.length === 0 ? null : quantile(firsts, 0.99)),
      `${samplesAt(rounds, count).reduce((sum, { sample }) => sum + sample.errors, 0)}`,
      at === counts.length - 1 ? (stopped ?? 'all live') : '',
    ];
  });
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
      full.length === 0 || !awake ? null : medianOrNull(full.map(({ use }) => use.residentMib)),
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
          firstP50Ms: medianOrNull(firstMs),
          firstP99Ms: firstMs.length === 0 ? null : quantile(firstMs, 0.99),
        })),
      })),
    })),
    ends,
  };
}
