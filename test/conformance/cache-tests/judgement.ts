/** What is wrong with a run of the suite, given what was expected of it. Pure. */
import { shareText, type CatalogueTest } from './standing.ts';

/** The complaints of one run, whose words say how it was run. */
export interface Run {
  readonly how: string;
  readonly complaints: ReadonlyMap<string, string>;
}

/** What came out of all runs. */
export interface Judgement {
  /** Tests that were passed in every run; behaviours do not count, since none is better than another. */
  readonly passed: number;
  /** Listed tests that were passed in none. */
  readonly skipped: number;
  readonly failures: readonly string[];
}

/** Compares runs with each other and with the reasons for what is not passed. Without a run everything has failed. */
export function judge(
  tests: readonly CatalogueTest[],
  runs: readonly Run[],
  reasons: ReadonlyMap<string, string>,
): Judgement {
  const graded = tests.filter(({ kind }) => kind !== 'check').map(({ id }) => id);
  const known = new Set(graded);
  const unknown = [...reasons.keys()].filter((id) => !known.has(id));
  const failures = [
    ...unknown.map((id) => `${id} is expected to fail, but is no required or optimal test of the suite: remove it`),
    ...runs.flatMap((run) => graded.flatMap((id) => fault(id, run, reasons))),
    ...tests.flatMap(({ id }) => difference(id, runs)),
  ];
  const passed = graded.filter((id) => !reasons.has(id) && runs.every(({ complaints }) => !complaints.has(id)));
  const skipped = graded.filter((id) => reasons.has(id) && runs.every(({ complaints }) => complaints.has(id)));
  return { passed: passed.length, skipped: skipped.length, failures };
}

function fault(id: string, { how, complaints }: Run, reasons: ReadonlyMap<string, string>): string[] {
  const [complaint, reason] = [complaints.get(id), reasons.get(id)];
  if (complaint === undefined && reason !== undefined)
    return [`${id} (${how}) passes, but is expected not to: remove it`];
  if (complaint !== undefined && reason === undefined) return [`${id} (${how}): ${complaint}`];
  return [];
}

function difference(id: string, [first, ...others]: readonly Run[]): string[] {
  if (first === undefined) return [];
  const other = others.find(({ complaints }) => complaints.has(id) !== first.complaints.has(id));
  return other === undefined ? [] : [`${id} goes one way with ${first.how}, another with ${other.how}`];
}

/** A run in a line: `threads 1: 155 of 160 required, 94 of 105 optimal; 67 of 100 behaviours`. */
export function runText(tests: readonly CatalogueTest[], { how, complaints }: Run): string {
  const share = (kind: CatalogueTest['kind']): string => shareText(kind, tests, complaints);
  return `${how}: ${share('required')} required, ${share('optimal')} optimal; ${share('check')} optional behaviours`;
}
