/** Plain data as the text of a column and back. */
import { acceptSize } from './accepted.ts';
import type { STORE_LIMITS } from './limits.ts';

/** The text of `value`. Throws `too_large` when it has more bytes than the limit; `what` names it. */
export function textOf(what: string, value: unknown, limit: keyof typeof STORE_LIMITS): string {
  const text = JSON.stringify(value);
  acceptSize(what, Buffer.byteLength(text), limit, 'make it smaller');
  return text;
}

/** What {@link textOf} made a text of. */
export function valueOf<T>(text: string): T {
  return JSON.parse(text) as T;
}

/** The same for a table keyed by foreign names: it has no prototype, so that no name in it acts on one. */
export function tableOf<T>(text: string): Record<string, T> {
  return Object.assign(Object.create(null), JSON.parse(text)) as Record<string, T>;
}
