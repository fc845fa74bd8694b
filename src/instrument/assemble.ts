/** Puts the output together, section by section. */

import type { Code } from '../wasm/events.ts';
import { Section, encodeFunctionType, encodeHeader, encodeSection, encodeVector } from '../wasm/encode.ts';
import { EXTERNAL_KINDS, importsOf } from '../wasm/module.ts';
import type { ByteRange, Export, Import, Module, Table } from '../wasm/module.ts';
import { Op } from '../wasm/opcodes.ts';
import { Writer } from '../wasm/writer.ts';
import type { RewrittenCode } from './code-section.ts';
import { HELPERS, SANDBOX_IMPORT_TYPES } from './additions.ts';
import { moved, WAIT_TYPES } from './layout.ts';
import type { Layout } from './layout.ts';
import { tableMaximum } from './limits-of-module.ts';
import { EPOCH_IMPORT, MEMORY_IMPORT, SANDBOX_MODULE, START_EXPORT, WAIT_IMPORTS } from './sandbox-imports.ts';

const FUNCTION = 0;
const MEMORY = 2;
const WITH_MAXIMUM = 1;
const SHARED_WITH_MAXIMUM = 3;
/** Flags of an element segment that only declares. */
const DECLARATIVE = 3;

/** What the output gives away. */
export interface Surface {
  /** Exports of the upload that are kept. */
  readonly exports: readonly Export[];
  /** Bounds of the imported memory in pages; null without one. */
  readonly memory: { readonly initialPages: number; readonly maximumPages: number } | null;
}

/** The bytes of the output. Custom sections, unused types and unwanted exports are left out; the memory is an import. */
export function assemble(
  module: Module,
  layout: Layout,
  source: Code,
  code: RewrittenCode,
  surface: Surface,
): Uint8Array<ArrayBuffer> {
  const out = new Writer(module.strippedBytes + 4096);
  encodeHeader(out);
  encodeSection(out, Section.type, encodeVector(layout.types, encodeFunctionType));
  encodeSection(out, Section.import, importSection(module, layout, surface));
  encodeSection(out, Section.function, functionSection(module, layout));
  encodeSection(
    out,
    Section.table,
    encodeVector([...module.tables.entries()], (to, [index]) => writeTable(to, module, layout, index)),
  );
  encodeSection(
    out,
    Section.tag,
    encodeVector([...module.tags], (to, type) => writeTag(to, layout, type)),
  );
  encodeSection(out, Section.global, patched(module, layout, module.globals.range));
  encodeSection(out, Section.export, exportSection(module, layout, surface));
  encodeSection(out, Section.element, elementSection(module, layout, source));
  encodeSection(out, Section.dataCount, encodeDataCount(module));
  encodeSection(out, Section.custom, code.hints);
  encodeSection(out, Section.code, code.section);
  encodeSection(out, Section.data, patched(module, layout, module.data.range));
  return out.toBytes();
}

function importSection(module: Module, layout: Layout, surface: Surface): Writer {
  const added = Object.entries(SANDBOX_IMPORT_TYPES);
  const guest = importsOf(module, 'function');
  const out = new Writer();
  out.u32(guest.length + layout.shift + (surface.memory === null ? 1 : 2));
  for (const entry of guest) writeFunctionImport(out, entry, layout);
  for (const [name, type] of added) {
    writeName(out, SANDBOX_MODULE, name, FUNCTION);
    out.u32(layout.typeOf(type));
  }
  for (const result of layout.waits.keys()) {
    writeName(out, SANDBOX_MODULE, WAIT_IMPORTS[result], FUNCTION);
    out.u32(layout.typeOf(WAIT_TYPES[result]));
  }
  if (surface.memory !== null) {
    writeName(out, SANDBOX_MODULE, MEMORY_IMPORT, MEMORY);
    out.byte(WITH_MAXIMUM);
    out.u32(surface.memory.initialPages);
    out.u32(surface.memory.maximumPages);
  }
  writeName(out, SANDBOX_MODULE, EPOCH_IMPORT, MEMORY);
  out.bytes([SHARED_WITH_MAXIMUM, 1, 1]);
  return out;
}

function writeFunctionImport(out: Writer, entry: Import, layout: Layout): void {
  writeName(out, entry.module, entry.name, FUNCTION);
  out.u32(layout.map[entry.type] as number);
}

function writeName(out: Writer, module: string, name: string, kind: number): void {
  out.name(module);
  out.name(name);
  out.byte(kind);
}

/** The guest's functions, then the helpers, then the stand-ins of hostcalls that may wait. */
function functionSection(module: Module, layout: Layout): Writer {
  const out = new Writer(module.functions.length * 2 + 16);
  const guest = importsOf(module, 'function');
  out.u32(module.functions.length + layout.helpers.size + layout.shims.size);
  for (const type of module.functions) out.u32(layout.map[type] as number);
  for (const helper of layout.helpers.keys()) out.u32(layout.typeOf(HELPERS[helper]));
  for (const index of layout.shims.keys()) out.u32(layout.map[(guest[index] as Import).type] as number);
  return out;
}

function writeTable(out: Writer, module: Module, layout: Layout, index: number): void {
  const table = module.tables[index] as Table;
  if (table.init !== null) out.bytes([0x40, 0x00]);
  out.bytes([table.element, WITH_MAXIMUM]);
  out.u32(table.limits.initial);
  out.u32(tableMaximum(module.tables, index));
  if (table.init !== null) out.bytes(patched(module, layout, table.init).view());
}

function writeTag(out: Writer, layout: Layout, type: number): void {
  out.byte(0);
  out.u32(layout.map[type] as number);
}

function exportSection(module: Module, layout: Layout, surface: Surface): Writer {
  const start = module.start === null ? [] : [{ name: START_EXPORT, kind: 'function', index: module.start } as const];
  return encodeVector<Export>([...surface.exports, ...start], (out, entry) => {
    out.name(entry.name);
    out.byte(EXTERNAL_KINDS.indexOf(entry.kind));
    out.u32(entry.kind === 'function' ? moved(layout, entry.index) : entry.index);
  });
}

/**
 * The upload's segments, and one more that declares every function whose reference the code takes (§3.4.12): an export declares
 * its function too, and may be one that is dropped. Appended, so that segment indices stay.
 */
function elementSection(module: Module, layout: Layout, source: Code): Writer {
  const { count, range } = module.elements;
  const referred = referredFunctions(source);
  if (referred.length === 0) return patched(module, layout, range);
  const out = new Writer(range.end - range.start + 5 * referred.length + 16);
  out.u32(count + 1);
  if (count > 0)
    out.bytes(patched(module, layout, { start: afterNumber(module.bytes, range.start), end: range.end }).view());
  out.bytes([DECLARATIVE, FUNCTION]);
  out.u32(referred.length);
  for (const index of referred) out.u32(moved(layout, index));
  return out;
}

/** The functions that `ref.func` names, each once. */
function referredFunctions({ events }: Code): number[] {
  const referred = new Set<number>();
  for (let row = 0; row < events.length; row++) {
    if (events.op[row] === Op.refFunc) referred.add(events.a[row] as number);
  }
  return [...referred];
}

/** The offset after the LEB128 number at `offset`. */
function afterNumber(bytes: Uint8Array, offset: number): number {
  let end = offset;
  while ((bytes[end] as number) >= 0x80) end++;
  return end + 1;
}

function encodeDataCount(module: Module): Writer {
  const out = new Writer();
  if (module.dataCount !== null) out.u32(module.dataCount);
  return out;
}

/** The bytes of a range with every function index moved. */
function patched(module: Module, layout: Layout, range: ByteRange): Writer {
  const out = new Writer(range.end - range.start);
  const { references } = module;
  let cursor = range.start;
  for (let at = firstReference(references, range.start); (references[at] ?? Infinity) < range.end; at += 3) {
    out.range(module.bytes, cursor, references[at] as number);
    out.u32(moved(layout, references[at + 2] as number));
    cursor = references[at + 1] as number;
  }
  out.range(module.bytes, cursor, range.end);
  return out;
}

/** Index of the first triple whose offset is not below `offset`: they are in order. */
function firstReference(references: readonly number[], offset: number): number {
  let low = 0;
  let high = references.length / 3;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((references[middle * 3] as number) < offset) low = middle + 1;
    else high = middle;
  }
  return low * 3;
}
