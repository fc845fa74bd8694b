/**
 * Kinds of keys that Kerb does not take, with reasons. Vectors with no other key are skipped, as long as they are refused: nothing
 * excuses one that is accepted and should not be.
 */

import { readFileSync } from 'node:fs';
import type { Vector } from './vectors.ts';

/** Vectors that say nothing about Kerb, since it refuses their keys. */
export interface SkippedEntry {
  /** A regular expression that matches `kty crv alg` of each of their keys. */
  readonly kind: string;
  readonly reason: string;
}

/** Reads the file: JSON `{"skipped": [{"kind": …, "reason": …}]}`. Throws a `TypeError` for anything else. */
export function readExpectations(path: string | URL): readonly SkippedEntry[] {
  const given: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const skipped = typeof given === 'object' && given !== null && 'skipped' in given ? given.skipped : undefined;
  if (!Array.isArray(skipped)) throw new TypeError('expectations: skipped is not a list');
  return skipped.map(entryOf);
}

function entryOf(given: unknown): SkippedEntry {
  const { kind, reason }: Partial<Record<string, unknown>> = { ...(given as object | null) };
  if (typeof kind !== 'string') throw new TypeError('expectations: an entry has no kind');
  if (typeof reason !== 'string' || reason === '') throw new TypeError(`expectations: ${kind} has no reason`);
  return { kind: new RegExp(kind).source, reason };
}

/** The entry that a vector falls under. */
export function entryFor({ kinds }: Vector, entries: readonly SkippedEntry[]): SkippedEntry | undefined {
  return entries.find(({ kind }) => kinds.every((text) => new RegExp(kind).test(text)));
}
