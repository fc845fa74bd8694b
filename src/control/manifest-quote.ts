/** How the parts of a manifest are shown in an error, see {@link ../quoted.ts}: short, so that a fault is one line. */
import { clipped, quoted as quotedUpTo } from '../quoted.ts';

const PLAIN_KEY = /^[A-Za-z0-9_-]+$/;
const SHOWN_CHARS = 32;

/** `text` in double quotes, at most 32 characters of it, safe to print. */
export function quoted(text: string): string {
  return quotedUpTo(text, SHOWN_CHARS);
}

/** A manifest's value in a few words: text quoted, numbers and booleans as they are, `a list`, `a table`. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'a table';
}

/** A key path as a manifest spells it, `backends.site.url` or `hosts[1]`, safe to print and at most 64 characters. */
export function shownKey(path: readonly PropertyKey[]): string {
  const parts = path.slice(0, 9).map((part, place) => {
    if (typeof part === 'number') return `[${part}]`;
    const name = PLAIN_KEY.test(String(part)) ? clipped(String(part), SHOWN_CHARS) : quoted(String(part));
    return place === 0 ? name : `.${name}`;
  });
  return clipped(parts.join(''), 64);
}
