/** What a run says: a line for each file, and at the end who passed what and what was left out why. */

import type { Totals } from '../suite.ts';
import type { FileReport, LeftOut } from './judgement.ts';

const COLUMN = 12;

/** One file's line. */
export function fileLine({ file, passed, failures, leftOut, interrupts }: FileReport): string {
  const left = sum(leftOut, ({ count }) => count);
  const parts = [`${passed} passed`, ...(failures.length > 0 ? [`${failures.length} FAILED`] : [])];
  if (left > 0) parts.push(`${left} left out`);
  return `${file}: ${parts.join(', ')}, ${interrupts} interrupts`;
}

/** The totals of a run; `faults` are failures that belong to no file. */
export function totalsOf(reports: readonly FileReport[], faults: readonly string[]): Totals {
  return {
    passed: sum(reports, ({ passed }) => passed),
    failed: sum(reports, ({ failures }) => failures.length) + faults.length,
    skipped: sum(reports, ({ leftOut }) => sum(leftOut, ({ count }) => count)),
  };
}

/** The table at the end. */
export function summaryLines(reports: readonly FileReport[]): string[] {
  const rows: [string, number][] = [
    ['files', reports.length],
    ['modules', sum(reports, ({ modules }) => modules.all)],
    ['  that Kerb runs', sum(reports, ({ modules }) => modules.admitted)],
    ['assertions right, original', sum(reports, ({ right }) => right[0])],
    ['  rewritten', sum(reports, ({ right }) => right[1])],
    ['  rewritten, epoch word set', sum(reports, ({ right }) => right[2])],
    ['interrupts', sum(reports, ({ interrupts }) => interrupts)],
    ['  that yielded', sum(reports, ({ yields }) => yields)],
  ];
  return [...rows, ...leftOutRows(reports)].map(([name, count]) => `${String(count).padStart(COLUMN)}  ${name}`);
}

function leftOutRows(reports: readonly FileReport[]): [string, number][] {
  const kinds: readonly LeftOut['kind'][] = ['refused by design', 'not assembled', 'not applicable', 'skipped'];
  const all = reports.flatMap(({ leftOut }) => leftOut);
  return kinds.flatMap((kind): [string, number][] => {
    const mine = all.filter((entry) => entry.kind === kind);
    const reasons = [...new Set(mine.map(({ reason }) => reason))].map((reason): [string, number] => [
      `  ${reason}`,
      sum(mine, (entry) => (entry.reason === reason ? entry.count : 0)),
    ]);
    return [[kind, sum(mine, ({ count }) => count)], ...reasons.toSorted(([, a], [, b]) => b - a)];
  });
}

function sum<Item>(items: readonly Item[], count: (item: Item) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}
