/** The walk over one function body. */

import { MODULE_LIMITS } from '../limits.ts';
import { BlockStack } from './block-stack.ts';
import { isAccepted, readValueType } from './decode-types.ts';
import { POINT } from './events.ts';
import type { Events } from './events.ts';
import { Value } from './module.ts';
import type { Module } from './module.ts';
import { COSTS, Kind, KINDS, NUMERIC_KINDS, Op, VECTOR_KINDS } from './opcodes.ts';
import { malformed, Reader } from './reader.ts';
import type { Refusals } from './refusals.ts';
import { EFFECTS, NUMERIC_EFFECTS, VECTOR_EFFECTS } from './stack-effects.ts';

/** A run of plain instructions is split once it costs this much. */
const RUN_COST = 512;
/** Sizes below this are constants that need no check before a bulk operation: bytes, or table entries times eight. */
const SMALL_BULK = 1024;
const ENTRY_BYTES = 8;
const EMPTY_BLOCK = -64;
/** Operands that a legacy `catch` is taken to push, whatever its tag: the most that a type may have. */
const MAX_TAG_PARAMS = MODULE_LIMITS.params;
const MULTI_MEMORY_FLAG = 0x40;
const SPLIT_FUNCTION = 'split the function';

/** Walks bodies one after the other; its arrays are reused. */
export class BodyWalk {
  readonly #module: Module;
  readonly #signatures: Uint32Array;
  readonly #events: Events;
  readonly #refusals: Refusals;
  readonly #blocks = new BlockStack();
  #reader: Reader;
  #function = 0;
  #cost = 0;
  /** Value of the instruction just before, if it is an `i32.const` below {@link SMALL_BULK}; else -1. */
  #constant = -1;
  /** Offset of the last body's first instruction. */
  codeStart = 0;
  /** True once an instruction used the memory. */
  usesMemory = false;

  constructor(module: Module, signatures: Uint32Array, events: Events, refusals: Refusals) {
    this.#module = module;
    this.#signatures = signatures;
    this.#events = events;
    this.#refusals = refusals;
    this.#reader = new Reader(module.bytes, 0, 0);
  }

  /** Live slots of the last body, summed over its control operators. */
  get product(): number {
    return this.#blocks.product;
  }

  /** Most live slots at a control operator of the last body. */
  get width(): number {
    return this.#blocks.locals + this.#blocks.highest;
  }

  /** Walks the body of defined function `index`. */
  walk(index: number): void {
    const { bodies, bytes } = this.#module;
    this.#reader = new Reader(bytes, bodies[index * 2], bodies[index * 2 + 1]);
    this.#reset(index);
    this.#over('bytes', this.#reader.remaining, MODULE_LIMITS.bodyBytes, SPLIT_FUNCTION);
    this.#readLocals();
    this.codeStart = this.#reader.offset;
    if (!this.#instructions()) return;
    if (this.#reader.remaining > 0) throw malformed(this.#reader.offset, 'instructions after the end of a function');
    this.#over('blocks open at once', this.#blocks.deepest, MODULE_LIMITS.controlDepth, SPLIT_FUNCTION);
    this.#over('nested loops', this.#blocks.deepestLoop, MODULE_LIMITS.loopDepth, SPLIT_FUNCTION);
    this.#over('locals x control operators', this.#blocks.product, MODULE_LIMITS.stateProduct, SPLIT_FUNCTION);
  }

  #reset(index: number): void {
    this.#function = index;
    this.#blocks.reset();
    this.#cost = 0;
    this.#constant = -1;
  }

  #over(what: string, value: number, limit: number, remedy: string): void {
    this.#refusals.over(what, value, limit, this.#place(), remedy);
  }

  #place(): string {
    return `function ${this.#function + this.#signatures.length - this.#module.functions.length}`;
  }

  #readLocals(): void {
    const groups = this.#reader.count(2);
    let declared = 0;
    for (let group = 0; group < groups; group++) {
      declared += this.#reader.u32();
      readValueType(this.#reader, this.#refusals);
    }
    const type = this.#module.types[this.#module.functions[this.#function] as number];
    this.#blocks.locals = declared + (type?.params.length ?? 0);
    this.#over('locals', this.#blocks.locals, MODULE_LIMITS.locals, SPLIT_FUNCTION);
  }

  /** Walks to the body's last `end`; false when a refused opcode stops the walk. */
  #instructions(): boolean {
    const reader = this.#reader;
    const bytes = reader.bytes;
    while (!this.#blocks.closed) {
      if (this.#cost > RUN_COST) this.#point();
      const at = reader.offset;
      const op = reader.byte();
      const kind = KINDS[op] as Kind;
      if (kind === Kind.none || kind === Kind.index) {
        this.#plain(EFFECTS[op] as number, COSTS[op] as number);
        if (kind === Kind.index) reader.u32();
      } else if (kind === Kind.i32) this.#constantI32();
      else if (kind === Kind.memoryAccess) {
        this.#plain(EFFECTS[op] as number, 1);
        // Both immediates are one byte in most instructions: alignment below 64, offset below 128.
        if (reader.remaining > 2 && (bytes[at + 1] as number) < MULTI_MEMORY_FLAG && (bytes[at + 2] as number) < 0x80)
          reader.skip(2);
        else if (!this.#memoryAccess(at)) return false;
        this.usesMemory = true;
      } else if (!this.#other(kind, op, at)) return false;
    }
    return true;
  }

  #plain(effect: number, cost: number): void {
    this.#blocks.adjust(effect);
    this.#cost += cost;
    this.#constant = -1;
  }

  #constantI32(): void {
    this.#plain(1, 1);
    const value = this.#reader.s32();
    this.#constant = value >= 0 && value < SMALL_BULK ? value : -1;
  }

  /** Every instruction that is not on the hot path above. */
  #other(kind: number, op: number, at: number): boolean {
    switch (kind) {
      case Kind.block:
      case Kind.tryTable:
        this.#block(op, at);
        return true;
      case Kind.else:
      case Kind.catch:
      case Kind.catchAll:
        this.#clause(op, at);
        return true;
      case Kind.end:
      case Kind.delegate:
        this.#close(op, at);
        return true;
      case Kind.branch:
      case Kind.branchIf:
      case Kind.branchTable:
        this.#branch(op, at);
        return true;
      case Kind.leave:
      case Kind.leaveIndex:
        this.#leave(op, at, kind === Kind.leave ? 0 : this.#reader.u32());
        return true;
      case Kind.call:
      case Kind.callIndirect:
        this.#call(op, at);
        return true;
      case Kind.refFunc:
        this.#blocks.adjust(1);
        this.#add(op, at, this.#reader.u32(), 0);
        return true;
      default:
        return this.#operand(kind as Kind, op, at);
    }
  }

  /** Instructions that only push, pop or touch memory and tables. */
  #operand(kind: Kind, op: number, at: number): boolean {
    const reader = this.#reader;
    if (kind === Kind.prefixNumeric) return this.#numeric(at);
    if (kind === Kind.prefixVector) return this.#vector(at);
    if (kind === Kind.memoryGrow) return this.#memoryGrow(op, at);
    this.#plain(EFFECTS[op] as number, 1);
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
    const where = `opcode 0x${op.toString(16)} at byte ${at} in ${this.#place()}`;
    if (kind === Kind.refusedGc)
      this.#refusals.add(`WasmGC ${where}`, 'compile without garbage-collected types (WasmGC)');
    else if (kind === Kind.refusedAtomics)
      this.#refusals.add(`threads ${where}`, 'compile without threads and atomics');
    else if (kind === Kind.refusedFunctionReferences) {
      this.#refusals.add(`typed function reference ${where}`, 'compile without function references; use call_indirect');
    } else throw malformed(at, `unknown opcode 0x${op.toString(16)}`);
    return false;
  }

  #selectTyped(): void {
    const count = this.#reader.count(1);
    for (let index = 0; index < count; index++) readValueType(this.#reader, this.#refusals);
  }

  #heapType(at: number): boolean {
    const type = this.#reader.s33();
    if (type === Value.funcref - 128 || type === Value.externref - 128 || type === Value.exnref - 128) return true;
    return this.#refuse(Kind.refusedGc, Op.refNull, at);
  }

  /** A memory access with long immediates: alignment (bit 6 announces a memory index) and offset. */
  #memoryAccess(at: number): boolean {
    if ((this.#reader.u32() & MULTI_MEMORY_FLAG) !== 0) return this.#secondMemory(at);
    this.#reader.u64();
    return true;
  }

  #onlyMemory(at: number): boolean {
    this.usesMemory = true;
    return this.#reader.u32() === 0 || this.#secondMemory(at);
  }

  #secondMemory(at: number): false {
    this.#refusals.add(`an instruction with a memory index at byte ${at} in ${this.#place()}`, 'use one memory');
    return false;
  }

  #memoryGrow(op: number, at: number): boolean {
    if (!this.#onlyMemory(at)) return false;
    this.#add(op, at, 0, 0);
    return true;
  }

  /** Opcodes after 0xfc. */
  #numeric(at: number): boolean {
    const code = this.#reader.u32();
    const kind = (NUMERIC_KINDS[code] ?? Kind.unknown) as Kind;
    if (kind === Kind.unknown) throw malformed(at, `unknown opcode 0xfc ${code}`);
    const small = this.#constant >= 0 ? this.#constant : SMALL_BULK;
    this.#blocks.adjust(NUMERIC_EFFECTS[code] as number);
    if (kind === Kind.none || kind === Kind.index) {
      this.#plain(0, 1);
      if (kind === Kind.index) this.#reader.u32();
      return true;
    }
    const table = kind === Kind.tableBulk || kind === Kind.tableFill;
    this.#blocks.operator();
    if (!this.#bulkImmediates(kind, at)) return false;
    this.#add(0xfc00 | code, at, (table ? small * ENTRY_BYTES : small) < SMALL_BULK ? 1 : 0, 0);
    return true;
  }

  #bulkImmediates(kind: Kind, at: number): boolean {
    if (kind === Kind.memoryFill) return this.#onlyMemory(at);
    if (kind === Kind.memoryCopy) return this.#onlyMemory(at) && this.#onlyMemory(at);
    this.#reader.u32();
    if (kind === Kind.memoryInit) return this.#onlyMemory(at);
    if (kind === Kind.tableBulk) this.#reader.u32();
    return true;
  }

  /** Opcodes after 0xfd. */
  #vector(at: number): boolean {
    const code = this.#reader.u32();
    const kind = (VECTOR_KINDS[code] ?? Kind.unknown) as Kind;
    if (kind === Kind.unknown) throw malformed(at, `unknown opcode 0xfd ${code}`);
    this.#plain(VECTOR_EFFECTS[code] as number, 1);
    if (kind === Kind.v128) this.#reader.skip(16);
    else if (kind === Kind.lane) this.#reader.skip(1);
    else if (kind !== Kind.none) {
      this.usesMemory = true;
      if (!this.#memoryAccess(at)) return false;
      if (kind === Kind.memoryLane) this.#reader.skip(1);
    }
    return true;
  }

  #block(op: number, at: number): void {
    const type = this.#reader.s33();
    if (op === Op.if) this.#blocks.adjust(-1);
    if (op === Op.tryTable) this.#catches();
    const params = this.#arity(type, at, 'params');
    const arity = params + this.#arity(type, at, 'results');
    if (arity > MODULE_LIMITS.blockArity) {
      this.#over(`block parameters and results at byte ${at}`, arity, MODULE_LIMITS.blockArity, 'use locals');
    }
    this.#blocks.operator();
    this.#blocks.open(this.#add(op, at, type, 0), params);
    if (op === Op.loop) this.#blocks.openLoop();
  }

  /** The catch clauses of a `try_table`; their labels count from outside of it. */
  #catches(): void {
    const count = this.#reader.count(2);
    for (let index = 0; index < count; index++) {
      const form = this.#reader.byte();
      if (form > 3) throw malformed(this.#reader.offset - 1, 'unknown catch clause');
      if (form < 2) this.#reader.u32();
      this.#target(this.#reader.u32());
    }
  }

  /** Parameters or results of a block type: empty, one value type, or an index. */
  #arity(type: number, at: number, side: 'params' | 'results'): number {
    if (type === EMPTY_BLOCK) return 0;
    if (type >= 0) {
      const known = this.#module.types[type];
      if (known === undefined) throw malformed(at, `unknown block type ${type}`);
      return known[side].length;
    }
    if (!isAccepted(type + 128))
      this.#refusals.stop(`block type at byte ${at} is a typed reference`, 'compile without WasmGC');
    return side === 'results' ? 1 : 0;
  }

  /** `else`, `catch`, `catch_all`: the next part of a block. */
  #clause(op: number, at: number): void {
    const opener = this.#blocks.top;
    const wanted = op === Op.else ? Op.if : Op.try;
    if (opener < 0 || this.#events.op[opener] !== wanted) throw malformed(at, 'a clause outside of its block');
    const tag = op === Op.catch ? this.#reader.u32() : 0;
    this.#blocks.restart(op === Op.else ? this.#arity(this.#events.a[opener] as number, at, 'params') : MAX_TAG_PARAMS);
    this.#blocks.operator();
    this.#add(op, at, tag, opener);
  }

  /** `end`, `delegate`: closes the innermost block. */
  #close(op: number, at: number): void {
    const opener = this.#blocks.close();
    if (op === Op.delegate && (opener < 0 || this.#events.op[opener] !== Op.try)) {
      throw malformed(at, 'a delegate outside of its try');
    }
    const label = op === Op.delegate ? this.#reader.u32() : 0;
    if (op === Op.delegate) this.#target(label);
    const row = this.#add(op, at, label, opener);
    if (opener < 0) return;
    this.#events.b[opener] = row;
    this.#blocks.adjust(this.#arity(this.#events.a[opener] as number, at, 'results'));
    if (this.#events.op[opener] === Op.loop) this.#blocks.closeLoop();
  }

  /** The row of the block that label `depth` names. */
  #target(depth: number): number {
    const opener = this.#blocks.target(depth);
    if (opener === undefined) throw malformed(this.#reader.offset, `unknown label ${depth}`);
    return opener;
  }

  #branch(op: number, at: number): void {
    if (op === Op.brTable) {
      this.#branchTable(at);
      return;
    }
    const label = this.#reader.u32();
    const target = this.#target(label);
    if (op === Op.br) this.#blocks.restart(0);
    else this.#blocks.adjust(-1);
    this.#add(op, at, label, target);
  }

  #branchTable(at: number): void {
    const count = this.#reader.count(1);
    if (count > MODULE_LIMITS.branchTable) {
      this.#over(`br_table labels at byte ${at}`, count, MODULE_LIMITS.branchTable, 'split the switch');
    }
    for (let index = 0; index <= count; index++) this.#target(this.#reader.u32());
    this.#leave(Op.brTable, at, 0);
  }

  #leave(op: number, at: number, immediate: number): void {
    this.#blocks.restart(0);
    this.#add(op, at, immediate, 0);
  }

  #call(op: number, at: number): void {
    const index = this.#reader.u32();
    const indirect = op === Op.callIndirect || op === Op.returnCallIndirect;
    if (indirect) this.#reader.u32();
    const type = this.#module.types[indirect ? index : (this.#signatures[index] ?? -1)];
    if (op === Op.returnCall || op === Op.returnCallIndirect) this.#blocks.restart(0);
    else this.#blocks.adjust((type?.results.length ?? 0) - (type?.params.length ?? 0) - (indirect ? 1 : 0));
    this.#add(op, at, index, 0);
  }

  #point(): void {
    this.#add(POINT, this.#reader.offset, 0, 0);
  }

  #add(op: number, start: number, a: number, b: number): number {
    const row = this.#events.add(op, start, this.#reader.offset, a, b, this.#cost);
    this.#cost = 0;
    this.#constant = -1;
    return row;
  }
}
