/** What an app wants its clients to get when its guest fails: the words of a rule, for manifests, the data plane and the log. */
import type { Outcome } from './outcome.ts';

/** Ways of failing that a rule can tell apart. */
export const FAILURE_KINDS = ['trap', 'budget', 'backend'] as const;

/** One of {@link FAILURE_KINDS}. */
export type FailureKind = (typeof FAILURE_KINDS)[number];

/**
 * What can be tried in a failed guest's stead: an answer of the cache that may be stale, the origin without the guest, a page of the
 * app's. The error is what is left.
 */
export const MEASURES = ['stale', 'origin', 'page'] as const;

/** One of {@link MEASURES}. */
export type Measure = (typeof MEASURES)[number];

/** Measures whose answers no guest has seen: an app that decides who may see what must not ask for them. */
export const UNGUARDED: ReadonlySet<Measure> = new Set<Measure>(['stale', 'origin']);

/**
 * The kind of failure that each outcome is; `null`: no rule is asked. Refusals are none: what is refused for overload would reach the
 * origin past the brake that protects it, and a client whose request is at fault would choose to be served without the guest. Nor is
 * the client's own leaving, nor a fault of Kerb's, after which less is to be done and not more.
 */
export const KIND_OF = {
  ok: null,
  bad_request: null,
  unknown_host: null,
  body_limit: null,
  concurrency_limit: null,
  cpu_quota: null,
  client_closed: null,
  guest_trap: 'trap',
  stack_limit: 'trap',
  internal_error: null,
  no_response: 'trap',
  backend_error: 'backend',
  cpu_limit: 'budget',
  memory_limit: 'budget',
  capacity: null,
  draining: null,
  wall_limit: 'budget',
} as const satisfies Record<Outcome, FailureKind | null>;

/** A page of an app's, to be sent as it is. */
export interface FailurePage {
  /** Shared by all threads. */
  readonly bytes: Uint8Array;
  /** Its Content-Type. */
  readonly type: string;
  /** 200, or 400 to 599. */
  readonly status: number;
}

/** What an app wants for failures below a path. */
export interface FailureRule {
  /** A prefix of whole segments, as the path of a deployment. */
  readonly path: string;
  readonly on: readonly FailureKind[];
  /** In the order in which they are tried. Empty: the error. */
  readonly serve: readonly Measure[];
  /** There when `serve` has `page`. */
  readonly page: FailurePage | null;
}
