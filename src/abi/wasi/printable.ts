/** Text from a guest, made safe for a log line. */

/**
 * C0 controls but tab, DEL and C1 controls (terminal sequences, line ends), the line and paragraph separators, and the
 * controls that reorder text on screen.
 */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const UNSAFE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * `text` in which no character ends the line, drives a terminal or reorders what follows: each is written as `\xNN` or
 * `\uNNNN`. A backslash stays itself, so the escape says what was there and is not meant to be decoded.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
