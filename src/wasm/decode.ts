/** Bytes to {@link Module}: the sections in their order (§5.5), custom sections skipped, bodies left for the walk. */

import { MODULE_LIMITS } from '../limits.ts';
import { noConstants } from './constant-expressions.ts';
import type { Constants } from './constant-expressions.ts';
import { readData, readElements, readExports, readGlobals, readImports, readTables } from './decode-sections.ts';
import { boundedCount, readLimits, readTypes } from './decode-types.ts';
import type { ByteRange, Export, FunctionType, Import, Limits, Module, Table } from './module.ts';
import { malformed, Reader } from './reader.ts';
import type { Refusals } from './refusals.ts';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** Section ids in the order in which they must appear (§5.5.2; 13 is the tag section, 12 the data count). */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const NOTHING: ByteRange = { start: 0, end: 0 };

type Draft = { -readonly [Key in keyof Module]: Module[Key] } & {
  types: FunctionType[];
  imports: Import[];
  tables: Table[];
  memories: Limits[];
  exports: Export[];
  constants: Constants;
};

/**
 * Decodes a module. Time and memory are linear in the length of `bytes`: every vector is counted against the bytes left, and
 * counts above {@link MODULE_LIMITS} stop the reading before anything is allocated for them.
 *
 * Indices are not checked here. Throws `bad_module` with a byte offset for malformed bytes, and `refused_module` where a refused
 * feature makes the rest unreadable; other refusals are added to `refusals`.
 */
export function decode(bytes: Uint8Array, refusals: Refusals): Module {
  const reader = new Reader(bytes);
  for (const expected of HEADER) if (reader.byte() !== expected) throw notCore(bytes);
  const draft = emptyModule(bytes);
  let place = -1;
  while (reader.remaining > 0) {
    const at = reader.offset;
    const id = reader.byte();
    const section = reader.slice(reader.u32());
    if (id === 0) {
      draft.strippedBytes -= reader.offset - at;
      section.skip(section.count(1));
      continue;
    }
    const next = ORDER.indexOf(id);
    if (next < 0) throw malformed(at, `unknown section ${id}`);
    if (next <= place) throw malformed(at, `section ${id} out of order`);
    place = next;
    readSection(id, section, draft, refusals);
    if (section.remaining > 0) throw malformed(section.offset, `section ${id} is longer than its content`);
  }
  if (draft.functions.length * 2 !== draft.bodies.length)
    throw malformed(bytes.length, 'as many bodies as functions expected');
  return draft;
}

function notCore(bytes: Uint8Array): Error {
  const component = bytes[4] === 0x0d && bytes[6] === 0x01;
  return malformed(
    0,
    component ? 'a component, not a core module (extract or build the core module),' : 'no module header',
  );
}

function emptyModule(bytes: Uint8Array): Draft {
  const constants = noConstants();
  return {
    bytes,
    types: [],
    imports: [],
    functions: new Uint32Array(0),
    tables: [],
    memories: [],
    tags: new Uint32Array(0),
    globals: { count: 0, mutable: [], range: NOTHING },
    exports: [],
    start: null,
    elements: { count: 0, range: NOTHING },
    references: constants.references,
    constants,
    dataCount: null,
    bodies: new Uint32Array(0),
    data: { count: 0, active: 0, pages: 0, range: NOTHING },
    strippedBytes: bytes.length,
  };
}

function readSection(id: number, reader: Reader, draft: Draft, refusals: Refusals): void {
  if (id === 1) draft.types = readTypes(reader, refusals);
  else if (id === 2) draft.imports = readImports(reader, refusals);
  else if (id === 3) draft.functions = readIndices(reader, 'functions', MODULE_LIMITS.functions, refusals);
  else if (id === 4) draft.tables = readTables(reader, draft.constants, refusals);
  else if (id === 5) draft.memories = readMemories(reader, refusals);
  else if (id === 13) draft.tags = readTags(reader, refusals);
  else if (id === 6) draft.globals = readGlobals(reader, draft.constants, refusals);
  else if (id === 7) draft.exports = readExports(reader, refusals);
  else if (id === 8) draft.start = reader.u32();
  else if (id === 9) draft.elements = readElements(reader, draft.constants, refusals);
  else if (id === 12) draft.dataCount = reader.u32();
  else if (id === 10) draft.bodies = readBodies(reader, refusals);
  else draft.data = readData(reader, draft.constants, refusals);
}

function readIndices(reader: Reader, what: string, limit: number, refusals: Refusals): Uint32Array {
  const count = boundedCount(reader, what, limit, refusals);
  return Uint32Array.from({ length: count }, () => reader.u32());
}

function readTags(reader: Reader, refusals: Refusals): Uint32Array {
  const count = boundedCount(reader, 'tags', MODULE_LIMITS.tags, refusals);
  return Uint32Array.from({ length: count }, () => {
    if (reader.byte() !== 0) throw malformed(reader.offset - 1, 'unknown tag attribute');
    return reader.u32();
  });
}

function readMemories(reader: Reader, refusals: Refusals): Limits[] {
  const count = boundedCount(reader, 'memories', MODULE_LIMITS.declarations, refusals);
  return Array.from({ length: count }, () => readLimits(reader));
}

function readBodies(reader: Reader, refusals: Refusals): Uint32Array {
  const count = boundedCount(reader, 'functions', MODULE_LIMITS.functions, refusals);
  const bodies = new Uint32Array(count * 2);
  for (let index = 0; index < count; index++) {
    const body = reader.slice(reader.u32());
    bodies[index * 2] = body.offset;
    bodies[index * 2 + 1] = body.end;
  }
  return bodies;
}
