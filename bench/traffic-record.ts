/** The account of one kind of traffic while it is measured. Pure. */
import type { Answer } from '../src/lab/exchange.ts';
import { answerName, type TrafficResult } from './traffic.ts';

/** The time that is measured, on the clock of `performance.now()`. */
export interface Window {
  readonly beginMs: number;
  readonly endMs: number;
}

/** Whether a moment is in it. */
export function isIn({ beginMs, endMs }: Window, atMs: number): boolean {
  return atMs >= beginMs && atMs < endMs;
}

/** Counts requests as they are sent and answered. What it is told of is already known to count. */
export class TrafficRecord {
  readonly #name: string;
  readonly #answers: Record<string, number> = {};
  readonly #latencies: number[] = [];
  readonly #lateness: number[] = [];
  #count = 0;
  #lost = 0;
  #answeredInTime = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** A request is meant to be answered. */
  sent(latenessMs: number | null): void {
    this.#count += 1;
    if (latenessMs !== null) this.#lateness.push(latenessMs);
  }

  /** An answer in the time. */
  inTime(response: Answer): void {
    if (response.status === 200) this.#answeredInTime += 1;
  }

  /** The answer to a request that counts. */
  answered({ status, outcome }: Answer, latencyMs: number): void {
    const name = answerName(status, outcome);
    this.#answers[name] = (this.#answers[name] ?? 0) + 1;
    if (status === 200) this.#latencies.push(latencyMs);
  }

  /** A request that is given up: so long it has waited. It stays without an answer, and is lost. */
  overdue(waitedMs: number): void {
    this.#latencies.push(waitedMs);
  }

  lost(): void {
    this.#lost += 1;
  }

  /** Requests that were sent and neither answered nor lost. */
  get open(): number {
    return this.#count - this.#lost - Object.values(this.#answers).reduce((sum, count) => sum + count, 0);
  }

  /** The account. Requests that are still open are lost. */
  result(): TrafficResult {
    return {
      name: this.#name,
      count: this.#count,
      answers: this.#answers,
      lost: this.#lost + this.open,
      answeredInTime: this.#answeredInTime,
      latenciesMs: this.#latencies,
      latenessMs: this.#lateness,
    };
  }
}
