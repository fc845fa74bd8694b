/** How hostile text is shown in an error: quoted, short, on one line, without control or direction-changing characters. */

/** Characters that act on a terminal, a log or the direction of text instead of being seen. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;
const SHOWN_CHARS = 64;

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

/** `text` in double quotes, at most `maxChars` characters of it, safe to print. */
export function quoted(text: string, maxChars = SHOWN_CHARS): string {
  return `"${printable(clipped(text, maxChars)).replaceAll('"', '\\"')}"`;
}
