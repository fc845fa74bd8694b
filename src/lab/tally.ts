/** What became of requests: counted by the load, added up by who shows it. Plain data, for it crosses threads. */

/** The parts of a run. */
export const PHASES = ['settling', 'calm', 'hostile'] as const;

/** `settling`: at the start, compared with nothing. `calm`: nobody is hostile. `hostile`: the hostile tenants are asked too. */
export type PhaseName = (typeof PHASES)[number];

/** Requests that were due in one phase and ended within a time. */
export interface Tally {
  readonly phase: PhaseName;
  /** Requests that were sent. */
  sent: number;
  /** Milliseconds from when requests of well-behaved tenants were due to their right answers: where the tenant had never answered before, as the load sees it, */
  readonly coldMs: number[];
  /** and where it had, also if it was put to rest since. */
  readonly warmMs: number[];
  /** Milliseconds from when each request was due to when it was sent: the generator's own lateness. */
  readonly latenessMs: number[];
  /** Answers to well-behaved tenants' requests by outcome; `ok` without one. */
  readonly good: Record<string, number>;
  /** Answers to hostile tenants' requests by kind and outcome, a space between. */
  readonly hostile: Record<string, number>;
  /** Answers that should have been right, and had another status, field or byte. */
  wrong: number;
  /** Outcomes that the guest was not made for, refusals aside. */
  unexpected: number;
  /** Answers by which Kerb says that it, or the tenant, has enough to do. */
  refused: number;
  /** Requests without an answer: the connection broke, or none came in time. */
  lost: number;
  /** Requests that were sent twice, because the server had closed the kept connection. They are told of by what came of the second time. */
  repeated: number;
}

/** Nothing yet. */
export function emptyTally(phase: PhaseName): Tally {
  const counts = { sent: 0, wrong: 0, unexpected: 0, refused: 0, lost: 0, repeated: 0 };
  return { phase, ...counts, coldMs: [], warmMs: [], latenessMs: [], good: {}, hostile: {} };
}

/** Counts one more. */
export function countIn(counts: Record<string, number>, name: string, more = 1): void {
  counts[name] = (Object.hasOwn(counts, name) ? (counts[name] as number) : 0) + more;
}

/** Adds what `more` counted to `sum`, whatever the phase. */
export function addTally(sum: Tally, more: Tally): void {
  for (const name of ['sent', 'wrong', 'unexpected', 'refused', 'lost', 'repeated'] as const) sum[name] += more[name];
  for (const name of ['coldMs', 'warmMs', 'latenessMs'] as const) for (const ms of more[name]) sum[name].push(ms);
  for (const name of ['good', 'hostile'] as const)
    for (const [outcome, count] of Object.entries(more[name])) countIn(sum[name], outcome, count);
}
