/** Labels that live in the bytes of an instruction rather than in its row: those of `br_table` and `try_table`. */

import type { Events } from '../wasm/events.ts';
import { Op } from '../wasm/opcodes.ts';
import { Reader } from '../wasm/reader.ts';

/** The labels of the `br_table` in row `row`, the default last. */
export function branchTableLabels(bytes: Uint8Array, events: Events, row: number): number[] {
  const reader = new Reader(bytes, (events.start[row] as number) + 1, events.end[row]);
  const count = reader.u32();
  return Array.from({ length: count + 1 }, () => reader.u32());
}

/** The labels of the catch clauses of the `try_table` in row `row`; they count from outside of it. */
export function catchLabels(bytes: Uint8Array, events: Events, row: number): number[] {
  const reader = new Reader(bytes, (events.start[row] as number) + 1, events.end[row]);
  reader.s33();
  const count = reader.u32();
  return Array.from({ length: count }, () => {
    if (reader.byte() < 2) reader.u32();
    return reader.u32();
  });
}

/** Every label that the instruction in row `row` may branch to, as depths; empty for instructions that do not branch. */
export function labelsOf(bytes: Uint8Array, events: Events, row: number): readonly number[] {
  const op = events.op[row];
  if (op === Op.br || op === Op.brIf) return [events.a[row] as number];
  if (op === Op.brTable) return branchTableLabels(bytes, events, row);
  if (op === Op.tryTable) return catchLabels(bytes, events, row);
  return [];
}

/** True for `block`, `loop`, `if`, `try` and `try_table`. */
export function isOpener(op: number): boolean {
  return (op >= Op.block && op <= Op.try && op !== Op.else) || op === Op.tryTable;
}

/** True for `end` and `delegate`. */
export function isCloser(op: number): boolean {
  return op === Op.end || op === Op.delegate;
}
