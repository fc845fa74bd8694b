/** Decoding of the sections whose items have structure: imports, tables, globals, exports, elements, data (§5.5). */

import { MODULE_LIMITS } from '../limits.ts';
import { noConstants, readConstantExpression, readDataOffset, readReference } from './constant-expressions.ts';
import type { Constants } from './constant-expressions.ts';
import { DataPages } from './data-pages.ts';
import { boundedCount, readLimits, readValueType } from './decode-types.ts';
import { EXTERNAL_KINDS, Value } from './module.ts';
import type { Export, ExternalKind, Import, Module, MutableGlobal, Table } from './module.ts';
import { malformed } from './reader.ts';
import type { Reader } from './reader.ts';
import type { Refusals } from './refusals.ts';

/** Reads the import section's content. */
export function readImports(reader: Reader, refusals: Refusals): Import[] {
  const count = boundedCount(reader, 'imports', MODULE_LIMITS.imports, refusals);
  return Array.from({ length: count }, () => {
    const module = readName(reader, refusals);
    const name = readName(reader, refusals);
    const kind = readKind(reader);
    return { module, name, kind, type: readImportType(reader, kind, refusals) };
  });
}

function readName(reader: Reader, refusals: Refusals): string {
  const at = reader.offset;
  const length = reader.count(1);
  reader.offset = at;
  const name = reader.name();
  refusals.over('name bytes', length, MODULE_LIMITS.nameBytes, `the name at byte ${at}`, 'shorten it');
  return name;
}

function readKind(reader: Reader): ExternalKind {
  const kind = EXTERNAL_KINDS[reader.byte()];
  if (kind === undefined) throw malformed(reader.offset - 1, 'unknown kind of import or export');
  return kind;
}

function readImportType(reader: Reader, kind: ExternalKind, refusals: Refusals): number {
  if (kind === 'function') return reader.u32();
  if (kind === 'tag') {
    reader.byte();
    return reader.u32();
  }
  if (kind !== 'memory') readValueType(reader, refusals);
  if (kind === 'global') readMutability(reader);
  else readLimits(reader);
  return -1;
}

function readMutability(reader: Reader): number {
  const mutability = reader.byte();
  if (mutability > 1) throw malformed(reader.offset - 1, 'unknown mutability');
  return mutability;
}

/** Reads the table section's content. */
export function readTables(reader: Reader, constants: Constants, refusals: Refusals): Table[] {
  const count = boundedCount(reader, 'tables', MODULE_LIMITS.declarations, refusals);
  return Array.from({ length: count }, () => {
    const initialized = reader.bytes[reader.offset] === 0x40;
    if (initialized) {
      reader.byte();
      if (reader.byte() !== 0) throw malformed(reader.offset - 1, 'unknown table form');
    }
    const element = readValueType(reader, refusals);
    const limits = readLimits(reader);
    return { element, limits, init: initialized ? readConstantExpression(reader, constants, refusals) : null };
  });
}

/** Reads the global section's content. */
export function readGlobals(reader: Reader, constants: Constants, refusals: Refusals): Module['globals'] {
  const start = reader.offset;
  const count = boundedCount(reader, 'globals', MODULE_LIMITS.globals, refusals);
  const mutable: MutableGlobal[] = [];
  for (let index = 0; index < count; index++) {
    const at = reader.offset;
    const type = readValueType(reader, refusals);
    if (type === Value.exnref)
      refusals.add(`global ${index} at byte ${at} holds an exception (exnref)`, 'keep exceptions in locals');
    if (readMutability(reader) === 1) mutable.push({ index, type });
    readConstantExpression(reader, constants, refusals);
  }
  return { count, mutable, range: { start, end: reader.offset } };
}

/** Reads the export section's content. */
export function readExports(reader: Reader, refusals: Refusals): Export[] {
  const count = boundedCount(reader, 'exports', MODULE_LIMITS.exports, refusals);
  return Array.from({ length: count }, () => ({
    name: readName(reader, refusals),
    kind: readKind(reader),
    index: reader.u32(),
  }));
}

const NOT_ACTIVE = 1;
const EXPLICIT = 2;
const EXPRESSIONS = 4;

/** Reads the element section's content: only what shifts is kept. */
export function readElements(reader: Reader, constants: Constants, refusals: Refusals): Module['elements'] {
  const start = reader.offset;
  const count = boundedCount(reader, 'element segments', MODULE_LIMITS.elementSegments, refusals);
  for (let index = 0; index < count; index++) readElementSegment(reader, constants, refusals);
  return { count, range: { start, end: reader.offset } };
}

/** One segment (§5.5.12): flags, then table and offset if active, then a kind or type, then indices or expressions. */
function readElementSegment(reader: Reader, constants: Constants, refusals: Refusals): void {
  const flags = reader.u32();
  if (flags > 7) throw malformed(reader.offset - 1, 'unknown element segment flags');
  if ((flags & NOT_ACTIVE) === 0) {
    if ((flags & EXPLICIT) !== 0) reader.u32();
    readConstantExpression(reader, constants, refusals);
  }
  if ((flags & (NOT_ACTIVE | EXPLICIT)) !== 0) readElementKind(reader, flags, refusals);
  const count = reader.count(1);
  for (let item = 0; item < count; item++) {
    if ((flags & EXPRESSIONS) === 0) readReference(reader, constants, refusals);
    else readConstantExpression(reader, constants, refusals);
  }
}

function readElementKind(reader: Reader, flags: number, refusals: Refusals): void {
  if ((flags & EXPRESSIONS) !== 0) readValueType(reader, refusals);
  else if (reader.byte() !== 0) throw malformed(reader.offset - 1, 'unknown element kind');
}

/** Reads the data section's content; it is copied as it is, so only its shape and the pages that it writes matter. */
export function readData(reader: Reader, constants: Constants, refusals: Refusals): Module['data'] {
  const start = reader.offset;
  const count = boundedCount(reader, 'data segments', MODULE_LIMITS.dataSegments, refusals);
  const offsets = noConstants();
  const pages = new DataPages();
  let active = 0;
  for (let index = 0; index < count; index++) active += readDataSegment(reader, offsets, pages, index, refusals);
  if (offsets.references.length > 0)
    throw malformed(offsets.references[0] ?? start, 'a function reference in a data offset');
  constants.bytes += offsets.bytes;
  return { count, active, pages: pages.count, range: { start, end: reader.offset } };
}

function readDataSegment(
  reader: Reader,
  offsets: Constants,
  pages: DataPages,
  index: number,
  refusals: Refusals,
): 0 | 1 {
  const flags = reader.u32();
  if (flags > 2) throw malformed(reader.offset - 1, 'unknown data segment flags');
  if (flags === 2 && reader.u32() !== 0) refusals.add(`data segment ${index} is for a second memory`, 'use one memory');
  const address = flags === 1 ? null : readDataOffset(reader, offsets, refusals);
  const length = reader.u32();
  reader.skip(length);
  if (flags === 1) return 0;
  pages.write(address, length);
  return 1;
}
