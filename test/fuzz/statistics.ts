/** What a run came to, counted. */

import type { Mode } from './corpus.ts';
import type { Verdict } from './oracle/subject.ts';

/** Facts that are the largest of all, not their sum. */
const LARGEST = /^longest /;

/** Counts verdicts and their facts by mode. */
export class Statistics {
  readonly #counts = new Map<string, number>();
  readonly #begun = performance.now();
  passed = 0;
  failed = 0;
  inconclusive = 0;

  /** Adds the verdict of one input. */
  add(mode: Mode, verdict: Verdict): void {
    this.#count(`${mode}: inputs`, 1);
    if (verdict.kind === 'finding') this.failed++;
    else if (verdict.kind === 'inconclusive') {
      this.inconclusive++;
      this.#count(`${mode}: inconclusive, ${verdict.reason}`, 1);
    } else {
      this.passed++;
      for (const [fact, value] of Object.entries(verdict.facts)) this.#count(`${mode}: ${fact}`, value);
    }
  }

  #count(name: string, value: number): void {
    const before = this.#counts.get(name) ?? 0;
    this.#counts.set(name, LARGEST.test(name.split(': ')[1] ?? '') ? Math.max(before, value) : before + value);
  }

  /** The count of a fact, 0 when it never was. */
  of(mode: Mode, fact: string): number {
    return this.#counts.get(`${mode}: ${fact}`) ?? 0;
  }

  /** One line for a person who waits. */
  line(): string {
    const inputs = this.passed + this.failed + this.inconclusive;
    const seconds = Math.round((performance.now() - this.#begun) / 1_000);
    return `${seconds} s: ${inputs} inputs, ${this.failed} found, ${this.inconclusive} inconclusive`;
  }

  /** Every count, one a line. */
  report(): string {
    const rows = [...this.#counts].toSorted(([left], [right]) => (left < right ? -1 : 1));
    return [this.line(), ...rows.map(([name, value]) => `  ${name} ${Math.round(value)}`)].join('\n');
  }

  /** The last line: what passed includes what nothing can be said of. */
  summary(): string {
    return `${this.passed + this.inconclusive} passed, ${this.failed} failed`;
  }
}
