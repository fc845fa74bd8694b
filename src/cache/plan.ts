/** What to do with a request: decided from it, the stored response that it selects, and the time. No effects. */
import { announcesBody } from '../http/framing.ts';
import type { HeaderList } from '../http/headers.ts';
import { requestDirectives, type Directives } from './cache-control.ts';
import type { ForwardReason } from './cache-status.ts';
import { hasOriginPrecondition, hasValidator } from './conditional.ts';
import { ageMs, freshForMs, type CacheEntry, type StoredHead } from './entry.ts';
import { DISCONNECTED_MS } from './limits.ts';

/** A decision. */
export type Plan =
  /** Answer from the entry. */
  | { readonly kind: 'hit'; readonly entry: CacheEntry }
  /** Answer from the entry, and validate it in the background. */
  | { readonly kind: 'stale-hit'; readonly entry: CacheEntry }
  /** Ask the backend whether the entry is still good. */
  | { readonly kind: 'validate'; readonly entry: CacheEntry; readonly why: ForwardReason }
  /** Ask the backend. The entry, if there is one, cannot be validated, but may serve when the backend fails. */
  | { readonly kind: 'miss'; readonly entry: CacheEntry | undefined; readonly why: ForwardReason }
  /** Ask the backend, and neither store nor share the answer. */
  | { readonly kind: 'pass'; readonly why: ForwardReason }
  /** The client wants nothing but a stored response, and there is none (RFC 9111 §5.2.1.7): 504. */
  | { readonly kind: 'gateway-timeout' };

/** A plan that asks the backend for what can be stored and shared. */
export type FetchPlan = Extract<Plan, { readonly kind: 'validate' | 'miss' }>;

/** What is stored for a URL, as seen by one request. */
export interface Stored {
  readonly entry: CacheEntry | undefined;
  /** Something is stored for the URL, selected or not. */
  readonly hasVariants: boolean;
}

/** A request whose method is GET or HEAD. */
export interface PlannedRequest {
  readonly method: string;
  readonly headers: HeaderList;
}

/** Why a request is none of the cache's business, or `null`. A body is in no key, so an answer to one is nobody else's. */
export function bypassReason({ method, headers }: PlannedRequest): ForwardReason | null {
  if (method !== 'GET' && method !== 'HEAD') return 'method';
  return hasOriginPrecondition(headers) || announcesBody(headers) ? 'bypass' : null;
}

/** What to do with `request` at `nowMs` of the monotonic clock (RFC 9111 §4). */
export function planFor(request: PlannedRequest, { entry, hasVariants }: Stored, nowMs: number): Plan {
  const why = bypassReason(request);
  if (why !== null) return { kind: 'pass', why };
  const directives = requestDirectives(request.headers);
  if (entry === undefined) return missing(request, directives, hasVariants ? 'vary-miss' : 'uri-miss');
  const usable = usability(entry, directives, nowMs);
  if (usable === 'fresh' && !directives.noStore) return { kind: 'hit', entry };
  if (usable === 'stale' && !directives.noStore) return { kind: 'stale-hit', entry };
  if (directives.onlyIfCached) return { kind: 'gateway-timeout' };
  if (directives.noStore) return { kind: 'pass', why: 'request' };
  const isUsable = freshForMs(entry, nowMs) > 0 && !entry.head.freshness.alwaysValidate;
  const plan = refreshPlan(entry, isUsable ? 'request' : 'stale');
  return plan.kind === 'miss' && request.headers.has('range') ? { kind: 'pass', why: plan.why } : plan;
}

function missing({ headers }: PlannedRequest, directives: Directives, why: ForwardReason): Plan {
  if (directives.onlyIfCached) return { kind: 'gateway-timeout' };
  if (directives.noStore) return { kind: 'pass', why: 'request' };
  // Parts are not stored, so whoever asks for one shares nothing.
  return headers.has('range') ? { kind: 'pass', why } : { kind: 'miss', entry: undefined, why };
}

/** How to get an entry renewed: by asking whether it is still good where that can be asked. */
export function refreshPlan(entry: CacheEntry, why: ForwardReason): FetchPlan {
  return hasValidator(entry.head) ? { kind: 'validate', entry, why } : { kind: 'miss', entry, why };
}

/**
 * Whether the entry answers as it is (`fresh`: it is, or the client takes it stale), answers while it is validated
 * (`stale`), or not (RFC 9111 §4.2, §4.2.4, §5.2.1; RFC 5861 §3).
 */
function usability(entry: CacheEntry, directives: Directives, nowMs: number): 'fresh' | 'stale' | 'no' {
  const { freshness } = entry.head;
  if (freshness.alwaysValidate || directives.noCache) return 'no';
  if (directives.maxAge !== undefined && ageMs(entry.head, nowMs) > directives.maxAge * 1000) return 'no';
  const leftMs = freshForMs(entry, nowMs);
  if (leftMs > 0) return leftMs >= (directives.minFresh ?? 0) * 1000 ? 'fresh' : 'no';
  if (directives.minFresh !== undefined) return 'no';
  if (-leftMs < freshness.staleWhileRevalidateMs) return 'stale';
  const isAccepted = !freshness.neverStale && entry.staleSinceMs === null;
  return isAccepted && -leftMs <= (directives.maxStale ?? -1) * 1000 ? 'fresh' : 'no';
}

/** Whether a response that is still arriving is fresh, and as fresh as a request demands. */
export function satisfies(head: StoredHead, headers: HeaderList, nowMs: number): boolean {
  const directives = requestDirectives(headers);
  const age = ageMs(head, nowMs);
  const leftMs = head.freshness.lifetimeMs - age;
  if (directives.noCache || leftMs <= 0 || leftMs < (directives.minFresh ?? 0) * 1000) return false;
  return directives.maxAge === undefined || age <= directives.maxAge * 1000;
}

/** How a backend failed: it answered so, or it gave no answer. */
export type BackendFailure = 'status' | 'no-answer';

/**
 * Whether the entry may serve because the backend failed: within its `stale-if-error` (RFC 5861 §4), or for a little while
 * when there is no answer and nothing forbids it (RFC 9111 §4.2.4).
 */
export function servesOnError(entry: CacheEntry, failure: BackendFailure, nowMs: number): boolean {
  const { staleIfErrorMs, neverStale } = entry.head.freshness;
  const graceMs = failure === 'no-answer' && !neverStale ? DISCONNECTED_MS : 0;
  return Math.max(0, -freshForMs(entry, nowMs)) < Math.max(staleIfErrorMs, graceMs);
}

/**
 * Whether the entry may serve in place of any failure, however old it is. Not where its origin has it validated each time (`no-cache`, RFC
 * 9111 §5.2.2.4), nor stale where it may then never serve without that: `must-revalidate` (§5.2.2.2), `proxy-revalidate` (§5.2.2.8), and
 * `s-maxage` (§5.2.2.10) beyond a `stale-if-error` beside it.
 */
export function mayServeInstead(entry: CacheEntry, nowMs: number): boolean {
  const { alwaysValidate, neverStale } = entry.head.freshness;
  if (alwaysValidate) return false;
  return !neverStale || freshForMs(entry, nowMs) > 0 || servesOnError(entry, 'status', nowMs);
}

/** Statuses of a backend that failed (RFC 5861 §4). */
export function isBackendFailure(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504;
}
