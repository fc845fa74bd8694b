/** Parts of lists, and the opaque cursors between them. */
import { KerbError } from '../errors.ts';
import { CURSOR_CHARS, PAGE_ITEMS } from './limits.ts';
import type { Page, PageRequest } from './store.ts';

/** Lists that are read in parts: a cursor of one of them is malformed for the others. */
export type ListName = 'tenants' | 'versions' | 'kv' | 'audit';

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const POSITION = /^[1-9][0-9]{0,15}$/;
const SEPARATOR = ':';

/** The cursor for what comes after `position` in a list. */
export function cursorAfter(list: ListName, position: string): string {
  return Buffer.from(`${list}${SEPARATOR}${position}`).toString('base64url');
}

/** The position in a cursor that {@link cursorAfter} made for `list`; `null` for the beginning. Throws `bad_request` for anything else. */
export function positionOf(list: ListName, cursor: string | null): string | null {
  if (cursor === null) return null;
  const bytes = Buffer.from(cursor.length <= CURSOR_CHARS && BASE64URL.test(cursor) ? cursor : '', 'base64url');
  const text = bytes.toString();
  const head = `${list}${SEPARATOR}`;
  // Texts that differ must not be the same cursor, and bytes that are no UTF-8 are nobody's key.
  if (!text.startsWith(head) || cursorAfter(list, text.slice(head.length)) !== cursor) throw malformed(list);
  return text.slice(head.length);
}

/** The same for lists in the order of a number, which is at least 1. */
export function numberOf(list: ListName, cursor: string | null): number | null {
  const position = positionOf(list, cursor);
  if (position === null) return null;
  const number = POSITION.test(position) ? Number(position) : NaN;
  if (!Number.isSafeInteger(number)) throw malformed(list);
  return number;
}

/** Throws `bad_request` unless a page of that many items can be had. */
export function acceptPage({ limit }: PageRequest): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= PAGE_ITEMS) return;
  throw new KerbError('bad_request', `limit is ${limit}; ask for 1 to ${PAGE_ITEMS} items`);
}

/** The page of `items`, of which the caller asked the database one more than `limit`: only then is there a next page. */
export function pageOf<T>(
  list: ListName,
  items: readonly T[],
  limit: number,
  positionIn: (item: T) => string,
): Page<T> {
  if (items.length <= limit) return { items, next: null };
  const kept = items.slice(0, limit);
  const last = kept.at(-1);
  return { items: kept, next: last === undefined ? null : cursorAfter(list, positionIn(last)) };
}

function malformed(list: ListName): KerbError {
  return new KerbError('bad_request', `the cursor is none of the list of ${list}; give back "next" as it was, or none`);
}
