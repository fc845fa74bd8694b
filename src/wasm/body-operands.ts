/** Reading of the rarer instructions that only push, pop or touch memory and tables; bulk operations leave a row in the events. */

import type { BodyState } from './body-state.ts';
import { MULTI_MEMORY_FLAG, SMALL_BULK } from './body-state.ts';
import { readValueType } from './decode-types.ts';
import { Value } from './module.ts';
import { Kind, NUMERIC_KINDS, Op, VECTOR_KINDS } from './opcodes.ts';
import { malformed } from './reader.ts';
import { EFFECTS, NUMERIC_EFFECTS, VECTOR_EFFECTS } from './stack-effects.ts';

/** After 0xfc: `data.drop`, `elem.drop`, `table.init`, `table.copy`, `table.grow`, `table.fill`. */
const HIDING_STATE: ReadonlySet<number> = new Set([9, 13, 12, 14, 15, 17]);

const ENTRY_BYTES = 8;

/**
 * Reads instructions of the body that `body` stands in; the opcode itself is already read. Each method answers false when the
 * instruction is refused, after adding the refusal: what follows cannot be read.
 */
export class OperandReader {
  readonly #body: BodyState;

  constructor(body: BodyState) {
    this.#body = body;
  }

  /** Instructions that only push, pop or touch memory and tables. */
  operand(kind: Kind, op: number, at: number): boolean {
    const reader = this.#body.reader;
    if (kind === Kind.prefixNumeric) return this.#numeric(at);
    if (kind === Kind.prefixVector) return this.#vector(at);
    if (kind === Kind.memoryGrow) return this.#memoryGrow(op, at);
    this.#body.plain(EFFECTS[op] as number, 1);
    if (kind === Kind.i64) reader.skipS64();
    else if (kind === Kind.f32) reader.skip(4);
    else if (kind === Kind.f64) reader.skip(8);
    else if (kind === Kind.memorySize) return this.#onlyMemory(at);
    else if (kind === Kind.selectTyped) this.#selectTyped();
    else if (kind === Kind.refNull) return this.#heapType(at);
    else return this.#refuse(kind, op, at);
    return true;
  }

  #refuse(kind: Kind, op: number, at: number): false {
    const where = `opcode 0x${op.toString(16)} at byte ${at} in ${this.#body.place()}`;
    if (kind === Kind.refusedGc)
      this.#body.refusals.add(`WasmGC ${where}`, 'compile without garbage-collected types (WasmGC)');
    else if (kind === Kind.refusedAtomics)
      this.#body.refusals.add(`threads ${where}`, 'compile without threads and atomics');
    else if (kind === Kind.refusedFunctionReferences) {
      this.#body.refusals.add(
        `typed function reference ${where}`,
        'compile without function references; use call_indirect',
      );
    } else throw malformed(at, `unknown opcode 0x${op.toString(16)}`);
    return false;
  }

  #selectTyped(): void {
    const count = this.#body.reader.count(1);
    for (let index = 0; index < count; index++) readValueType(this.#body.reader, this.#body.refusals);
  }

  #heapType(at: number): boolean {
    const type = this.#body.reader.s33();
    if (type === Value.funcref - 128 || type === Value.externref - 128 || type === Value.exnref - 128) return true;
    return this.#refuse(Kind.refusedGc, Op.refNull, at);
  }

  /** A memory access with long immediates: alignment (bit 6 announces a memory index) and offset. */
  memoryAccess(at: number): boolean {
    if ((this.#body.reader.u32() & MULTI_MEMORY_FLAG) !== 0) return this.#secondMemory(at);
    this.#body.reader.u64();
    return true;
  }

  #onlyMemory(at: number): boolean {
    this.#body.usesMemory = true;
    return this.#body.reader.u32() === 0 || this.#secondMemory(at);
  }

  #secondMemory(at: number): false {
    this.#body.refusals.add(
      `an instruction with a memory index at byte ${at} in ${this.#body.place()}`,
      'use one memory',
    );
    return false;
  }

  #memoryGrow(op: number, at: number): boolean {
    if (!this.#onlyMemory(at)) return false;
    this.#body.blocks.countCall();
    this.#body.add(op, at, 0, 0);
    return true;
  }

  /** Opcodes after 0xfc. */
  #numeric(at: number): boolean {
    const code = this.#body.reader.u32();
    const kind = (NUMERIC_KINDS[code] ?? Kind.unknown) as Kind;
    if (kind === Kind.unknown) throw malformed(at, `unknown opcode 0xfc ${code}`);
    const small = this.#body.constant >= 0 ? this.#body.constant : SMALL_BULK;
    this.#body.blocks.adjust(NUMERIC_EFFECTS[code] as number);
    if (HIDING_STATE.has(code)) this.#body.hidesState = true;
    if (kind === Kind.none || kind === Kind.index) {
      this.#body.plain(0, 1);
      if (HIDING_STATE.has(code)) this.#body.blocks.countCall();
      if (kind === Kind.index) this.#body.reader.u32();
      return true;
    }
    const table = kind === Kind.tableBulk || kind === Kind.tableFill;
    this.#body.blocks.countCall();
    if (!this.#bulkImmediates(kind, at)) return false;
    this.#body.add(0xfc00 | code, at, (table ? small * ENTRY_BYTES : small) < SMALL_BULK ? 1 : 0, 0);
    return true;
  }

  #bulkImmediates(kind: Kind, at: number): boolean {
    if (kind === Kind.memoryFill) return this.#onlyMemory(at);
    if (kind === Kind.memoryCopy) return this.#onlyMemory(at) && this.#onlyMemory(at);
    this.#body.reader.u32();
    if (kind === Kind.memoryInit) return this.#onlyMemory(at);
    if (kind === Kind.tableBulk) this.#body.reader.u32();
    return true;
  }

  /** Opcodes after 0xfd. */
  #vector(at: number): boolean {
    const code = this.#body.reader.u32();
    const kind = (VECTOR_KINDS[code] ?? Kind.unknown) as Kind;
    if (kind === Kind.unknown) throw malformed(at, `unknown opcode 0xfd ${code}`);
    this.#body.plain(VECTOR_EFFECTS[code] as number, 1);
    if (kind === Kind.v128) this.#body.reader.skip(16);
    else if (kind === Kind.lane) this.#body.reader.skip(1);
    else if (kind !== Kind.none) {
      this.#body.usesMemory = true;
      if (!this.memoryAccess(at)) return false;
      if (kind === Kind.memoryLane) this.#body.reader.skip(1);
    }
    return true;
  }
}
