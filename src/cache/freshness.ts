/** Whether a shared cache may store a response, and for how long it may be used: decided once, when it arrives. */
import type { HeaderList } from '../http/headers.ts';
import type { ResponseHead } from '../http/message.ts';
import {
  parseAge,
  parseCacheControl,
  parseSurrogateControl,
  parseTargeted,
  requestDirectives,
  type Directives,
} from './cache-control.ts';
import { parseHttpDate } from './http-date.ts';
import { MAX_HEURISTIC_SECONDS } from './limits.ts';

/** What is asked, as far as storage depends on it. */
export interface StorageRequest {
  readonly method: string;
  readonly headers: HeaderList;
}

/** When a request went out and when the head of its answer was there, by the wall clock. */
export interface ExchangeTimes {
  readonly requestMs: number;
  readonly responseMs: number;
}

/** How a stored response may be used. All numbers are milliseconds. */
export interface Freshness {
  /** Its freshness lifetime (RFC 9111 §4.2.1). */
  readonly lifetimeMs: number;
  /** Its age when it arrived (`corrected_initial_age`, RFC 9111 §4.2.3). */
  readonly initialAgeMs: number;
  /** Past its lifetime, for how long it may be served while it is validated (RFC 5861 §3). */
  readonly staleWhileRevalidateMs: number;
  /** Past its lifetime, for how long it may be served when the backend fails (RFC 5861 §4). */
  readonly staleIfErrorMs: number;
  /** It may not be used without validation, however fresh (`no-cache`). */
  readonly alwaysValidate: boolean;
  /** A client's `max-stale` cannot have it once it is stale (RFC 9111 §4.2.4). */
  readonly neverStale: boolean;
  /** Fields that are not stored, in lower case. */
  readonly withheldFields: readonly string[];
}

/** Why a response may not be stored: a word for `Cache-Status` and logs. */
export type Refusal =
  | 'method'
  | 'request-no-store'
  | 'status'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'no-freshness'
  | 'set-cookie'
  | 'useless';

/** Statuses with a freshness that may be guessed (RFC 9110 §15.1), but 206, which is never stored here. */
const HEURISTIC_STATUSES: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

/** Final statuses whose caching requirements we know, for `must-understand` (RFC 9111 §5.2.2.3). */
const UNDERSTOOD: ReadonlySet<number> = new Set(
  [200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410].concat(
    [411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 511],
  ),
);

/** The directives that govern, and whether `Expires` counts beside them. */
interface Governing {
  readonly directives: Directives;
  readonly withExpires: boolean;
}

/** The first of the fields that says anything (RFC 9213 §2.2). A targeted one puts `Cache-Control` and `Expires` aside. */
function governing(headers: HeaderList): Governing {
  const targeted = headers.has('cdn-cache-control') ? parseTargeted(headers.getAll('cdn-cache-control')) : null;
  if (targeted !== null) return { directives: targeted, withExpires: false };
  const surrogate = headers.has('surrogate-control')
    ? parseSurrogateControl(headers.getAll('surrogate-control'))
    : null;
  if (surrogate !== null) return { directives: surrogate, withExpires: false };
  return { directives: parseCacheControl(headers.getAll('cache-control')), withExpires: true };
}

/** How a response may be stored and used, or why it may not be stored (RFC 9111 §3). The response is a final one. */
export function freshnessOf(
  request: StorageRequest,
  response: ResponseHead,
  times: ExchangeTimes,
): Freshness | Refusal {
  const rules = governing(response.headers);
  const dateMs = dateOf(response.headers, times.responseMs);
  const refusal = storageRefusal(request, response, rules);
  if (refusal !== null) return refusal;
  const explicitMs = explicitLifetime(response.headers, rules, dateMs);
  const lifetimeMs = explicitMs ?? heuristicLifetime(response, rules.directives, dateMs);
  if (response.headers.has('set-cookie') && !allowsCookies(rules, explicitMs)) return 'set-cookie';
  const freshness = {
    lifetimeMs,
    initialAgeMs: initialAge(response.headers, dateMs, times),
    ...windowsOf(rules.directives),
  };
  return isUseful(freshness, response.headers) ? freshness : 'useless';
}

/** The moment of the `Date` field, or of arrival where there is none that is valid (RFC 9110 §6.6.1). */
export function dateOf(headers: HeaderList, responseMs: number): number {
  return parseHttpDate(headers.get('date') ?? '', responseMs) ?? responseMs;
}

function storageRefusal(
  request: StorageRequest,
  { status, headers }: ResponseHead,
  { directives, withExpires }: Governing,
): Refusal | null {
  if (request.method !== 'GET') return 'method';
  if (requestDirectives(request.headers).noStore) return 'request-no-store';
  // 206 and 304 are no whole answers; 1xx never come here.
  if (status === 206 || status === 304) return 'status';
  if (directives.mustUnderstand && !UNDERSTOOD.has(status)) return 'status';
  if (directives.noStore && !directives.mustUnderstand) return 'no-store';
  if (directives.private) return 'private';
  if (request.headers.has('authorization') && !allowsAuthorized(directives)) return 'authorization';
  return hasReason(status, headers, directives, withExpires) ? null : 'no-freshness';
}

/**
 * Whether everybody may be given a cookie that one user was given. RFC 9111 §7.3 leaves it to the freshness, but a `max-age` is
 * meant for browsers as often as for caches that share, and what it would share then is a session. So it takes words for shared caches.
 */
function allowsCookies({ directives, withExpires }: Governing, explicitMs: number | null): boolean {
  return explicitMs !== null && (directives.public || directives.sMaxAge !== undefined || !withExpires);
}

/** Directives that let a shared cache keep what one user's credentials obtained (RFC 9111 §3.5). */
function allowsAuthorized(directives: Directives): boolean {
  return directives.public || directives.mustRevalidate || directives.sMaxAge !== undefined;
}

function hasReason(status: number, headers: HeaderList, directives: Directives, withExpires: boolean): boolean {
  if (directives.public || directives.maxAge !== undefined || directives.sMaxAge !== undefined) return true;
  return HEURISTIC_STATUSES.has(status) || (withExpires && headers.has('expires'));
}

/** s-maxage, max-age, Expires (RFC 9111 §4.2.1), or `null` where none is said. */
function explicitLifetime(headers: HeaderList, rules: Governing, dateMs: number): number | null {
  const seconds = rules.directives.sMaxAge ?? rules.directives.maxAge;
  if (seconds !== undefined) return seconds * 1000;
  if (!rules.withExpires || !headers.has('expires')) return null;
  const [first = '', ...others] = headers.getAll('expires');
  if (others.some((other) => other !== first)) return 0;
  return Math.max(0, (parseHttpDate(first, dateMs) ?? 0) - dateMs);
}

/** A tenth of the time since the last change (RFC 9111 §4.2.2), where the status or `public` permits to guess. */
function heuristicLifetime({ status, headers }: ResponseHead, directives: Directives, dateMs: number): number {
  const modifiedMs = parseHttpDate(headers.get('last-modified') ?? '', dateMs);
  if (modifiedMs === null || !(HEURISTIC_STATUSES.has(status) || directives.public)) return 0;
  return Math.min(Math.max(0, dateMs - modifiedMs) / 10, MAX_HEURISTIC_SECONDS * 1000);
}

/** RFC 9111 §4.2.3. `Date` has whole seconds, so an apparent age of less than one is none. */
function initialAge(headers: HeaderList, dateMs: number, { requestMs, responseMs }: ExchangeTimes): number {
  const apparentMs = Math.floor(Math.max(0, responseMs - dateMs) / 1000) * 1000;
  const correctedMs = parseAge(headers) * 1000 + Math.max(0, responseMs - requestMs);
  return Math.max(apparentMs, correctedMs);
}

/**
 * What may be done past the lifetime. `must-revalidate` and `proxy-revalidate` forbid all of it; `s-maxage` forbids it too,
 * unless the same field names a window, which is then its author's will (RFC 9111 §4.2.4, RFC 5861).
 */
function windowsOf(directives: Directives): Omit<Freshness, 'lifetimeMs' | 'initialAgeMs'> {
  const isStrict = directives.mustRevalidate || directives.proxyRevalidate || directives.noCache;
  return {
    staleWhileRevalidateMs: isStrict ? 0 : (directives.staleWhileRevalidate ?? 0) * 1000,
    staleIfErrorMs: isStrict ? 0 : (directives.staleIfError ?? 0) * 1000,
    alwaysValidate: directives.noCache,
    neverStale: isStrict || directives.sMaxAge !== undefined,
    withheldFields: directives.withheldFields,
  };
}

/** Whether storing can ever save anything: it is fresh, may be served stale, or can be validated. */
function isUseful(freshness: Freshness, headers: HeaderList): boolean {
  if (headers.has('etag') || headers.has('last-modified')) return true;
  if (freshness.alwaysValidate) return false;
  const untilMs = freshness.lifetimeMs + Math.max(freshness.staleWhileRevalidateMs, freshness.staleIfErrorMs);
  return untilMs > freshness.initialAgeMs;
}
