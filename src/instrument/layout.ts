/** The index spaces of an output: where the guest's functions and types went and where the added ones are. */

import type { Code } from '../wasm/events.ts';
import { importsOf, Value } from '../wasm/module.ts';
import type { FunctionType, Import, Module } from '../wasm/module.ts';
import { Op } from '../wasm/opcodes.ts';
import { formatSignature } from '../wasm/signature.ts';
import { Writer } from '../wasm/writer.ts';
import { HELPERS, helpersOf, SANDBOX_IMPORT_TYPES } from './additions.ts';
import type { Helper } from './additions.ts';
import { WAIT_IMPORTS } from './sandbox-imports.ts';
import { usedTypes } from './types-used.ts';
import type { TypeTable } from './types-used.ts';

/** Indices of an output. The guest's imports keep theirs; its functions move up by {@link Layout.shift}. */
export interface Layout extends TypeTable {
  /** How many functions the guest imports. */
  readonly imported: number;
  /** By how much indices of the guest's own functions grow. */
  readonly shift: number;
  readonly interrupt: number;
  readonly yield: number;
  readonly growth: number;
  /** The helpers that the output has, in the order of their indices. */
  readonly helpers: ReadonlyMap<Helper, number>;
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
  const helpers = helpersOf(module, code);
  const helperTypes = helpers.map((name) => HELPERS[name]);
  const addedTypes = [
    ...Object.values(SANDBOX_IMPORT_TYPES),
    ...helperTypes,
    ...needed.map((result) => WAIT_TYPES[result]),
  ];
  const table = usedTypes(module, code, addedTypes);
  const indices = new Map(table.types.map((type, index) => [formatSignature(type), index]));
  const fixed = Object.keys(SANDBOX_IMPORT_TYPES).length;
  const shift = fixed + needed.length;
  const firstHelper = imported + shift + module.functions.length;
  const firstShim = firstHelper + helpers.length;
  return {
    ...table,
    imported,
    shift,
    waits: new Map(needed.map((result, place) => [result, imported + fixed + place])),
    shims: new Map(waiting.map((index, place) => [index, firstShim + place])),
    interrupt: imported,
    yield: imported + 1,
    growth: imported + 2,
    helpers: new Map(helpers.map((name, place) => [name, firstHelper + place])),
    epochMemory: module.memories.length,
    typeOf: (added) => indices.get(formatSignature(added)) ?? 0,
  };
}

/** The index in the output of the guest's function `index`. */
export function moved(layout: Layout, index: number): number {
  return index < layout.imported ? (layout.shims.get(index) ?? index) : index + layout.shift;
}

/** `call` of a helper that the output has. */
export function callOf(layout: Layout, helper: Helper): readonly number[] {
  const call = new Writer(16);
  call.byte(Op.call);
  call.u32(layout.helpers.get(helper) as number);
  return [...call.view()];
}

/** Throws `TypeError` for a host function that no wait import can answer for: a mistake of the ABI's, not of the guest's. */
export function waitResult(module: Module, entry: Import): WaitResult {
  const [, result = ''] = formatSignature(module.types[entry.type] ?? WAIT_TYPES['']).split('->');
  if (result === '' || result === 'i' || result === 'I') return result;
  throw new TypeError(`${entry.module}.${entry.name} may wait, and its result is neither none, i32 nor i64`);
}
