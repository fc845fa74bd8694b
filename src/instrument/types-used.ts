/** Drops unused and repeated function types: V8 keeps every distinct type for the life of the process. */

import type { Code } from '../wasm/events.ts';
import { signatureIndices } from '../wasm/instructions.ts';
import type { FunctionType, Module } from '../wasm/module.ts';
import { Op } from '../wasm/opcodes.ts';
import { formatSignature } from '../wasm/signature.ts';

/** The types of an output. Equal types share an index, so an index stands for a signature. */
export interface TypeTable {
  readonly types: readonly FunctionType[];
  /** New index of each of the guest's types; -1 if nothing uses it. */
  readonly map: Int32Array;
}

/** The guest's used types followed by `added`, without repetition. */
export function usedTypes(module: Module, code: Code, added: readonly FunctionType[]): TypeTable {
  const used = markUsed(module, code);
  const indices = new Map<string, number>();
  const types: FunctionType[] = [];
  const intern = (type: FunctionType): number => {
    const key = formatSignature(type);
    const known = indices.get(key);
    if (known !== undefined) return known;
    indices.set(key, types.length);
    return types.push(type) - 1;
  };
  const map = Int32Array.from(module.types, (type, index) => (used[index] === 1 ? intern(type) : -1));
  for (const type of added) intern(type);
  return { types, map };
}

function markUsed(module: Module, code: Code): Uint8Array {
  const used = new Uint8Array(module.types.length);
  for (const index of signatureIndices(module)) used[index] = 1;
  for (const index of module.tags) used[index] = 1;
  const { events } = code;
  for (let row = 0; row < events.length; row++) {
    const index = events.a[row] as number;
    if (index >= 0 && namesType(events.op[row] as number)) used[index] = 1;
  }
  return used;
}

/** True for instructions whose row carries a block type or the type of an indirect call. */
export function namesType(op: number): boolean {
  return (
    (op >= Op.block && op <= Op.try && op !== Op.else) ||
    op === Op.tryTable ||
    op === Op.callIndirect ||
    op === Op.returnCallIndirect
  );
}
