/** Sections and types to bytes (§5.5): the counterpart of decode.ts for what the rewriter writes anew. */

import type { FunctionType, ValueType } from './module.ts';
import { Writer } from './writer.ts';

/** Section ids (§5.5.2). */
export const Section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  tag: 13,
  global: 6,
  export: 7,
  element: 9,
  dataCount: 12,
  code: 10,
  data: 11,
} as const;

/** Writes the magic number and version 1. */
export function encodeHeader(out: Writer): void {
  out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
}

/** Writes a section; one without content is left out. */
export function encodeSection(out: Writer, id: number, content: Writer): void {
  if (content.length === 0) return;
  out.byte(id);
  out.sized(content);
}

/** Writes a vector: the count, then each item; an empty one writes nothing, so that its section is left out. */
export function encodeVector<Item>(items: readonly Item[], write: (out: Writer, item: Item) => void): Writer {
  const out = new Writer();
  if (items.length === 0) return out;
  out.u32(items.length);
  for (const item of items) write(out, item);
  return out;
}

/** Writes a function type. */
export function encodeFunctionType(out: Writer, type: FunctionType): void {
  out.byte(0x60);
  encodeValueTypes(out, type.params);
  encodeValueTypes(out, type.results);
}

function encodeValueTypes(out: Writer, types: readonly ValueType[]): void {
  out.u32(types.length);
  out.bytes(types);
}
