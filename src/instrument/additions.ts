/** The functions of our own that an output calls: which there are, what they replace, which of them a module needs. */

import type { Code, Events } from '../wasm/events.ts';
import { Value } from '../wasm/module.ts';
import type { FunctionType, Module } from '../wasm/module.ts';
import { Op } from '../wasm/opcodes.ts';
import type { SANDBOX_IMPORTS } from './sandbox-imports.ts';

/** Types that the added functions have. */
export const ADDED_TYPES = {
  interrupt: { params: [], results: [Value.i32] },
  procedure: { params: [], results: [] },
  grow: { params: [Value.i32], results: [Value.i32] },
  bulk: { params: [Value.i32, Value.i32, Value.i32], results: [] },
} as const satisfies Record<string, FunctionType>;

/** Types of the sandbox's own function imports, by name. */
export const SANDBOX_IMPORT_TYPES: Readonly<Record<keyof typeof SANDBOX_IMPORTS, FunctionType>> = {
  interrupt: ADDED_TYPES.interrupt,
  yield: ADDED_TYPES.procedure,
  grow: ADDED_TYPES.grow,
};

/**
 * The helpers with their types. `slow` is what a check calls. `grow`, `fill` and `copy` replace instructions and have their types;
 * the last two are small enough for V8 to inline and leave what is rare to the ones `inPieces`. Those that an output has follow the
 * guest's functions, in this order.
 */
export const HELPERS = {
  slow: ADDED_TYPES.procedure,
  grow: ADDED_TYPES.grow,
  fill: ADDED_TYPES.bulk,
  fillInPieces: ADDED_TYPES.bulk,
  copy: ADDED_TYPES.bulk,
  copyInPieces: ADDED_TYPES.bulk,
} as const satisfies Record<string, FunctionType>;

/** The name of a helper. */
export type Helper = keyof typeof HELPERS;

/**
 * The helper that is called in place of the instruction in row `row`, or null if the instruction stays. Each of them checks, so
 * that no check is needed before. Fills and copies of a small constant size stay: V8 writes a few bytes without a call.
 */
export function replacementOf(events: Events, row: number): Helper | null {
  const op = events.op[row];
  if (op === Op.memoryGrow) return 'grow';
  if (op === Op.memoryFill) return events.a[row] === 0 ? 'fill' : null;
  if (op === Op.memoryCopy) return events.a[row] === 0 ? 'copy' : null;
  return null;
}

/** The helpers that the output of a module has, in their order. `grow` comes with a memory, whether the guest calls it or not. */
export function helpersOf(module: Module, { events }: Code): readonly Helper[] {
  const needed = new Set<Helper>(module.memories.length > 0 ? ['slow', 'grow'] : ['slow']);
  for (let row = 0; row < events.length; row++) {
    const helper = replacementOf(events, row);
    if (helper !== null) needed.add(helper);
  }
  if (needed.has('fill')) needed.add('fillInPieces');
  if (needed.has('copy')) needed.add('copyInPieces');
  return (Object.keys(HELPERS) as Helper[]).filter((name) => needed.has(name));
}
