/** A stored response. */
import { stripHopByHop } from '../http/fields.ts';
import type { HeaderList } from '../http/headers.ts';
import type { ResponseHead } from '../http/message.ts';
import { dateOf, type Freshness } from './freshness.ts';
import { formatHttpDate, parseHttpDate } from './http-date.ts';
import type { PrimaryKey } from './key.ts';
import { ENTRY_OVERHEAD_BYTES } from './limits.ts';

/** A response without its body, as it is kept and served. Nothing in it changes. */
export interface StoredHead {
  readonly status: number;
  /** Without fields of the connection and withheld ones; with `Date`. Copied before it is changed for an answer. */
  readonly headers: HeaderList;
  readonly freshness: Freshness;
  /** When the head arrived, by the monotonic clock. */
  readonly storedAtMs: number;
  /** What `Date` says, in milliseconds since 1970. */
  readonly dateMs: number;
  readonly etag: string | undefined;
  /** What `Last-Modified` says, where that is a date. */
  readonly lastModifiedMs: number | null;
}

/** Where a response is kept: whose it is, its URL, and the request fields that select it. */
export interface Place {
  readonly tenant: string;
  readonly key: PrimaryKey;
  readonly varyNames: readonly string[];
  readonly varyValues: string;
  readonly tags: ReadonlySet<string>;
}

/** A complete stored response. */
export interface CacheEntry {
  readonly place: Place;
  readonly head: StoredHead;
  /** The whole body in memory of its own. Never written. */
  readonly body: Uint8Array;
  /** What it counts against its tenant's quota. */
  readonly bytes: number;
  /** When a soft purge made it stale, by the monotonic clock; `null` when none did. */
  staleSinceMs: number | null;
}

/** The head of a response that arrived at `wallMs` and `monotonicMs`, ready to be kept. */
export function storedHead(
  response: ResponseHead,
  freshness: Freshness,
  { wallMs, monotonicMs }: { readonly wallMs: number; readonly monotonicMs: number },
): StoredHead {
  const headers = stripHopByHop(response.headers);
  for (const name of freshness.withheldFields) headers.delete(name);
  headers.delete('age');
  const dateMs = dateOf(headers, wallMs);
  if (!headers.has('date')) headers.append('date', formatHttpDate(wallMs));
  return {
    status: response.status,
    headers,
    freshness,
    storedAtMs: monotonicMs,
    dateMs,
    etag: headers.get('etag'),
    lastModifiedMs: parseHttpDate(headers.get('last-modified') ?? '', wallMs),
  };
}

/** An entry of a head and its whole body. */
export function entryOf(place: Place, head: StoredHead, body: Uint8Array): CacheEntry {
  return { place, head, body, bytes: sizeOf(place, head.headers) + body.length, staleSinceMs: null };
}

/** Bytes of a head with everything that is kept beside it. Characters count as one byte, as V8 keeps Latin-1. */
function sizeOf({ key, varyValues, tags }: Place, headers: HeaderList): number {
  let bytes = ENTRY_OVERHEAD_BYTES + 2 * key.length + varyValues.length;
  headers.forEach((name, value) => {
    bytes += 2 * name.length + value.length + 24; // Three pointers.
  });
  for (const tag of tags) bytes += tag.length + 64; // A place in the index.
  return bytes;
}

/** Its age (`current_age`, RFC 9111 §4.2.3). */
export function ageMs({ freshness, storedAtMs }: StoredHead, nowMs: number): number {
  return freshness.initialAgeMs + Math.max(0, nowMs - storedAtMs);
}

/** For how long it stays fresh; negative once it is stale, by how long it has been. */
export function freshForMs(entry: CacheEntry, nowMs: number): number {
  const left = entry.head.freshness.lifetimeMs - ageMs(entry.head, nowMs);
  return entry.staleSinceMs === null ? left : Math.min(left, entry.staleSinceMs - nowMs);
}

/**
 * Whether a response may serve requests other than the one that it answers, from the moment it arrives: it is fresh, and
 * need not be validated before each use.
 */
export function isShareable(head: StoredHead): boolean {
  return !head.freshness.alwaysValidate && head.freshness.lifetimeMs > head.freshness.initialAgeMs;
}
