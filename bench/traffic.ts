/** What the traffic generator is told to send, and what it saw: both cross a process boundary as JSON. */

/** Requests at a fixed rate, whether or not earlier ones were answered: an open loop. */
export interface OpenTraffic {
  readonly kind: 'open';
  readonly name: string;
  readonly host: string;
  readonly path: string;
  readonly perSecond: number;
}

/** So many requests always in flight, each on a connection of its own, the next as soon as one is answered: a closed loop. */
export interface ClosedTraffic {
  readonly kind: 'closed';
  readonly name: string;
  /** Lanes take them in turn. */
  readonly hosts: readonly string[];
  readonly path: string;
  /** What each lane asks for first, so that lanes are not in step; left out: `path`. */
  readonly firstPaths?: readonly string[];
  readonly lanes: number;
  /** `once`: a lane is done with its first answer. */
  readonly repeat: 'always' | 'once';
  /** How long a lane pauses after an answer other than 200. */
  readonly pauseMs: number;
}

/** What to send where. */
export interface TrafficPlan {
  readonly port: number;
  readonly traffic: readonly (OpenTraffic | ClosedTraffic)[];
  /** From the last connection until measuring begins. */
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What one kind of traffic saw while it was measured. */
export interface TrafficResult {
  readonly name: string;
  /** Open: requests that were due in the time. Closed: answers that came in it. */
  readonly count: number;
  /** Answers by status and outcome: `200`, `503 cpu_limit`. */
  readonly answers: Readonly<Record<string, number>>;
  /** Requests whose connection broke, or that were not answered seconds after the end. */
  readonly lost: number;
  /** Answers of 200 that came in the time: throughput. */
  readonly answeredInTime: number;
  /** Open: from when each was due; closed: from when it was sent; to its answer. Answers of 200, and in an open loop requests that were given up. */
  readonly latenciesMs: readonly number[];
  /** Open: how much later than it was due each was sent: the generator's own error. */
  readonly latenessMs: readonly number[];
}

/** How answers are told apart. */
export function answerName(status: number, outcome: string): string {
  return outcome === '' ? `${status}` : `${status} ${outcome}`;
}

/** Answers other than 200, and requests without one. */
export function errorsOf({ answers, lost }: TrafficResult): number {
  return Object.entries(answers).reduce((sum, [name, count]) => (name === '200' ? sum : sum + count), lost);
}
