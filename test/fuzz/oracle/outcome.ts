/** What a call comes to and what state it leaves, as text that is the same for an original and its rewritten form. */

import type { Side } from './side.ts';
import { invoke } from './side.ts';

/** Outcomes that end a comparison: how deep a guest may recurse is not part of its meaning. */
export const OVERFLOW = 'stack overflow';

/** Translates indices of functions, which are the names of function references in JavaScript, to those of the upload. */
export interface Indices {
  readonly imported: number;
  /** By how much the functions of the module moved. */
  readonly shift: number;
  /** The index after the last function of the upload. */
  readonly end: number;
}

/** Runs something and says what it came to. */
export function outcomeOf(run: () => unknown, indices: Indices): string {
  try {
    return describe(run(), indices);
  } catch (error) {
    return failure(error);
  }
}

/** What was thrown, as text. */
export function failure(error: unknown): string {
  if (error instanceof WebAssembly.Exception) return 'exception';
  if (error instanceof RangeError && /call stack/.test(error.message)) return OVERFLOW;
  if (error instanceof WebAssembly.RuntimeError) return `trap: ${error.message}`;
  return `thrown: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
}

function describe(value: unknown, indices: Indices): string {
  if (Array.isArray(value)) return value.map((item) => describe(item, indices)).join();
  if (typeof value === 'function') return `function ${place(Number(value.name), indices)}`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Imports are one kind: those that may wait are reached through functions that were added. */
function place(index: number, { imported, shift, end }: Indices): string {
  const own = index - shift;
  return index < imported || own >= end ? 'of the host' : String(own);
}

/** Every global and every table entry. */
export function stateOf(side: Side, indices: Indices): string {
  const names = Object.keys(side.exports);
  const globals = names.filter((name) => /^g\d+$/.test(name));
  const tables = names.filter((name) => /^s\d+$/.test(name));
  return [
    ...globals.map((name) => `${name}=${outcomeOf(() => invoke(side, name, []), indices)}`),
    ...tables.map((name) => `${name.replace('s', 't')}=[${entries(side, name, indices)}]`),
  ].join(' ');
}

/** Of a table that has grown, these are looked at. */
const FIRST_ENTRIES = 48;
const LAST_ENTRIES = 8;

function entries(side: Side, sizeName: string, indices: Indices): string {
  const size = Number(invoke(side, sizeName, []));
  const get = sizeName.replace('s', 't');
  const shown = [...Array(size).keys()].filter((index) => index < FIRST_ENTRIES || index >= size - LAST_ENTRIES);
  return `${size}: ${shown.map((index) => outcomeOf(() => invoke(side, get, [index]), indices)).join()}`;
}

/** True when both have the same bytes of memory, or none. */
export function sameMemory(left: Side, right: Side): boolean {
  const [a, b] = [bytesOf(left), bytesOf(right)];
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

function bytesOf({ memory }: Side): Uint8Array {
  return memory === null ? new Uint8Array(0) : new Uint8Array(memory.buffer);
}
