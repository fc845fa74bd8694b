/**
 * What is expected not to pass, with reasons. Entries name files by their ends and match the text of refusals and commands, not
 * line numbers, so that they hold for every version of the suite.
 */

import { readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';

/** A kind of refusal by design, or of text that the assembler does not take. */
export interface KindEntry {
  /** A regular expression that the line of the refusal matches. */
  readonly match: string;
  readonly reason: string;
  /** Files of which at least one, if any of them is there, has this refusal: else the entry is out of date. */
  readonly in?: readonly string[];
  /** The only files where it is expected; everywhere without it. */
  readonly only?: readonly string[];
}

/** Commands that fail for a reason that is not Kerb's. */
export interface SkipEntry {
  readonly files: readonly string[];
  /** A regular expression that the command's text matches; without it any command of the files, of which one at least must fail. */
  readonly command?: string;
  /** A regular expression that the failure matches. */
  readonly match: string;
  readonly reason: string;
  /** Set when only some versions of the files fail: then it is no failure that a command passes, or that none fails. */
  readonly versions?: 'some';
}

/** Files without a single assertion about a module that Kerb runs. */
export interface EmptyEntry {
  readonly files: readonly string[];
  readonly reason: string;
  /** Set when only some versions of the files have none: then it is no failure that there are some. */
  readonly versions?: 'some';
}

/** The content of the expectations file. */
export interface Expectations {
  readonly refused: readonly KindEntry[];
  readonly unassembled: readonly KindEntry[];
  readonly skipped: readonly SkipEntry[];
  readonly empty: readonly EmptyEntry[];
}

/** Reads an expectations file: JSON of {@link Expectations}. Throws a `TypeError` for anything else in it. */
export function readExpectations(path: string | URL): Expectations {
  const given: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const parts: readonly (keyof Expectations)[] = ['refused', 'unassembled', 'skipped', 'empty'];
  for (const part of parts) {
    const entries = isRecord(given) ? given[part] : undefined;
    if (!Array.isArray(entries)) throw new TypeError(`expectations: ${part} is not a list`);
    for (const entry of entries) checkEntry(part, entry);
  }
  return given as Expectations;
}

/** Whether a file is meant by one of these patterns: each is a glob for the end of its path. */
export function isIn(file: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesGlob(file, pattern) || matchesGlob(file, `**/${pattern}`));
}

function checkEntry(part: keyof Expectations, entry: unknown): void {
  if (!isRecord(entry)) throw new TypeError(`expectations: an entry of ${part} is no object`);
  if (typeof entry['reason'] !== 'string' || entry['reason'] === '')
    throw new TypeError(`expectations: an entry of ${part} has no reason`);
  if (part !== 'empty' && typeof entry['match'] !== 'string')
    throw new TypeError(`expectations: an entry of ${part} has no match`);
  if ((part === 'empty' || part === 'skipped') && !Array.isArray(entry['files']))
    throw new TypeError(`expectations: an entry of ${part} names no files`);
  for (const key of ['match', 'command']) if (typeof entry[key] === 'string') new RegExp(entry[key]);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
