/** The open loop of the traffic generator: requests leave on schedule, and a late answer delays none of them. */
import type { Connection } from '../src/lab/connection.ts';
import { Connections } from '../src/lab/connections.ts';
import { requestText, type Answer } from '../src/lab/exchange.ts';
import { isIn, TrafficRecord, type Window } from './traffic-record.ts';
import type { OpenTraffic } from './traffic.ts';

/** A timer may fire this late: nearer to the next request than that, a loop is polled. */
export const TIMER_MS = 1.3;

/** Sends at a rate until it is stopped. */
export class OpenLoopTraffic {
  readonly record: TrafficRecord;
  readonly #connections: Connections;
  readonly #text: string;
  readonly #window: Window;
  readonly #periodMs: number;
  readonly #startMs = performance.now();
  /** When those that count and have no answer yet were due. */
  readonly #unanswered = new Set<number>();
  #sent = 0;
  #stopped = false;

  constructor(
    { name, host, path, perSecond }: OpenTraffic,
    port: number,
    window: Window,
    ready: readonly Connection[],
  ) {
    this.record = new TrafficRecord(name);
    this.#connections = new Connections(port, ready);
    this.#text = requestText({ method: 'GET', target: path, host });
    this.#window = window;
    this.#periodMs = 1000 / perSecond;
    this.#tick();
  }

  /** Answers that are waited for after the end. */
  get owed(): number {
    return this.record.open;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Ends the account: what has no answer has waited until now at least, and is not to make the tail look shorter. */
  giveUp(): void {
    const now = performance.now();
    for (const dueMs of this.#unanswered) this.record.overdue(now - dueMs);
    this.#unanswered.clear();
  }

  #tick(): void {
    if (this.#stopped) return;
    const now = performance.now();
    let dueMs = this.#nextDueMs();
    for (; dueMs <= now; dueMs = this.#nextDueMs()) {
      this.#sent += 1;
      if (isIn(this.#window, dueMs)) this.#note(dueMs, now);
      const due = dueMs;
      this.#connections.ask(this.#text, (response) => this.#count(response, due));
    }
    if (dueMs - now > TIMER_MS) setTimeout(() => this.#tick(), 1);
    else setImmediate(() => this.#tick());
  }

  #note(dueMs: number, nowMs: number): void {
    this.record.sent(nowMs - dueMs);
    this.#unanswered.add(dueMs);
  }

  #nextDueMs(): number {
    return this.#startMs + this.#sent * this.#periodMs;
  }

  #count(response: Answer | null, dueMs: number): void {
    const now = performance.now();
    if (response !== null && isIn(this.#window, now)) this.record.inTime(response);
    if (!isIn(this.#window, dueMs)) return;
    this.#unanswered.delete(dueMs);
    if (response === null) this.record.lost();
    else this.record.answered(response, now - dueMs);
  }
}
