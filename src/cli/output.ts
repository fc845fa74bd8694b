/** What a command writes: lines for people, one JSON document for programs, and nothing that could drive a terminal. */
import { printable } from '../abi/wasi/printable.ts';
import type { CommandContext, CommandIo, Sink } from './command.ts';

/** How a piece of text looks on a terminal with colour; without it styles do nothing. */
export const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** The name of a look. */
export type Style = keyof typeof STYLES;

/** Text with a look. The text may be anyone's: what could drive the terminal is escaped when it is written. */
export interface Piece {
  readonly text: string;
  readonly style: Style;
}

/** One line, without its end. */
export type Line = string | readonly (string | Piece)[];

/** What of a context writing needs. */
export type Writer = Pick<CommandContext, 'io' | 'json'>;

/** Text with a look. */
export function styled(style: Style, text: string): Piece {
  return { text, style };
}

/** The characters that a piece of a line takes on a terminal. */
export function textOf(piece: string | Piece): string {
  return printable(typeof piece === 'string' ? piece : piece.text);
}

/** A line as it is written: no control characters but those of its styles, a line end at its end. */
export function rendered(line: Line, colour: CommandIo['colour']): string {
  const pieces = typeof line === 'string' ? [line] : line;
  const texts = pieces.map((piece) => {
    const text = textOf(piece);
    return typeof piece === 'string' || !colour || text === ''
      ? text
      : `\u001b[${STYLES[piece.style]}m${text}\u001b[0m`;
  });
  return `${texts.join('')}\n`;
}

/** Writes lines of a result: to standard output, or to standard error when that carries JSON alone. */
export function print({ io, json }: Writer, ...lines: readonly Line[]): void {
  writeLines(json ? io.stderr : io.stdout, io, lines);
}

/** Writes lines that are no result (progress, hints, warnings) to standard error. */
export function remark({ io }: Pick<Writer, 'io'>, ...lines: readonly Line[]): void {
  writeLines(io.stderr, io, lines);
}

function writeLines(sink: Sink, { colour }: CommandIo, lines: readonly Line[]): void {
  sink.write(lines.map((line) => rendered(line, colour)).join(''));
}

/**
 * `value` as one line of JSON. Controls that JSON leaves as they are (DEL, C1, those that reorder text) are escaped too: the line is safe on a
 * terminal and reads back as the same value.
 */
export function jsonLine(value: unknown): string {
  const escaped = JSON.stringify(value).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
  return `${escaped}\n`;
}

/** Writes one JSON document to standard output. */
export function printJson({ io }: Pick<Writer, 'io'>, value: unknown): void {
  io.stdout.write(jsonLine(value));
}

/** The result of a command: `value` for programs with `--json`, `lines` for people without. */
export function answer(context: Writer, value: unknown, lines: () => readonly Line[]): void {
  if (context.json) printJson(context, value);
  else print(context, ...lines());
}

/** Text of several lines as lines: only here a line end of foreign text is one. */
export function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}
