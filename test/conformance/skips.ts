/** Cases of a suite that are not expected to pass, each with its reason, and how a run is counted against them. */

import { readFileSync } from 'node:fs';
import type { Totals } from './suite.ts';

/** What is wrong with a case; `null`: it passes. */
export type Fault = string | null;

/** Reads the file: JSON `{"skipped": {"name": "reason"}}`. Throws a `TypeError` for anything else. */
export function readSkips(path: string | URL): ReadonlyMap<string, string> {
  const given: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const skipped = typeof given === 'object' && given !== null && 'skipped' in given ? given.skipped : undefined;
  if (typeof skipped !== 'object' || skipped === null || Array.isArray(skipped))
    throw new TypeError('expectations: skipped is not a table');
  return new Map(
    Object.entries(skipped).map(([name, reason]: [string, unknown]) => {
      if (typeof reason !== 'string' || reason === '') throw new TypeError(`expectations: ${name} has no reason`);
      return [name, reason];
    }),
  );
}

/** Counts cases as they come: one that is skipped must exist and fail. */
export class Tally {
  readonly #skips: ReadonlyMap<string, string>;
  readonly #say: (line: string) => void;
  readonly #met = new Set<string>();
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };

  /** @param say - Told each failure and each skip, in a line. */
  constructor(skips: ReadonlyMap<string, string>, say: (line: string) => void) {
    this.#skips = skips;
    this.#say = say;
  }

  /** Counts one case. */
  add(name: string, fault: Fault): void {
    const reason = this.#skips.get(name);
    this.#met.add(name);
    if (reason !== undefined && fault !== null) {
      this.#totals.skipped += 1;
      this.#say(`skipped ${name}: ${reason}`);
    } else if (reason !== undefined) this.fail(`${name} passes, but is skipped because ${reason}: remove the skip`);
    else if (fault === null) this.#totals.passed += 1;
    else this.fail(`${name} ${fault}`);
  }

  /** Counts a failure that is no case's. */
  fail(line: string): void {
    this.#totals.failed += 1;
    this.#say(`FAILED ${line}`);
  }

  /** What it came to, once all cases have been counted. */
  end(): Totals {
    for (const [name, reason] of this.#skips)
      if (!this.#met.has(name)) this.fail(`${name} is skipped because ${reason}, but is no case: remove the skip`);
    return { ...this.#totals };
  }
}
