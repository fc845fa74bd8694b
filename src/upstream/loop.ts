/** Requests that come back to us (RFC 8586). */
import { trimFieldValue } from '../http/fields.ts';
import type { HeaderList } from '../http/headers.ts';
import { MAX_LOOPS } from './limits.ts';

/** The name by which Kerb calls itself in `CDN-Loop` and `Via`. */
export const LOOP_TOKEN = 'kerb';

/** How often a `CDN-Loop` value names Kerb. Parameters after `;` are no names. */
export function countPasses(cdnLoop: string): number {
  const names = cdnLoop.split(',').map((member) => trimFieldValue(member.split(';', 1)[0] ?? '').toLowerCase());
  return names.filter((name) => name === LOOP_TOKEN).length;
}

/** The `CDN-Loop` values of a list as one, or `undefined` when it has none. */
export function loopOf(headers: HeaderList): string | undefined {
  return headers.has('cdn-loop') ? headers.getAll('cdn-loop').join(', ') : undefined;
}

/**
 * Whether a client's request has passed Kerb more than {@link MAX_LOOPS} times: the server refuses it, since a guest that
 * fetches its own address would otherwise multiply one request until every connection is taken.
 */
export function isLooping(headers: HeaderList): boolean {
  const value = loopOf(headers);
  return value !== undefined && countPasses(value) > MAX_LOOPS;
}

/** A `CDN-Loop` value with this pass added. */
export function withPass(cdnLoop: string | undefined): string {
  return cdnLoop === undefined || cdnLoop === '' ? LOOP_TOKEN : `${cdnLoop}, ${LOOP_TOKEN}`;
}
