/** Conditional requests: those that clients send, answered from a stored response, and those that validate one. */
import { trimFieldValue } from '../http/fields.ts';
import type { HeaderList } from '../http/headers.ts';
import type { StoredHead } from './entry.ts';
import { parseHttpDate } from './http-date.ts';

/** Preconditions on the state of the origin (RFC 9110 §13.1.1, §13.1.4): only the origin can answer 412. */
export function hasOriginPrecondition(headers: HeaderList): boolean {
  return headers.has('if-match') || headers.has('if-unmodified-since');
}

/** `headers` without the client's own conditions, so that the answer is a whole one that others can use too. */
export function unconditional(headers: HeaderList): HeaderList {
  const copy = headers.clone();
  for (const name of ['if-none-match', 'if-modified-since', 'if-range', 'range']) copy.delete(name);
  return copy;
}

/** {@link unconditional} fields with the validators of a stored response (RFC 9111 §4.3.1). */
export function validating(headers: HeaderList, head: StoredHead): HeaderList {
  const copy = unconditional(headers);
  if (head.etag !== undefined) copy.append('if-none-match', head.etag);
  const modified = head.headers.get('last-modified');
  if (head.lastModifiedMs !== null && modified !== undefined) copy.append('if-modified-since', modified);
  return copy;
}

/** Whether a stored response can be validated at all. */
export function hasValidator(head: StoredHead): boolean {
  return head.etag !== undefined || head.lastModifiedMs !== null;
}

/** `W/"x"` as `"x"`: what the weak comparison compares (RFC 9110 §8.8.3.2). */
function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}

/** Whether two entity tags are the same for serving part of a body: neither is weak (RFC 9110 §8.8.3.2). */
export function isStrongMatch(a: string, b: string): boolean {
  return a === b && a.startsWith('"');
}

const ENTITY_TAG = /(?:W\/)?"[^"]*"/g;

/**
 * Whether the client already has the stored response (RFC 9110 §13.1.2, §13.1.3, RFC 9111 §4.3.2), so that the answer is 304.
 * If-None-Match decides where it is present, by the weak comparison; If-Modified-Since is looked at only without it. Only
 * a successful response can be unchanged (RFC 9110 §13.2.1).
 */
export function isNotModified(headers: HeaderList, head: StoredHead): boolean {
  if (head.status < 200 || head.status > 299) return false;
  if (headers.has('if-none-match')) return matchesAny(headers.getAll('if-none-match').join(','), head.etag);
  const since = headers.getAll('if-modified-since');
  const sinceMs = since.length === 1 ? parseHttpDate(since[0] ?? '', head.dateMs) : null;
  return sinceMs !== null && (head.lastModifiedMs ?? head.dateMs) <= sinceMs;
}

function matchesAny(list: string, etag: string | undefined): boolean {
  const wanted = trimFieldValue(list);
  if (wanted === '*') return true;
  if (etag === undefined) return false;
  // A tag without its quotes is none, but the same bytes came from the same origin.
  if (wanted === etag) return true;
  return (list.match(ENTITY_TAG) ?? []).some((tag) => opaque(tag) === opaque(etag));
}

/**
 * Whether a Range counts (RFC 9110 §13.1.5): there is no If-Range, or it names the stored response by a strong tag or by a
 * date that is a strong validator (§8.8.2.2: a second and more before its `Date`).
 */
export function rangeApplies(headers: HeaderList, head: StoredHead): boolean {
  const values = headers.getAll('if-range');
  if (values.length === 0) return true;
  const value = trimFieldValue(values.join(','));
  if (value.startsWith('"') || value.startsWith('W/'))
    return head.etag !== undefined && isStrongMatch(value, head.etag);
  const ms = parseHttpDate(value, head.dateMs);
  return ms !== null && ms === head.lastModifiedMs && head.dateMs - ms >= 1000;
}
