/** From looks and counts to the table, the slopes and the aims of `soak`. Pure. */
import type { BarChart } from './chart.ts';
import { judge, type Aim } from './report.ts';
import { LEAST_MINUTES, MOST_GROWTH, SLACK, SLICES } from './soak-cases.ts';
import type { ChurnCounts } from './soak-churn.ts';
import { quantile } from './statistics.ts';
import { figure, type Table } from './table.ts';
import type { MemoryUse } from './memory-use.ts';

/** What the process took at a moment. */
export interface SoakLook extends MemoryUse {
  /** Since the beginning. */
  readonly atMs: number;
  readonly awake: number | null;
  /** So far. */
  readonly wakes: number | null;
}

/** What became of requests in a part of the time. */
export interface SoakSpell {
  readonly atMs: number;
  readonly sent: number;
  readonly wrong: number;
  readonly unexpected: number;
  readonly refused: number;
  readonly lost: number;
  /** Of well-behaved tenants that had answered before, and had not. */
  readonly warmMs: readonly number[];
  readonly coldMs: readonly number[];
}

/** Everything that was seen. */
export interface SoakResult {
  readonly minutes: number;
  readonly looks: readonly SoakLook[];
  readonly spells: readonly SoakSpell[];
  readonly churn: ChurnCounts;
  /** `null`: it ran until it was told to end; otherwise its exit code. */
  readonly died: number | null;
  /** Answers that should not have been, the first of them, for people. */
  readonly faults: readonly string[];
}

/** What must not grow. */
const GROWING = ['residentMib', 'mappings', 'files'] as const;

/** A member of {@link GROWING}. */
export type Growing = (typeof GROWING)[number];

/** How something grew in the second half of the time. */
export interface Growth {
  /** By a straight line through all looks (least squares). */
  readonly perHour: number;
  /** Along that line, in that half. */
  readonly gained: number;
  /** The middle one of what there was. */
  readonly median: number;
}

/** The growth of one figure; `null`: there are too few looks. */
export function growthOf(looks: readonly SoakLook[], what: Growing): Growth | null {
  const half = looks.slice(Math.floor(looks.length / 2));
  const [first, last] = [half[0], half.at(-1)];
  if (first === undefined || last === undefined || half.length < 3 || first.atMs === last.atMs) return null;
  const values = half.map((look) => look[what]);
  const perMs = slopeOf(
    half.map(({ atMs }) => atMs),
    values,
  );
  return { perHour: perMs * 3_600_000, gained: perMs * (last.atMs - first.atMs), median: quantile(values, 0.5) };
}

function slopeOf(xs: readonly number[], ys: readonly number[]): number {
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [middleX, middleY] = [mean(xs), mean(ys)];
  const up = xs.reduce((sum, x, at) => sum + (x - middleX) * ((ys[at] as number) - middleY), 0);
  return up / xs.reduce((sum, x) => sum + (x - middleX) ** 2, 0);
}

/** The course, slice by slice, and the growth. */
export function soakTables(result: SoakResult, notes: readonly string[]): Table[] {
  return [
    {
      title: 'soak: a long time of everything at once',
      columns: [
        'minute>',
        'requests>',
        'p50>',
        'p99>',
        'first p99>',
        'refused>',
        'wrong>',
        'unexpected>',
        'lost>',
        'MiB>',
        'mappings>',
        'files>',
        'sockets>',
        'awake>',
        'wakes>',
      ],
      rows: slicesOf(result),
      notes,
    },
    {
      title: 'soak: what grew in the second half',
      columns: ['', 'middle>', 'gained>', 'an hour>'],
      rows: GROWING.map((what) => growthRow(what, growthOf(result.looks, what))),
    },
  ];
}

function growthRow(what: Growing, growth: Growth | null): string[] {
  const name = { residentMib: 'resident, MiB', mappings: 'mappings', files: 'files' }[what];
  const { median, gained, perHour } = growth ?? { median: null, gained: null, perHour: null };
  return [name, figure(median), figure(gained), figure(perHour)];
}

function slicesOf({ minutes, looks, spells }: SoakResult): string[][] {
  const sliceMs = (minutes * 60_000) / SLICES;
  return Array.from({ length: SLICES }, (_, at) => {
    const isIn = ({ atMs }: { readonly atMs: number }): boolean =>
      at === SLICES - 1 ? atMs >= at * sliceMs : atMs >= at * sliceMs && atMs < (at + 1) * sliceMs;
    return sliceRow((at + 1) * (sliceMs / 60_000), spells.filter(isIn), looks.filter(isIn));
  });
}

function sliceRow(minute: number, spells: readonly SoakSpell[], looks: readonly SoakLook[]): string[] {
  const sum = (value: (spell: SoakSpell) => number): string =>
    figureOfCount(spells.reduce((total, spell) => total + value(spell), 0));
  const middle = (value: (look: SoakLook) => number | null): string => {
    const values = looks.flatMap((look) => value(look) ?? []);
    return figure(values.length === 0 ? null : quantile(values, 0.5));
  };
  const [warm, cold] = [spells.flatMap(({ warmMs }) => warmMs), spells.flatMap(({ coldMs }) => coldMs)];
  const at = (sample: readonly number[], q: number): string => figure(sample.length === 0 ? null : quantile(sample, q));
  const [first, last] = [looks[0]?.wakes ?? null, looks.at(-1)?.wakes ?? null];
  return [
    figure(minute),
    sum(({ sent }) => sent),
    at(warm, 0.5),
    at(warm, 0.99),
    at(cold, 0.99),
    sum(({ refused }) => refused),
    sum(({ wrong }) => wrong),
    sum(({ unexpected }) => unexpected),
    sum(({ lost }) => lost),
    middle(({ residentMib }) => residentMib),
    middle(({ mappings }) => mappings),
    middle(({ files }) => files),
    middle(({ sockets }) => sockets),
    middle(({ awake }) => awake),
    first === null || last === null ? '-' : figureOfCount(last - first),
  ];
}

function figureOfCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** A bar per slice of resident memory. */
export function soakChart({ minutes, looks }: SoakResult): BarChart {
  const sliceMs = (minutes * 60_000) / SLICES;
  const bars = Array.from({ length: SLICES }, (_, at) => {
    const values = looks
      .filter(({ atMs }) => Math.min(SLICES - 1, Math.floor(atMs / sliceMs)) === at)
      .map((look) => look.residentMib);
    const value = values.length === 0 ? 0 : quantile(values, 0.5);
    const [low, high] = values.length === 0 ? [0, 0] : [Math.min(...values), Math.max(...values)];
    const label = `until minute ${figure(((at + 1) * sliceMs) / 60_000)}`;
    return { label, tone: 'own' as const, value, low, high, text: `${figure(value)} MiB` };
  });
  return {
    title: 'soak: resident memory over the time',
    subtitle: 'MiB: middle look of each part, whisker: least and greatest',
    groups: [{ label: 'Kerb', bars }],
  };
}

/** The verdicts. */
export function soakAims(result: SoakResult): Aim[] {
  const benchmark = 'soak';
  const { spells, churn, died, minutes } = result;
  const sum = (value: (spell: SoakSpell) => number): number => spells.reduce((total, spell) => total + value(spell), 0);
  const wrong = sum((spell) => spell.wrong);
  const unexpected = sum((spell) => spell.unexpected);
  const lost = sum((spell) => spell.lost);
  const count = (value: number): string => figureOfCount(value);
  return [
    judge({ benchmark, aim: 'wrong bytes: none' }, spells.length === 0 ? null : wrong, (value) => value === 0, count),
    judge(
      { benchmark, aim: 'answers that are neither right nor a refusal: none' },
      spells.length === 0 ? null : unexpected,
      (value) => value === 0,
      count,
    ),
    judge(
      { benchmark, aim: 'requests without an answer: none' },
      spells.length === 0 ? null : lost,
      (value) => value === 0,
      count,
    ),
    judge(
      { benchmark, aim: 'deploys, rollbacks and deletes are in force when they are answered, every one' },
      Object.values(churn.steps).reduce((total, steps) => total + steps, 0) === 0 ? null : churn.faults,
      (value) => value === 0,
      (value) => `${count(value)} were not`,
    ),
    judge(
      { benchmark, aim: 'one process from beginning to end' },
      died === null ? 0 : 1,
      (value) => value === 0,
      (value) => (value === 0 ? 'it was' : `it ended with code ${died}`),
    ),
    ...GROWING.map((what) => growthAim(what, minutes < LEAST_MINUTES ? null : growthOf(result.looks, what))),
  ];
}

function growthAim(what: Growing, growth: Growth | null): Aim {
  const name = { residentMib: 'resident memory', mappings: 'mappings', files: 'files' }[what];
  return judge(
    { benchmark: 'soak', aim: `${name}: no growth in the second half (${MOST_GROWTH * 100} % or ${SLACK[what]})` },
    growth?.gained ?? null,
    (gained) => growth !== null && gained <= Math.max(SLACK[what], MOST_GROWTH * growth.median),
    (gained) => `${figure(gained)} of ${figure(growth?.median ?? null)}`,
  );
}

/** The results as they go into the JSON file: not each request. */
export function soakData({ spells, ...result }: SoakResult): unknown {
  return {
    ...result,
    growth: Object.fromEntries(GROWING.map((what) => [what, growthOf(result.looks, what)])),
    spells: spells.map(({ warmMs, coldMs, ...spell }) => ({
      ...spell,
      warmP99Ms: warmMs.length === 0 ? null : quantile(warmMs, 0.99),
      coldP99Ms: coldMs.length === 0 ? null : quantile(coldMs, 0.99),
    })),
  };
}
