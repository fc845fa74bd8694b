/** The account of visits while they are made. Pure. */
import type { Answer, Exchange } from '../src/lab/exchange.ts';
import { verdictOn, type VisitResult } from './visits.ts';

/** Faults that are kept for people. */
const SHOWN = 5;

/** A visit that has its answer, or none. Times are on the clock of `performance.now()`. */
export interface Made {
  /** Which of the plan it is. */
  readonly visit: number;
  readonly sinceMs: number;
  readonly firstByteMs: number;
  readonly nowMs: number;
  readonly response: Answer | null;
  /** Where it came from. */
  readonly from: string;
}

/** Takes what visits came to, in any order. Those that it is never told of are lost. */
export class VisitsRecord {
  readonly #rights: readonly Exchange[];
  readonly #firstByteMs: number[];
  readonly #wholeMs: number[];
  readonly #verdicts: string[];
  readonly #lateness: number[] = [];
  readonly #faults: string[] = [];
  #left: number;

  /** @param rights - By visit. */
  constructor(rights: readonly Exchange[]) {
    this.#rights = rights;
    this.#firstByteMs = rights.map(() => 0);
    this.#wholeMs = rights.map(() => 0);
    this.#verdicts = rights.map(() => 'lost');
    this.#left = rights.length;
  }

  /** Visits without an account. */
  get left(): number {
    return this.#left;
  }

  /** A visit on schedule was sent so late. */
  late(byMs: number): void {
    this.#lateness.push(byMs);
  }

  /** Accounts for a visit, once. */
  made({ visit, sinceMs, firstByteMs, nowMs, response, from }: Made): void {
    const right = this.#rights[visit] as Exchange;
    const { verdict, fault } = verdictOn(response, right, from);
    this.#left -= 1;
    this.#firstByteMs[visit] = firstByteMs - sinceMs;
    this.#wholeMs[visit] = nowMs - sinceMs;
    this.#verdicts[visit] = verdict;
    const request = right.request.split('\r\n', 2).join(' ');
    if (fault !== null && this.#faults.length < SHOWN) this.#faults.push(`${verdict}: ${request}: ${fault}`);
  }

  result(): VisitResult {
    return {
      firstByteMs: this.#firstByteMs,
      wholeMs: this.#wholeMs,
      verdicts: this.#verdicts,
      latenessMs: this.#lateness,
      faults: this.#faults,
    };
  }
}
