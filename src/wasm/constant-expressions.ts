/** Reading of constant expressions (§3.4.10): initial values of globals and tables, offsets and items of segments. */

import { MODULE_LIMITS } from '../limits.ts';
import type { ByteRange } from './module.ts';
import { malformed } from './reader.ts';
import type { Reader } from './reader.ts';
import type { Refusals } from './refusals.ts';

/** What reading learns of a module's constant expressions. */
export interface Constants {
  /** Triples of start offset, end offset and index: `FunctionReferences` of the module. */
  readonly references: number[];
  /** Bytes of all expressions that every instance evaluates, but for data offsets that are one constant. */
  bytes: number;
}

/** Nothing read yet. */
export function noConstants(): Constants {
  return { references: [], bytes: 0 };
}

/** Moves past one expression, `end` included, and appends its `ref.func` indices to the references. */
export function readConstantExpression(reader: Reader, constants: Constants, refusals: Refusals): ByteRange {
  const start = reader.offset;
  for (;;) {
    const at = reader.offset;
    const op = reader.byte();
    if (op === END) return measured({ start, end: reader.offset }, constants, refusals);
    if (op === 0xd2) readReference(reader, constants, refusals);
    else skipConstant(reader, op, at, refusals);
  }
}

function measured(range: ByteRange, constants: Constants, refusals: Refusals): ByteRange {
  const length = range.end - range.start;
  constants.bytes += length;
  const place = `the constant expression at byte ${range.start}`;
  refusals.over('bytes', length, MODULE_LIMITS.constantBytes, place, 'compute the value at run time');
  return range;
}

/** Reads one function index and records where it is. */
export function readReference(reader: Reader, { references }: Constants, refusals: Refusals): void {
  const at = reader.offset;
  const index = reader.u32();
  if (references.length >= MODULE_LIMITS.functionReferences * 3) {
    refusals.stop(
      `more than ${MODULE_LIMITS.functionReferences} function references by byte ${at}`,
      'use smaller tables',
    );
  }
  references.push(at, reader.offset, index);
}

/**
 * Reads the offset of an active data segment: the address if it is one `i32.const`, as toolchains write them, else null.
 * Such an offset is not added to the bytes of the constants: the number of segments is limited.
 */
export function readDataOffset(reader: Reader, constants: Constants, refusals: Refusals): number | null {
  const start = reader.offset;
  if (reader.byte() === I32_CONST) {
    const value = reader.s32();
    if (reader.byte() === END) return value >>> 0;
  }
  reader.offset = start;
  readConstantExpression(reader, constants, refusals);
  return null;
}

const I32_CONST = 0x41;
const END = 0x0b;
/** i32, i64: add, sub, mul (extended constant expressions). */
const ARITHMETIC = new Set([0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e]);

function skipConstant(reader: Reader, op: number, at: number, refusals: Refusals): void {
  if (op === I32_CONST) reader.s32();
  else if (op === 0x42) reader.skipS64();
  else if (op === 0x43) reader.skip(4);
  else if (op === 0x44) reader.skip(8);
  else if (op === 0x23) reader.u32();
  else if (op === 0xd0) reader.s33();
  else if (op === 0xfd) skipVector(reader, at);
  else if (op === 0xfb)
    refusals.stop(`a WasmGC constant expression at byte ${at}`, 'compile without garbage-collected types (WasmGC)');
  else if (!ARITHMETIC.has(op)) throw malformed(at, `opcode 0x${op.toString(16)} in a constant expression`);
}

function skipVector(reader: Reader, at: number): void {
  if (reader.u32() !== 12) throw malformed(at, 'a vector opcode in a constant expression');
  reader.skip(16);
}
