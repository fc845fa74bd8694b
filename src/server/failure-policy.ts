/** What a failed guest's client gets, decided: which measures are tried for which failure of which request. Pure. */
import type { BackendRequest, BackendResponse, Backends } from '../capability/backend.ts';
import { KIND_OF, UNGUARDED, type FailureRule, type Measure } from '../failure-rule.ts';
import { covers, isPlainPath } from '../http/path.ts';
import type { Outcome } from '../outcome.ts';

/** Answers of a tenant's origin that are kept. */
export interface StoredAnswers {
  /**
   * What is kept for this request as it is, fresh or stale, or `null`: a stored answer of its own tenant's origin for its target, which
   * fits its fields (`Vary`), in the form that it asks for (HEAD, ranges, conditions: RFC 9110 §13, §14). Asks no backend and never
   * rejects; the body is read to its end or cancelled.
   */
  stored(request: BackendRequest): Promise<BackendResponse | null>;
}

/** Everything that one request may reach: what its guest is given, and what is asked in the guest's stead. */
export interface Reach extends Backends, StoredAnswers {
  /** Whether a request to a backend has been made for it: it may have had its effect, so another is a repetition. */
  readonly hasAsked: boolean;
}

/** What of a failure and its request decides. */
export interface FailedRequest {
  readonly outcome: Outcome;
  readonly method: string;
  readonly target: string;
  /** `read`: some of it is gone. */
  readonly body: 'none' | 'unread' | 'read';
  readonly hasAsked: boolean;
}

/** A rule with what of it is worth trying. */
export interface Recourse {
  readonly rule: FailureRule;
  readonly measures: readonly Measure[];
}

/** Methods whose requests may be sent again whatever became of the first: they are safe (RFC 9110 §9.2.1). */
const SAFE_TO_REPEAT: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Whether a failure of a request to `target` may be answered without its guest: its fields are then kept as the client sent them. */
export function maySkipGuest(rules: readonly FailureRule[], target: string): boolean {
  return rules.some(({ path, serve }) => covers(path, target) && serve.some((measure) => UNGUARDED.has(measure)));
}

/**
 * What is tried for a failure, in order; `null`: the error. The longest path decides alone: what its rules do not name is the error, and
 * never what a rule of a shorter path would have allowed.
 */
export function recourseFor(rules: readonly FailureRule[], failed: FailedRequest): Recourse | null {
  const kind = KIND_OF[failed.outcome];
  if (kind === null) return null;
  const covering = rules.filter(({ path }) => covers(path, failed.target));
  const longest = Math.max(0, ...covering.map(({ path }) => path.length));
  const rule = covering.find(({ path, on }) => path.length === longest && on.includes(kind));
  if (rule === undefined) return null;
  const measures = rule.serve.filter((measure) => CAN[measure](failed));
  return measures.length === 0 ? null : { rule, measures };
}

const CAN = {
  stale: (failed) => isPlainPath(failed.target) && isSafeAndBodiless(failed),
  origin: (failed) =>
    isPlainPath(failed.target) &&
    KIND_OF[failed.outcome] !== 'backend' &&
    (isSafeAndBodiless(failed) || (!failed.hasAsked && failed.body !== 'read')),
  page: () => true,
} as const satisfies Record<Measure, (failed: FailedRequest) => boolean>;

function isSafeAndBodiless({ method, body }: FailedRequest): boolean {
  return SAFE_TO_REPEAT.has(method) && body === 'none';
}
