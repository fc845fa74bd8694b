/** The index spaces of an output: where the guest's functions and types went and where the added ones are. */

import type { Code } from '../wasm/events.ts';
import { importsOf, Value } from '../wasm/module.ts';
import type { FunctionType, Import, Module } from '../wasm/module.ts';
import { formatSignature } from '../wasm/signature.ts';
import { SANDBOX_IMPORTS, WAIT_IMPORTS } from './sandbox-imports.ts';
import { usedTypes } from './types-used.ts';
import type { TypeTable } from './types-used.ts';

/** Types that the added functions have. */
export const ADDED_TYPES = {
  interrupt: { params: [], results: [Value.i32] },
  procedure: { params: [], results: [] },
  grow: { params: [Value.i32], results: [Value.i32] },
} as const satisfies Record<string, FunctionType>;

/** Indices of an output. The guest's imports keep theirs; its functions move up by {@link Layout.shift}. */
export interface Layout extends TypeTable {
  /** How many functions the guest imports. */
  readonly imported: number;
  /** By how much indices of the guest's own functions grow. */
  readonly shift: number;
  readonly interrupt: number;
  readonly yield: number;
  readonly refusedGrowth: number;
  /** The helper that every check calls. */
  readonly slow: number;
  /** The helper that replaces `memory.grow`; it exists when the guest has a memory. */
  readonly grow: number;
  /** The wait imports that the guest needs: the result of a hostcall that may wait, and the import's index. */
  readonly waits: ReadonlyMap<WaitResult, number>;
  /** Hostcalls that may wait: the guest's import, and the helper that is called in its stead. */
  readonly shims: ReadonlyMap<number, number>;
  /** Index of the memory with the epoch word. */
  readonly epochMemory: number;
  /** Index of an added type. */
  typeOf(added: FunctionType): number;
}

/** The result of a hostcall that may wait, as in a signature. */
export type WaitResult = keyof typeof WAIT_IMPORTS;

/** Types of the wait imports. */
export const WAIT_TYPES = {
  '': { params: [], results: [] },
  i: { params: [], results: [Value.i32] },
  I: { params: [], results: [Value.i64] },
} as const satisfies Record<WaitResult, FunctionType>;

/** Computes the layout of a module's output; `suspends` says which of the guest's imports may wait. */
export function layOut(module: Module, code: Code, suspends: (entry: Import) => boolean): Layout {
  const guest = importsOf(module, 'function');
  const imported = guest.length;
  const waiting = [...guest.keys()].filter((index) => suspends(guest[index] as Import));
  const results = new Set(waiting.map((index) => waitResult(module, guest[index] as Import)));
  const needed = (Object.keys(WAIT_IMPORTS) as WaitResult[]).filter((result) => results.has(result));
  const addedTypes = [...Object.values(ADDED_TYPES), ...needed.map((result) => WAIT_TYPES[result])];
  const table = usedTypes(module, code, addedTypes);
  const indices = new Map(table.types.map((type, index) => [formatSignature(type), index]));
  const fixed = Object.keys(SANDBOX_IMPORTS).length;
  const shift = fixed + needed.length;
  const slow = imported + shift + module.functions.length;
  const firstShim = slow + (module.memories.length > 0 ? 2 : 1);
  return {
    ...table,
    imported,
    shift,
    waits: new Map(needed.map((result, place) => [result, imported + fixed + place])),
    shims: new Map(waiting.map((index, place) => [index, firstShim + place])),
    interrupt: imported,
    yield: imported + 1,
    refusedGrowth: imported + 2,
    slow,
    grow: slow + 1,
    epochMemory: module.memories.length,
    typeOf: (added) => indices.get(formatSignature(added)) ?? 0,
  };
}

/** The index in the output of the guest's function `index`. */
export function moved(layout: Layout, index: number): number {
  return index < layout.imported ? (layout.shims.get(index) ?? index) : index + layout.shift;
}

/** Throws `TypeError` for a host function that no wait import can answer for: a mistake of the ABI's, not of the guest's. */
export function waitResult(module: Module, entry: Import): WaitResult {
  const [, result = ''] = formatSignature(module.types[entry.type] ?? WAIT_TYPES['']).split('->');
  if (result === '' || result === 'i' || result === 'I') return result;
  throw new TypeError(`${entry.module}.${entry.name} may wait, and its result is neither none, i32 nor i64`);
}
