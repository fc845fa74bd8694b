/** Reading of control instructions: blocks, branches, calls. Each leaves a row in the events. */

import type { BodyState } from './body-state.ts';
import { isAccepted } from './decode-types.ts';
import { MODULE_LIMITS } from '../limits.ts';
import { Op } from './opcodes.ts';
import { malformed } from './reader.ts';

const EMPTY_BLOCK = -64;
/** Operands that a legacy `catch` is taken to push, whatever its tag: the most that a tag may have. */
const MAX_TAG_PARAMS = MODULE_LIMITS.tagParams;

/** Reads the control instructions of the body that `body` stands in; the opcode itself is already read. */
export class ControlReader {
  readonly #body: BodyState;

  constructor(body: BodyState) {
    this.#body = body;
  }

  block(op: number, at: number): void {
    const type = this.#body.reader.s33();
    if (op === Op.if) this.#body.blocks.adjust(-1);
    if (op === Op.tryTable) this.#catches();
    const params = this.#arity(type, at, 'params');
    const arity = params + this.#arity(type, at, 'results');
    if (arity > MODULE_LIMITS.blockArity) {
      this.#body.over(`block parameters and results at byte ${at}`, arity, MODULE_LIMITS.blockArity, 'use locals');
    }
    this.#body.blocks.countEdges(1);
    this.#body.blocks.open(this.#body.add(op, at, type, 0), params);
    if (op === Op.loop) this.#body.blocks.openLoop();
    else if (op === Op.try || op === Op.tryTable) this.#body.blocks.openTry();
  }

  /** The catch clauses of a `try_table`; their labels count from outside of it. */
  #catches(): void {
    const count = this.#body.reader.count(2);
    this.#body.blocks.countEdges(count);
    for (let index = 0; index < count; index++) {
      const form = this.#body.reader.byte();
      if (form > 3) throw malformed(this.#body.reader.offset - 1, 'unknown catch clause');
      if (form < 2) this.#body.reader.u32();
      this.#target(this.#body.reader.u32());
    }
  }

  /** Parameters or results of a block type: empty, one value type, or an index. */
  #arity(type: number, at: number, side: 'params' | 'results'): number {
    if (type === EMPTY_BLOCK) return 0;
    if (type >= 0) {
      const known = this.#body.module.types[type];
      if (known === undefined) throw malformed(at, `unknown block type ${type}`);
      return known[side].length;
    }
    if (!isAccepted(type + 128))
      this.#body.refusals.stop(`block type at byte ${at} is a typed reference`, 'compile without WasmGC');
    return side === 'results' ? 1 : 0;
  }

  /** `else`, `catch`, `catch_all`: the next part of a block. */
  clause(op: number, at: number): void {
    const opener = this.#body.blocks.top;
    const wanted = op === Op.else ? Op.if : Op.try;
    if (opener < 0 || this.#body.events.op[opener] !== wanted) throw malformed(at, 'a clause outside of its block');
    const tag = op === Op.catch ? this.#body.reader.u32() : 0;
    this.#body.blocks.restart(
      op === Op.else ? this.#arity(this.#body.events.a[opener] as number, at, 'params') : MAX_TAG_PARAMS,
    );
    this.#body.blocks.countEdges(1);
    this.#body.add(op, at, tag, opener);
  }

  /** `end`, `delegate`: closes the innermost block. */
  close(op: number, at: number): void {
    const opener = this.#body.blocks.close();
    if (op === Op.delegate && (opener < 0 || this.#body.events.op[opener] !== Op.try)) {
      throw malformed(at, 'a delegate outside of its try');
    }
    const label = op === Op.delegate ? this.#body.reader.u32() : 0;
    if (op === Op.delegate) this.#target(label);
    const row = this.#body.add(op, at, label, opener);
    if (opener < 0) return;
    this.#body.events.b[opener] = row;
    this.#body.blocks.adjust(this.#arity(this.#body.events.a[opener] as number, at, 'results'));
    const opened = this.#body.events.op[opener];
    if (opened === Op.loop) this.#body.blocks.closeLoop();
    else if (opened === Op.try || opened === Op.tryTable) this.#body.blocks.closeTry();
  }

  /** The row of the block that label `depth` names. */
  #target(depth: number): number {
    const opener = this.#body.blocks.target(depth);
    if (opener === undefined) throw malformed(this.#body.reader.offset, `unknown label ${depth}`);
    return opener;
  }

  branch(op: number, at: number): void {
    if (op === Op.brTable) {
      this.#branchTable(at);
      return;
    }
    const label = this.#body.reader.u32();
    const target = this.#target(label);
    if (op === Op.brIf) this.#body.blocks.adjust(-1);
    this.#body.blocks.countEdges(1);
    if (op === Op.br) this.#body.blocks.restart(0);
    this.#body.add(op, at, label, target);
  }

  #branchTable(at: number): void {
    const count = this.#body.reader.count(1);
    if (count > MODULE_LIMITS.branchTable) {
      this.#body.over(`br_table labels at byte ${at}`, count, MODULE_LIMITS.branchTable, 'split the switch');
    }
    for (let index = 0; index <= count; index++) this.#target(this.#body.reader.u32());
    this.#body.blocks.adjust(-1);
    this.#body.blocks.countEdges(count + 1);
    this.#body.blocks.restart(0);
    this.#body.add(Op.brTable, at, 0, 0);
  }

  /** `unreachable`, `return` and what throws: an exception is a call of the engine. */
  leave(op: number, at: number, immediate: number): void {
    if (op === Op.throw || op === Op.rethrow || op === Op.throwRef) this.#body.blocks.countCall();
    this.#body.blocks.restart(0);
    this.#body.add(op, at, immediate, 0);
  }

  call(op: number, at: number): void {
    const index = this.#body.reader.u32();
    const indirect = op === Op.callIndirect || op === Op.returnCallIndirect;
    if (indirect) this.#body.reader.u32();
    const type = this.#body.module.types[indirect ? index : (this.#body.signatures[index] ?? -1)];
    this.#body.blocks.countCall();
    if (op === Op.returnCall || op === Op.returnCallIndirect) this.#body.blocks.restart(0);
    else this.#body.blocks.adjust((type?.results.length ?? 0) - (type?.params.length ?? 0) - (indirect ? 1 : 0));
    this.#body.add(op, at, index, 0);
  }
}
