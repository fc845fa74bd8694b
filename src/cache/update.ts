/** What an answer changes about responses that are already stored: a 304 renews one, an unsafe method ends some. */
import type { HeaderList } from '../http/headers.ts';
import type { ResponseHead } from '../http/message.ts';
import { isStrongMatch } from './conditional.ts';
import { entryOf, storedHead, type CacheEntry } from './entry.ts';
import { freshnessOf, type ExchangeTimes, type StorageRequest } from './freshness.ts';
import { formatHttpDate, parseHttpDate } from './http-date.ts';
import { tagsOf } from './tags.ts';
import { varyNames, varyValues } from './vary.ts';

/**
 * Fields that describe the stored bytes or their framing. What a 304 says about them is about a body that it does not have
 * (RFC 9111 §3.2).
 */
const KEPT: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'content-range', 'transfer-encoding']);

/** `stored` with the fields of `newer` in place of those of the same names (RFC 9111 §3.2). */
export function mergedHeaders(stored: HeaderList, newer: HeaderList): HeaderList {
  const merged = stored.clone();
  for (const name of newer.names()) if (!KEPT.has(name)) merged.delete(name);
  newer.forEach((name, value, lowerName) => {
    if (!KEPT.has(lowerName)) merged.append(name, value);
  });
  return merged;
}

/**
 * Whether a 304 speaks of the stored response (RFC 9111 §4.3.4): the validators that it repeats are the stored ones. One
 * that repeats none answers the only validators that were sent.
 */
export function selects(entry: CacheEntry, notModified: HeaderList): boolean {
  const etag = notModified.get('etag');
  if (etag !== undefined && entry.head.etag !== undefined) {
    return isStrongMatch(etag, entry.head.etag) || withoutWeakness(etag) === withoutWeakness(entry.head.etag);
  }
  const modified = notModified.get('last-modified');
  if (modified === undefined || entry.head.lastModifiedMs === null) return true;
  return parseHttpDate(modified, entry.head.dateMs) === entry.head.lastModifiedMs;
}

function withoutWeakness(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag;
}

/** An entry that was validated, and whether it may be kept: the 304 may forbid what its first answer allowed. */
export interface Renewed {
  readonly entry: CacheEntry;
  readonly mayBeStored: boolean;
}

/**
 * The entry as a 304 renews it (RFC 9111 §4.3.4), with the age and lifetime of the 304. The 304 {@link selects} it.
 *
 * @param monotonicMs - When the head of the 304 arrived.
 */
export function renewed(
  entry: CacheEntry,
  request: StorageRequest,
  notModified: ResponseHead,
  times: ExchangeTimes,
  monotonicMs: number,
): Renewed {
  const headers = mergedHeaders(entry.head.headers, notModified.headers);
  // Without its own, the old date would make the response as old as it was before.
  if (!notModified.headers.has('date')) headers.set('date', formatHttpDate(times.responseMs));
  const response = { status: entry.head.status, headers };
  const verdict = freshnessOf({ method: 'GET', headers: request.headers }, response, times);
  const names = varyNames(headers);
  const tags = tagsOf(headers);
  const mayBeStored = typeof verdict !== 'string' && names !== null && tags !== null;
  const freshness = typeof verdict === 'string' ? { ...entry.head.freshness, lifetimeMs: 0, initialAgeMs: 0 } : verdict;
  const head = storedHead(response, freshness, { wallMs: times.responseMs, monotonicMs });
  const place = {
    ...entry.place,
    varyNames: names ?? [],
    varyValues: varyValues(names ?? [], request.headers),
    tags: tags ?? entry.place.tags,
  };
  return { entry: entryOf(place, head, entry.body), mayBeStored };
}
