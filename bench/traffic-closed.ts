/** The closed loop of the traffic generator. */
import type { Connection } from '../src/lab/connection.ts';
import { requestText, type Answer } from '../src/lab/exchange.ts';
import { isIn, TrafficRecord, type Window } from './traffic-record.ts';
import type { ClosedTraffic } from './traffic.ts';

/** Keeps every lane busy until it is stopped. */
export class ClosedLoop {
  readonly record: TrafficRecord;
  readonly #traffic: ClosedTraffic;
  readonly #window: Window;
  #stopped = false;
  #unanswered = 0;

  constructor(traffic: ClosedTraffic, window: Window) {
    this.#traffic = traffic;
    this.#window = window;
    this.record = new TrafficRecord(traffic.name);
  }

  /** Answers that are waited for after the end: those of requests that are made once. */
  get owed(): number {
    return this.#traffic.repeat === 'once' ? this.#unanswered : 0;
  }

  /** Begins: each connection is a lane. */
  start(connections: readonly Connection[]): void {
    for (const [lane, connection] of connections.entries()) {
      const host = this.#traffic.hosts[lane % this.#traffic.hosts.length] as string;
      const first = this.#traffic.firstPaths?.[lane] ?? this.#traffic.path;
      this.#ask(connection, requestText({ method: 'GET', target: first, host }), (response) => {
        this.#next(connection, requestText({ method: 'GET', target: this.#traffic.path, host }), response);
      });
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  #next(connection: Connection, text: string, last: Answer | null): void {
    if (this.#stopped || last === null || this.#traffic.repeat === 'once') return;
    const again = (): void => this.#ask(connection, text, (response) => this.#next(connection, text, response));
    if (last.status === 200 || this.#traffic.pauseMs === 0) again();
    else setTimeout(() => this.#stopped || again(), this.#traffic.pauseMs);
  }

  #ask(connection: Connection, text: string, then: (response: Answer | null) => void): void {
    const sentMs = performance.now();
    this.#unanswered += 1;
    if (this.#traffic.repeat === 'once') this.record.sent(null);
    connection.ask(text, (response) => {
      const now = performance.now();
      this.#unanswered -= 1;
      if (this.#counts(now)) this.#count(response, now - sentMs);
      then(response);
    });
  }

  /** Requests that are made once all count, however long they take. */
  #counts(nowMs: number): boolean {
    return this.#traffic.repeat === 'once' || isIn(this.#window, nowMs);
  }

  #count(response: Answer | null, latencyMs: number): void {
    if (this.#traffic.repeat === 'always') this.record.sent(null);
    if (response === null) return this.record.lost();
    this.record.inTime(response);
    this.record.answered(response, latencyMs);
  }
}
