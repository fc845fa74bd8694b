/** Results against expectations: what passed, what failed, what was to be expected. */

import { isIn } from './expectations.ts';
import type { Expectations, KindEntry, SkipEntry } from './expectations.ts';
import { DIFFERENCE } from './run-script.ts';
import type { Result, ScriptRun } from './run-script.ts';

/** How a file went. All of it is plain data: it crosses from the process that ran the file. */
export interface FileReport {
  readonly file: string;
  /** Modules of the script, and those of them that ran. */
  readonly modules: { readonly all: number; readonly admitted: number };
  /** Assertions that came to what they must: original, rewritten, rewritten with the epoch word set. */
  readonly right: readonly [number, number, number];
  readonly passed: number;
  /** One line each: where, what, why. */
  readonly failures: readonly string[];
  /** Commands that were left out, by kind and reason. */
  readonly leftOut: readonly LeftOut[];
  readonly interrupts: number;
  readonly yields: number;
  /** Matches of the entries that name files with `in` which they must occur in. */
  readonly kinds: readonly KindUse[];
}

/** Commands left out for one reason. */
export interface LeftOut {
  readonly kind: 'refused by design' | 'not assembled' | 'not applicable' | 'skipped';
  readonly reason: string;
  readonly count: number;
}

/** Whether a kind of refusal was met in a file that it names. */
export interface KindUse {
  readonly match: string;
  readonly met: boolean;
}

/** Judges the results of one file. */
export function judge(file: string, run: ScriptRun, expectations: Expectations): FileReport {
  const judgement = new Judgement(file, expectations);
  for (const result of run.results) judgement.add(result);
  return judgement.report(run);
}

/** The report of a file that gave none of its own. */
export function failedFile(file: string, why: string): FileReport {
  return {
    file,
    modules: { all: 0, admitted: 0 },
    right: [0, 0, 0],
    passed: 0,
    failures: [`${file}: ${why}`],
    leftOut: [],
    interrupts: 0,
    yields: 0,
    kinds: [],
  };
}

/** Faults of the whole run: kinds of refusal that were not met in any of the files that they name. */
export function outdated(reports: readonly FileReport[]): string[] {
  const met = new Map<string, boolean>();
  for (const { kinds } of reports)
    for (const kind of kinds) met.set(kind.match, kind.met || (met.get(kind.match) ?? false));
  return [...met].flatMap(([match, wasMet]) =>
    wasMet ? [] : [`expectations: /${match}/ is met in none of the files that it names: remove the entry`],
  );
}

class Judgement {
  readonly #file: string;
  readonly #expectations: Expectations;
  readonly #leftOut = new Map<string, LeftOut>();
  readonly #failures: string[] = [];
  readonly #met = new Set<KindEntry>();
  readonly #fileSkips: Set<SkipEntry>;
  readonly #skips: readonly SkipEntry[];
  readonly #right: [number, number, number] = [0, 0, 0];
  #passed = 0;
  #compared = 0;
  #modules = 0;
  #admitted = 0;

  constructor(file: string, expectations: Expectations) {
    this.#file = file;
    this.#expectations = expectations;
    this.#skips = expectations.skipped.filter(({ files }) => isIn(file, files));
    this.#fileSkips = new Set(
      this.#skips.filter(({ command, versions }) => command === undefined && versions === undefined),
    );
  }

  add(result: Result): void {
    if (result.subject === 'name') return;
    if (result.subject === 'module') this.#modules++;
    if (result.subject === 'module' && result.status === 'passed') this.#admitted++;
    if (result.subject === 'assertion')
      for (const world of [0, 1, 2] as const) if (result.right[world]) this.#right[world]++;
    if (result.subject === 'assertion' && (result.status === 'passed' || result.status === 'failed')) this.#compared++;
    this.#judge(result);
  }

  report({ interrupts, yields }: ScriptRun): FileReport {
    this.#checkEmptiness();
    for (const { match } of this.#fileSkips)
      this.#failures.push(`${this.#file}: nothing fails with /${match}/ any more: remove the skip`);
    const { refused, unassembled } = this.#expectations;
    const named = [...refused, ...unassembled].filter((entry) => entry.in !== undefined && isIn(this.#file, entry.in));
    return {
      file: this.#file,
      modules: { all: this.#modules, admitted: this.#admitted },
      right: this.#right,
      passed: this.#passed,
      failures: this.#failures,
      leftOut: [...this.#leftOut.values()],
      interrupts,
      yields,
      kinds: named.map((entry) => ({ match: entry.match, met: this.#met.has(entry) })),
    };
  }

  #judge(result: Result): void {
    switch (result.status) {
      case 'passed':
        return this.#pass(result);
      case 'failed':
        return this.#fail(result);
      case 'refused':
        return this.#leaveOut('refused by design', result, this.#expectations.refused);
      case 'unassembled':
        return this.#leaveOut('not assembled', result, this.#expectations.unassembled);
      case 'inapplicable':
        return this.#count('not applicable', result.reasons[0] ?? '');
    }
  }

  #pass(result: Result): void {
    const stale = this.#skips.find(
      ({ command, versions }) =>
        versions === undefined && command !== undefined && new RegExp(command).test(result.text),
    );
    if (stale === undefined) this.#passed++;
    else this.#blame(result, `passes, but is skipped because ${stale.reason}: remove the skip`);
  }

  /** A difference between original and rewritten is a failure whatever is skipped. */
  #fail(result: Result): void {
    const why = result.reasons.join('; ');
    if (result.reasons.some((reason) => reason.startsWith(DIFFERENCE))) return this.#blame(result, why);
    const skip = this.#skips.find(
      ({ command, match }) =>
        (command === undefined || new RegExp(command).test(result.text)) && new RegExp(match).test(why),
    );
    if (skip === undefined) return this.#blame(result, why);
    this.#fileSkips.delete(skip);
    this.#count('skipped', skip.reason);
  }

  /** Every line of a refusal has to be expected: what is refused for a good reason may not hide what is refused for none. */
  #leaveOut(kind: LeftOut['kind'], result: Result, entries: readonly KindEntry[]): void {
    const here = entries.filter(({ only }) => only === undefined || isIn(this.#file, only));
    const found = result.reasons.map((line) => here.find(({ match }) => new RegExp(match).test(line)));
    for (const entry of found) if (entry !== undefined) this.#met.add(entry);
    const unexpected = result.reasons.find((_, index) => found[index] === undefined);
    if (unexpected !== undefined) return this.#fail({ ...result, reasons: [`${kind} unexpectedly: ${unexpected}`] });
    this.#count(kind, found[0]?.reason ?? 'no reason given');
  }

  #count(kind: LeftOut['kind'], reason: string): void {
    const key = `${kind}: ${reason}`;
    this.#leftOut.set(key, { kind, reason, count: (this.#leftOut.get(key)?.count ?? 0) + 1 });
  }

  #blame({ line, text }: Result, why: string): void {
    this.#failures.push(`${this.#file}:${line}: ${why}\n    ${text}`);
  }

  #checkEmptiness(): void {
    const entry = this.#expectations.empty.find(({ files }) => isIn(this.#file, files));
    if (this.#compared === 0 && entry === undefined)
      this.#failures.push(`${this.#file}: not one assertion was compared, and no expectation says why`);
    if (this.#compared > 0 && entry !== undefined && entry.versions !== 'some')
      this.#failures.push(`${this.#file}: ${this.#compared} assertions were compared, but none is expected to be`);
  }
}
