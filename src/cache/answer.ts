/** Answers made from what is stored (RFC 9111 §4): whole, a part of it, its head, or that it has not changed. */
import { BytesSource, type BodySource } from '../http/body.ts';
import type { HeaderList } from '../http/headers.ts';
import type { CacheOutcome } from './outcome.ts';
import { appendCacheStatus, type StatusReport } from './cache-status.ts';
import { isNotModified, rangeApplies } from './conditional.ts';
import { ageMs, freshForMs, type CacheEntry, type StoredHead } from './entry.ts';
import type { KeyParts } from './key.ts';
import { PROCESS_CLOCK } from './ports.ts';
import { rangeOf } from './ranges.ts';

/** An answer for a client. Its fields are its own to change; the bytes of its body are shared and never written. */
export interface CachedAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: BodySource;
  readonly outcome: CacheOutcome;
}

/** What of a request decides the form of the answer. */
export interface AskedFor {
  readonly method: string;
  readonly headers: HeaderList;
}

/** An empty body. */
export function noBody(): BodySource {
  return new BytesSource(new Uint8Array(0));
}

/** The answer to a request that an entry serves. */
export function answerFrom(
  entry: CacheEntry,
  asked: AskedFor,
  outcome: CacheOutcome,
  report: StatusReport,
  nowMs: number,
): CachedAnswer {
  const headers = servedHeaders(entry.head, nowMs);
  appendCacheStatus(headers, { ...report, ttlSeconds: Math.floor(freshForMs(entry, nowMs) / 1000) });
  if (isNotModified(asked.headers, entry.head)) return { ...unchanged(headers), outcome };
  if (bodyCounts(entry.head.status)) headers.set('Content-Length', String(entry.body.length));
  if (asked.method === 'HEAD') return { status: entry.head.status, headers, body: noBody(), outcome };
  return { ...ranged(entry, asked.headers, headers), outcome };
}

/** The answer to a request that an entry serves as it is, at this moment. */
export function answerFromStored(
  entry: CacheEntry,
  request: AskedFor & Pick<KeyParts, 'host' | 'target'>,
): CachedAnswer {
  const report = { forward: null, url: request.host + request.target };
  return answerFrom(entry, request, 'hit', report, PROCESS_CLOCK.monotonicMs());
}

/** The answer to a request whose entry is still arriving: `body` is read as it comes. */
export function answerStreaming(
  head: StoredHead,
  body: BodySource,
  asked: AskedFor,
  outcome: CacheOutcome,
  report: StatusReport,
  nowMs: number,
): CachedAnswer {
  const headers = servedHeaders(head, nowMs);
  // A response straight from its origin has no age (RFC 9111 §5.1).
  if (outcome === 'miss' && headers.get('age') === '0') headers.delete('age');
  const ttlSeconds = Math.floor((head.freshness.lifetimeMs - ageMs(head, nowMs)) / 1000);
  appendCacheStatus(headers, { ...report, ttlSeconds });
  if (!isNotModified(asked.headers, head)) return { status: head.status, headers, body, outcome };
  body.cancel();
  return { ...unchanged(headers), outcome };
}

/** The stored fields with their age now (RFC 9111 §5.1). */
function servedHeaders(head: StoredHead, nowMs: number): HeaderList {
  const headers = head.headers.clone();
  headers.set('Age', String(Math.floor(ageMs(head, nowMs) / 1000)));
  return headers;
}

/** Fields that describe a body that a 304 does not have (RFC 9110 §15.4.5). */
const OF_THE_BODY = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
] as const;

function unchanged(headers: HeaderList): Omit<CachedAnswer, 'outcome'> {
  for (const name of OF_THE_BODY) headers.delete(name);
  return { status: 304, headers, body: noBody() };
}

/** Statuses whose answers have no Content-Length of ours (RFC 9110 §8.6). */
function bodyCounts(status: number): boolean {
  return status !== 204 && status !== 304;
}

function ranged(entry: CacheEntry, asked: HeaderList, headers: HeaderList): Omit<CachedAnswer, 'outcome'> {
  const { body, head } = entry;
  const isRange = head.status === 200 && asked.has('range') && rangeApplies(asked, head);
  const range = isRange ? rangeOf(asked.getAll('range'), body.length) : undefined;
  if (range?.kind === 'part') return part(body, range, headers);
  if (range?.kind === 'unsatisfiable') return unsatisfiable(body.length, headers);
  return { status: head.status, headers, body: new BytesSource(body) };
}

/** RFC 9110 §15.3.7. */
function part(
  body: Uint8Array,
  { first, last }: { readonly first: number; readonly last: number },
  headers: HeaderList,
): Omit<CachedAnswer, 'outcome'> {
  headers.set('Content-Range', `bytes ${first}-${last}/${body.length}`);
  headers.set('Content-Length', String(last - first + 1));
  return { status: 206, headers, body: new BytesSource(body.subarray(first, last + 1)) };
}

/** RFC 9110 §15.5.17. */
function unsatisfiable(length: number, headers: HeaderList): Omit<CachedAnswer, 'outcome'> {
  for (const name of OF_THE_BODY) headers.delete(name);
  headers.set('Content-Range', `bytes */${length}`);
  headers.set('Content-Length', '0');
  return { status: 416, headers, body: noBody() };
}
