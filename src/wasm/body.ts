/** The walk over one function body. */

import { MODULE_LIMITS } from '../limits.ts';
import { ControlReader } from './body-control.ts';
import { OperandReader } from './body-operands.ts';
import { BodyState, MULTI_MEMORY_FLAG, SMALL_BULK } from './body-state.ts';
import { readValueType } from './decode-types.ts';
import type { Events } from './events.ts';
import { Value } from './module.ts';
import type { Module } from './module.ts';
import { COSTS, Kind, KINDS } from './opcodes.ts';
import { malformed } from './reader.ts';
import type { Refusals } from './refusals.ts';
import { EFFECTS } from './stack-effects.ts';

/** A run of plain instructions is split once it costs this much. */
const RUN_COST = 512;
const SPLIT_FUNCTION = 'split the function';

/** `table.get` and `table.set`, which are read like every instruction with one index but call the engine. */
const TABLE_GET = 0x25;
const TABLE_SET = 0x26;

/** Walks bodies one after the other. */
export class BodyWalk {
  readonly #body: BodyState;
  readonly #control: ControlReader;
  readonly #operands: OperandReader;
  /** Offset of the last body's first instruction. */
  codeStart = 0;

  constructor(module: Module, signatures: Uint32Array, events: Events, refusals: Refusals) {
    this.#body = new BodyState(module, signatures, events, refusals);
    this.#control = new ControlReader(this.#body);
    this.#operands = new OperandReader(this.#body);
  }

  /** True once an instruction wrote a table or dropped a segment. */
  get hidesState(): boolean {
    return this.#body.hidesState;
  }

  /** True once an instruction used the memory. */
  get usesMemory(): boolean {
    return this.#body.usesMemory;
  }

  /** Live slots of the last body, summed over its edges and calls: see {@link BlockStack.product}. */
  get product(): number {
    return Math.ceil(this.#body.blocks.product);
  }

  /** Edges of the last body. */
  get edges(): number {
    return this.#body.blocks.edges;
  }

  /** Calls of the last body inside of a `try` or `try_table`. */
  get protectedCalls(): number {
    return this.#body.blocks.protectedCalls;
  }

  /** Most live slots anywhere in the last body. */
  get width(): number {
    return this.#body.blocks.locals + this.#body.blocks.highest;
  }

  /** Walks the body of defined function `index`. */
  walk(index: number): void {
    const body = this.#body;
    body.begin(index);
    body.over('bytes', body.reader.remaining, MODULE_LIMITS.bodyBytes, SPLIT_FUNCTION);
    this.#readLocals(index);
    this.codeStart = body.reader.offset;
    if (!this.#instructions()) return;
    if (body.reader.remaining > 0) throw malformed(body.reader.offset, 'instructions after the end of a function');
    body.over('blocks open at once', body.blocks.deepest, MODULE_LIMITS.controlDepth, SPLIT_FUNCTION);
    body.over('nested loops', body.blocks.deepestLoop, MODULE_LIMITS.loopDepth, SPLIT_FUNCTION);
    body.over('branches and labels', this.edges, MODULE_LIMITS.edges, SPLIT_FUNCTION);
    body.over('calls inside of try', this.protectedCalls, MODULE_LIMITS.protectedCalls, SPLIT_FUNCTION);
    body.over('live slots x branches', this.product, MODULE_LIMITS.stateProduct, SPLIT_FUNCTION);
  }

  #readLocals(index: number): void {
    const groups = this.#body.reader.count(2);
    let declared = 0;
    let exceptions = 0;
    for (let group = 0; group < groups; group++) {
      const count = this.#body.reader.u32();
      declared += count;
      if (readValueType(this.#body.reader, this.#body.refusals) === Value.exnref) exceptions += count;
    }
    const type = this.#body.module.types[this.#body.module.functions[index] as number];
    this.#body.blocks.locals = declared + (type?.params.length ?? 0);
    this.#body.over('locals', this.#body.blocks.locals, MODULE_LIMITS.locals, SPLIT_FUNCTION);
    this.#body.over('locals of type exnref', exceptions, MODULE_LIMITS.exceptionLocals, SPLIT_FUNCTION);
  }

  /** Walks to the body's last `end`; false when a refused opcode stops the walk. */
  #instructions(): boolean {
    const body = this.#body;
    const { reader } = body;
    const bytes = reader.bytes;
    while (!body.blocks.closed) {
      if (body.cost > RUN_COST) body.point();
      const at = reader.offset;
      const op = reader.byte();
      const kind = KINDS[op] as Kind;
      if (kind === Kind.none || kind === Kind.index) {
        body.plain(EFFECTS[op] as number, COSTS[op] as number);
        if (kind === Kind.index) reader.u32();
        if (op === TABLE_GET || op === TABLE_SET) body.blocks.countCall();
        if (op === TABLE_SET) body.hidesState = true;
      } else if (kind === Kind.i32) this.#constantI32();
      else if (kind === Kind.memoryAccess) {
        body.plain(EFFECTS[op] as number, 1);
        // Both immediates are one byte in most instructions: alignment below 64, offset below 128.
        if (reader.remaining > 2 && (bytes[at + 1] as number) < MULTI_MEMORY_FLAG && (bytes[at + 2] as number) < 0x80)
          reader.skip(2);
        else if (!this.#operands.memoryAccess(at)) return false;
        body.usesMemory = true;
      } else if (!this.#other(kind, op, at)) return false;
    }
    return true;
  }

  #constantI32(): void {
    this.#body.plain(1, 1);
    const value = this.#body.reader.s32();
    this.#body.constant = value >= 0 && value < SMALL_BULK ? value : -1;
  }

  /** Every instruction that is not on the hot path above. */
  #other(kind: number, op: number, at: number): boolean {
    switch (kind) {
      case Kind.block:
      case Kind.tryTable:
        this.#control.block(op, at);
        return true;
      case Kind.else:
      case Kind.catch:
      case Kind.catchAll:
        this.#control.clause(op, at);
        return true;
      case Kind.end:
      case Kind.delegate:
        this.#control.close(op, at);
        return true;
      case Kind.branch:
      case Kind.branchIf:
      case Kind.branchTable:
        this.#control.branch(op, at);
        return true;
      case Kind.leave:
      case Kind.leaveIndex:
        this.#control.leave(op, at, kind === Kind.leave ? 0 : this.#body.reader.u32());
        return true;
      case Kind.call:
      case Kind.callIndirect:
        this.#control.call(op, at);
        return true;
      case Kind.refFunc:
        this.#body.blocks.countCall();
        this.#body.blocks.adjust(1);
        this.#body.add(op, at, this.#body.reader.u32(), 0);
        return true;
      default:
        return this.#operands.operand(kind as Kind, op, at);
    }
  }
}
