/** Reading of constant expressions (§3.4.10): initial values of globals and tables, offsets and items of segments. */

import { MODULE_LIMITS } from '../limits.ts';
import type { ByteRange } from './module.ts';
import { malformed } from './reader.ts';
import type { Reader } from './reader.ts';
import type { Refusals } from './refusals.ts';

/** Moves past one expression, `end` included, and appends its `ref.func` indices to `references`. */
export function readConstantExpression(reader: Reader, references: number[], refusals: Refusals): ByteRange {
  const start = reader.offset;
  for (;;) {
    const at = reader.offset;
    const op = reader.byte();
    if (op === 0x0b) return { start, end: reader.offset };
    if (op === 0xd2) readReference(reader, references, refusals);
    else skipConstant(reader, op, at, refusals);
  }
}

/** Reads one function index and records where it is. */
export function readReference(reader: Reader, references: number[], refusals: Refusals): void {
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

/** i32, i64: add, sub, mul (extended constant expressions). */
const ARITHMETIC = new Set([0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e]);

function skipConstant(reader: Reader, op: number, at: number, refusals: Refusals): void {
  if (op === 0x41) reader.s32();
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
