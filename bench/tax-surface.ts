/**
 * What the rewriter takes from a module's surface and the JavaScript around real modules needs: their own memory, and exports of
 * memories, tables and globals. Bytes to bytes; none of it touches code. Pure.
 */
import { Reader } from '../src/wasm/reader.ts';
import { Writer } from '../src/wasm/writer.ts';

const HEADER_BYTES = 8;
const CUSTOM = 0;
const Section = { import: 2, table: 4, memory: 5, export: 7 } as const;
const Kind = { function: 0, memory: 2 } as const;

interface Part {
  readonly id: number;
  readonly content: Uint8Array;
}

interface ExportEntry {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

/**
 * The module with a memory of its own where it imported one, which Kerb would refuse. Throws `Error` when it imports anything
 * but functions and a memory; what `Reader` throws for malformed bytes.
 */
export function withOwnMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts = partsOf(bytes);
  const imports = parts.find(({ id }) => id === Section.import);
  const split = imports === undefined ? null : splitImports(imports.content);
  if (split === null || split.memory === null) return Uint8Array.from(bytes);
  const { memory, rest } = split;
  const owned = (part: Part): Part => (part.id === Section.import ? { ...part, content: rest } : part);
  // Memories come after tables; custom sections are left out, for the rewriter strips them anyhow.
  const sections = parts.filter(({ id }) => id !== CUSTOM);
  const place = sections.findIndex(({ id }) => id > Section.table);
  return join(
    sections.map(owned).toSpliced(place < 0 ? sections.length : place, 0, { id: Section.memory, content: memory }),
  );
}

/** `output` with those exports of `original` that are no functions and that it lacks: their indices are the same in both. */
export function withExportsOf(original: Uint8Array, output: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts = partsOf(output);
  const kept = exportsOf(parts);
  const names = new Set(kept.map(({ name }) => name));
  const lost = exportsOf(partsOf(original)).filter(({ kind, name }) => kind !== Kind.function && !names.has(name));
  const all = new Writer();
  all.u32(kept.length + lost.length);
  for (const { name, kind, index } of [...kept, ...lost]) {
    all.name(name);
    all.byte(kind);
    all.u32(index);
  }
  const content = all.view();
  return join(parts.map((part) => (part.id === Section.export ? { ...part, content } : part)));
}

function partsOf(bytes: Uint8Array): Part[] {
  const reader = new Reader(bytes, HEADER_BYTES);
  const parts: Part[] = [];
  while (reader.remaining > 0) {
    const id = reader.byte();
    const size = reader.u32();
    const start = bytes.length - reader.remaining;
    reader.skip(size);
    parts.push({ id, content: bytes.subarray(start, start + size) });
  }
  return parts;
}

function join(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const writer = new Writer(1024);
  writer.bytes([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  for (const { id, content } of parts) {
    writer.byte(id);
    writer.u32(content.length);
    writer.bytes(content);
  }
  return writer.toBytes();
}

/** The import section's memory as the content of a memory section, and the section without it. */
function splitImports(content: Uint8Array): { readonly memory: Uint8Array | null; readonly rest: Uint8Array } {
  const reader = new Reader(content);
  const count = reader.u32();
  const functions = new Writer();
  let memory: Uint8Array | null = null;
  for (let at = 0; at < count; at++) {
    const start = content.length - reader.remaining;
    reader.name();
    reader.name();
    const kind = reader.byte();
    const limits = content.length - reader.remaining;
    if (kind === Kind.function) reader.u32();
    else if (kind === Kind.memory) skipLimits(reader);
    else throw new Error(`an import of kind ${kind}: only functions and a memory can be run here`);
    const end = content.length - reader.remaining;
    if (kind === Kind.memory) memory = Uint8Array.from([1, ...content.subarray(limits, end)]);
    else functions.bytes(content.subarray(start, end));
  }
  const rest = new Writer();
  rest.u32(memory === null ? count : count - 1);
  rest.bytes(functions.view());
  return { memory, rest: rest.view() };
}

function skipLimits(reader: Reader): void {
  const flags = reader.byte();
  reader.u32();
  if ((flags & 1) !== 0) reader.u32();
}

function exportsOf(parts: readonly Part[]): ExportEntry[] {
  const section = parts.find(({ id }) => id === Section.export);
  if (section === undefined) return [];
  const reader = new Reader(section.content);
  return Array.from({ length: reader.u32() }, () => ({
    name: reader.name(),
    kind: reader.byte(),
    index: reader.u32(),
  }));
}
