/** From measured rounds to the tables, the chart and the aims of `tax`. Pure. */
import type { Bar, BarChart } from './chart.ts';
import { judge, type Aim } from './report.ts';
import { geometricMean, median, spreadOf, type Spread } from './statistics.ts';
import { figure, type Table } from './table.ts';
import type { Comparison } from './tax-timing.ts';

/** The most that the checks may cost, as a multiple of the time without them: the geometric mean of each group. */
export const MOST_TAX = 1.05;

/** What one process found of one module. */
export interface Round {
  /** Rewritten against original while nothing sets the epoch word. */
  readonly quiet: Comparison;
  /** The same while the watchdog sets it every tick, and every answer is to go on. */
  readonly ticking: Comparison;
  /** Answers while it was ticking. */
  readonly interruptions: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Places in the guest's own functions where the word is looked at. */
  readonly checks: number;
  /** Milliseconds that rewriting took in a process that had just begun. */
  readonly rewriteMs: number;
}

/** The two groups, each with a mean of its own. */
export const GROUPS = { kernel: 'kernels', module: 'real modules' } as const;

/** A member of {@link GROUPS}. */
export type Group = keyof typeof GROUPS;

/** All rounds of one module. */
export interface Taxed {
  readonly group: Group;
  readonly name: string;
  readonly language: string;
  readonly what: string;
  /** At least one. */
  readonly rounds: readonly Round[];
}

/** Whether the epoch word was left alone. */
export type Condition = 'quiet' | 'ticking';

/** How many times the time of the original the rewritten module takes, over the rounds. Throws `RangeError` without a round. */
export function taxOf({ rounds }: Taxed, condition: Condition): Spread {
  return spreadOf(rounds.map((round) => round[condition].ratio));
}

/** The geometric mean of a group's medians; `null` when the group is empty. */
export function meanTax(all: readonly Taxed[], group: Group, condition: Condition): number | null {
  const medians = all.filter((one) => one.group === group).map((one) => taxOf(one, condition).median);
  return medians.length === 0 ? null : geometricMean(medians);
}

/** The member of a group whose median is the greatest; `undefined` when the group is empty. */
export function worstOf(all: readonly Taxed[], group: Group): Taxed | undefined {
  const members = all.filter((one) => one.group === group);
  return members.toSorted((a, b) => taxOf(b, 'quiet').median - taxOf(a, 'quiet').median)[0];
}

/** A table for each group that was measured. */
export function taxTables(all: readonly Taxed[], notes: readonly string[]): Table[] {
  return (Object.keys(GROUPS) as Group[])
    .filter((group) => all.some((one) => one.group === group))
    .map((group) => groupTable(all, group, notes));
}

function groupTable(all: readonly Taxed[], group: Group, notes: readonly string[]): Table {
  const members = all.filter((one) => one.group === group);
  const mean = (condition: Condition): string => times(meanTax(all, group, condition));
  return {
    title: `tax: what the checks cost ${GROUPS[group]}`,
    columns: [
      GROUPS[group],
      'from',
      'ms>',
      'checked is>',
      'min–max>',
      'ticking>',
      'min–max>',
      'KiB>',
      'grows>',
      'checks>',
      'rewrite ms>',
      '',
    ],
    rows: [...members.map(rowOf), ['geometric mean', '', '', mean('quiet'), '', mean('ticking')]],
    notes: group === 'kernel' ? notes : [],
  };
}

function rowOf(one: Taxed): string[] {
  const over = (value: (round: Round) => number): number => median(one.rounds.map(value));
  const [quiet, ticking] = [taxOf(one, 'quiet'), taxOf(one, 'ticking')];
  const { bytesIn, bytesOut, checks } = one.rounds[0] as Round;
  return [
    one.name,
    one.language,
    figure(over((round) => round.quiet.baseMs)),
    times(quiet.median),
    range(quiet),
    times(ticking.median),
    range(ticking),
    figure(bytesIn / 1024),
    `${figure((bytesOut / bytesIn - 1) * 100)} %`,
    checks.toLocaleString('en-US'),
    figure(over((round) => round.rewriteMs)),
    one.what,
  ];
}

/** A bar for each kernel and module, from its least to its greatest round, and the aim as a line. */
export function taxChart(all: readonly Taxed[]): BarChart {
  const groups = (Object.keys(GROUPS) as Group[]).map((group) => ({
    label: `${GROUPS[group]}: geometric mean ${times(meanTax(all, group, 'quiet'))}`,
    bars: all.filter((one) => one.group === group).map(barOf),
  }));
  return {
    title: 'tax: what the checks cost a guest',
    subtitle: 'time with checks as a multiple of the time without, median of the rounds with the least and the most',
    groups: groups.filter(({ bars }) => bars.length > 0),
    mark: { value: MOST_TAX, label: `aim: ${MOST_TAX}x, geometric mean` },
  };
}

function barOf(one: Taxed): Bar {
  const { median: value, min, max } = taxOf(one, 'quiet');
  return { label: `${one.name} (${one.language})`, value, low: min, high: max, tone: 'own', text: times(value) };
}

/** The verdicts: a mean per group, with its worst member named. */
export function taxAims(all: readonly Taxed[]): Aim[] {
  return (Object.keys(GROUPS) as Group[]).map((group) => {
    const worst = worstOf(all, group);
    const most = worst === undefined ? '' : `worst ${worst.name} ${times(taxOf(worst, 'quiet').median)}`;
    return judge(
      { benchmark: 'tax', aim: `${GROUPS[group]}: geometric mean <= ${MOST_TAX}x of the time without checks` },
      meanTax(all, group, 'quiet'),
      (value) => value <= MOST_TAX,
      (value) => `${times(value)} (${most})`,
    );
  });
}

function times(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(3)}x`;
}

function range({ min, max }: Spread): string {
  return `${min.toFixed(2)}–${max.toFixed(2)}`;
}
