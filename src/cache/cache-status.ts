/** What the cache did with a request, as `Cache-Status` says it (RFC 9211). */
import type { HeaderList } from '../http/headers.ts';
import { MAX_STATUS_KEY_CHARS } from './limits.ts';
import { formatString } from './structured-dictionary.ts';

/** Why a request went to the backend (RFC 9211 §2.2). */
export type ForwardReason =
  /** The cache was not asked: a precondition or body that is the origin's, or a range of what is not stored. */
  | 'bypass'
  /** The method is not answered from caches. */
  | 'method'
  /** Nothing is stored for the URL. */
  | 'uri-miss'
  /** What is stored for the URL is for other request fields. */
  | 'vary-miss'
  /** The client's directives forbid the stored response. */
  | 'request'
  /** The stored response is stale, or always to be validated. */
  | 'stale';

/** One request, told to whoever debugs it. */
export interface StatusReport {
  /** Why the backend was asked; `null`: it was not, or not for this client. */
  readonly forward: ForwardReason | null;
  /** What the backend answered, where that is not the status of the answer. */
  readonly forwardStatus?: number | undefined;
  /** Seconds of freshness that are left; negative when stale. */
  readonly ttlSeconds?: number | undefined;
  /** The answer is being stored. */
  readonly stored?: boolean | undefined;
  /** The answer came to another client's request. */
  readonly collapsed?: boolean | undefined;
  /** A word of our own closed lists, never text of a peer. */
  readonly detail?: string | undefined;
  /** Host and target of the request itself. */
  readonly url: string;
}

/** The value for a report: the client learns its own URL, and neither tenant nor what the app added to the key. */
export function cacheStatus(report: StatusReport): string {
  const parts = ['Kerb'];
  if (report.forward === null) parts.push('hit');
  else parts.push(`fwd=${report.forward}`);
  if (report.forwardStatus !== undefined) parts.push(`fwd-status=${report.forwardStatus}`);
  if (report.ttlSeconds !== undefined) parts.push(`ttl=${report.ttlSeconds}`);
  if (report.stored === true) parts.push('stored');
  if (report.collapsed === true) parts.push('collapsed');
  const key = report.url.length <= MAX_STATUS_KEY_CHARS ? formatString(report.url) : null;
  if (key !== null) parts.push(`key=${key}`);
  if (report.detail !== undefined) parts.push(`detail=${report.detail}`);
  return parts.join('; ');
}

/** Adds the value behind those of caches nearer to the origin (RFC 9211 §2). */
export function appendCacheStatus(headers: HeaderList, report: StatusReport): void {
  headers.append('Cache-Status', cacheStatus(report));
}
