/** How hostile text is shown in an error: quoted, short, on one line, without control or direction-changing characters. */

/** Characters that act on a terminal, a log or the direction of text instead of being seen. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;
const PLAIN_KEY = /^[A-Za-z0-9_-]+$/;
const SHOWN_CHARS = 32;

/** `text` with every unseen character (controls, line separators, bidirectional marks, lone surrogates) as `\u{hex}`. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (char) => `\\u{${char.codePointAt(0)?.toString(16) ?? ''}}`);
}

/** `text` cut to `maxChars` characters, the last of them `…` when something was cut. */
export function clipped(text: string, maxChars: number): string {
  return text.length <= maxChars
    ? text
    : `${text
        .slice(0, maxChars - 1)
        .toWellFormed()
        .replace('\ufffd', '')}…`;
}

/** `text` in double quotes, at most 32 characters of it, safe to print. */
export function quoted(text: string): string {
  return `"${printable(clipped(text, SHOWN_CHARS)).replaceAll('"', '\\"')}"`;
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
