/** What is wrong with a manifest, in lines that a person can act on. */
import type * as z from 'zod';
import { didYouMean } from '../spelling.ts';
import { KerbError } from '../errors.ts';
import { MANIFEST_LIMITS } from './manifest-limits.ts';
import { shownKey, shownValue } from './manifest-quote.ts';
import { clipped, printable } from '../quoted.ts';
import { knownKeys } from './manifest-schema.ts';
import type { TomlDocument, TomlFault, TomlPath, TomlTable, TomlValue } from './toml-document.ts';

type Issue = z.core.$ZodIssue;

/** Everything that the schema found wrong with `document`, in the order of the schema. */
export function schemaFaults(issues: readonly Issue[], document: TomlDocument): TomlFault[] {
  return issues.flatMap((issue) => faultsOf(issue, issue.path, document));
}

/** A fault of the value at `path`, with the value itself before `message` when it is there. */
export function faultAt(document: TomlDocument, path: TomlPath, message: string): TomlFault {
  const value = valueAt(document.root, path);
  const said = value === undefined ? message : `${shownValue(value)} ${message}`;
  return { path, line: document.lineOf(path), message: said };
}

/** The error for all of `faults`, by line; a second fault of the same key says nothing new and is left out. */
export function manifestError(file: string, faults: readonly TomlFault[]): KerbError {
  const distinct = new Map(faults.toReversed().map((fault) => [JSON.stringify(fault.path), fault]));
  const sorted = [...distinct.values()].reverse().sort((a, b) => a.line - b.line);
  const listed = sorted.slice(0, MANIFEST_LIMITS.listedFaults).map((fault) => detail(file, fault));
  const rest = sorted.length - listed.length;
  if (rest > 0) listed.push(`and ${rest} more faults; correct these first`);
  const count = sorted.length === 1 ? 'one fault' : `${sorted.length} faults`;
  return new KerbError('bad_manifest', `${printable(file)}: the manifest has ${count}`, listed);
}

function detail(file: string, fault: TomlFault): string {
  const place = `${printable(file)}:${fault.line}`;
  const key = fault.path.length === 0 ? '' : ` ${shownKey(fault.path)}:`;
  const rest = `:${key} ${fault.message}`;
  return clipped(`${endOf(place, MANIFEST_LIMITS.faultChars - rest.length)}${rest}`, MANIFEST_LIMITS.faultChars);
}

/** `place` cut at its start to `maxChars`, but never below 24: the file's own name and the line are what matters. */
function endOf(place: string, maxChars: number): string {
  const room = Math.max(24, maxChars);
  return place.length <= room ? place : `…${place.slice(1 - room)}`;
}

function faultsOf(issue: Issue, path: TomlPath, document: TomlDocument): TomlFault[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, document));
  if (issue.code === 'invalid_key') return [keyFault(path, issue.issues[0]?.message ?? issue.message, document)];
  if (issue.code === 'invalid_union') return unionFaults(issue, path, document);
  return [faultAt(document, path, issue.message)];
}

/** The faults of the alternative that was meant: the one that is not wrong as a whole. */
function unionFaults(issue: z.core.$ZodIssueInvalidUnion, path: TomlPath, document: TomlDocument): TomlFault[] {
  const meant = issue.errors.find((issues) => !issues.some(isWholesale));
  if (meant === undefined) return [faultAt(document, path, issue.message)];
  return meant.flatMap((inner) => faultsOf(inner, [...path, ...inner.path], document));
}

function isWholesale(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code !== 'unrecognized_keys';
}

function unknownKey(table: TomlPath, key: string, document: TomlDocument): TomlFault {
  const path = [...table, key];
  const keys = knownKeys(table);
  const close = didYouMean(key, keys);
  const remedy = close === null ? `the keys here are ${shownKeys(keys)}` : `did you mean ${close}?`;
  return { path, line: document.lineOf(path), message: `is an unknown key; ${remedy}` };
}

/** As many keys as fit in a fault beside what it is about. */
const LISTED_KEYS = 12;

function shownKeys(keys: readonly string[]): string {
  const rest = keys.length - LISTED_KEYS;
  return rest > 0 ? `${keys.slice(0, LISTED_KEYS).join(', ')} and ${rest} more` : keys.join(', ');
}

function keyFault(path: TomlPath, message: string, document: TomlDocument): TomlFault {
  return { path, line: document.lineOf(path), message: `this key ${message}` };
}

function valueAt(root: TomlTable | null, path: TomlPath): TomlValue | undefined {
  let at: TomlValue | undefined = root ?? undefined;
  for (const key of path) {
    if (typeof at !== 'object') return undefined;
    at = Object.hasOwn(at, key) ? (at as Record<PropertyKey, TomlValue>)[key] : undefined;
  }
  return at;
}
