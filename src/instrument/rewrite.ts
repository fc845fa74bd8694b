/** Carries out the plan on the code section: copies byte ranges between the rows that change. */

import type { Code } from '../wasm/events.ts';
import type { Module } from '../wasm/module.ts';
import { Op } from '../wasm/opcodes.ts';
import { Writer } from '../wasm/writer.ts';
import { CheckWriter } from './check.ts';
import { replacementOf } from './additions.ts';
import { branchTableLabels, isCloser, isOpener } from './labels.ts';
import { moved } from './layout.ts';
import type { Layout } from './layout.ts';
import { Mark, RESHAPED } from './plan.ts';
import type { Plan } from './plan.ts';
import { namesType } from './types-used.ts';

/** Rewrites bodies one after the other into a buffer of its own. */
export class BodyRewriter {
  /** The body being written, locals first. */
  readonly body = new Writer(4096);
  /** Writes the checks and remembers where they are. */
  readonly checks: CheckWriter;
  readonly #module: Module;
  readonly #code: Code;
  readonly #layout: Layout;
  readonly #plan: Plan;
  /** Up to where the upload's bytes are copied or replaced. */
  #cursor = 0;
  /** Inside a reshaped loop: how many blocks of the upload are open since the loop, itself included; else 0. */
  #depth = 0;
  /** Inside a reshaped loop: how many blocks were put between the loop and what encloses it. */
  #added = 0;

  constructor(module: Module, code: Code, layout: Layout, plan: Plan) {
    this.#module = module;
    this.#code = code;
    this.#layout = layout;
    this.#plan = plan;
    this.checks = new CheckWriter(this.body, layout);
  }

  /** Rewrites the body of defined function `index` into {@link body}, replacing the one before. */
  rewrite(index: number): void {
    this.body.reset();
    this.checks.reset();
    const codeStart = this.#code.codeStart[index] as number;
    this.body.range(this.#module.bytes, this.#module.bodies[index * 2] as number, codeStart);
    this.#cursor = codeStart;
    if (this.#plan.entry[index] === 1) this.checks.write();
    this.#rows(this.#code.first[index] as number, this.#code.first[index + 1] as number);
    this.#copyTo(this.#module.bodies[index * 2 + 1] as number);
  }

  #rows(from: number, to: number): void {
    const { events } = this.#code;
    for (let row = from; row < to; row++) {
      const mark = this.#plan.marks[row] as number;
      if ((mark & Mark.before) !== 0) {
        this.#copyTo(events.start[row] as number);
        this.checks.write();
      }
      if ((mark & RESHAPED) !== 0) {
        this.#reshape(row, mark);
        row = events.b[row] as number;
        continue;
      }
      this.#instruction(events.op[row] as number, row);
      if ((mark & Mark.after) !== 0) {
        this.#copyTo(events.end[row] as number);
        this.checks.write();
      }
    }
  }

  #copyTo(offset: number): void {
    this.body.range(this.#module.bytes, this.#cursor, offset);
    this.#cursor = offset;
  }

  /** Writes the instruction in row `row` if it changes; otherwise leaves it to be copied. */
  #instruction(op: number, row: number): void {
    const { events } = this.#code;
    const a = events.a[row] as number;
    const helper = replacementOf(events, row);
    if (op === Op.call || op === Op.returnCall || op === Op.refFunc) {
      const to = moved(this.#layout, a);
      if (to !== a) this.#replace(row, op, to);
    } else if (helper !== null) this.#replace(row, Op.call, this.#layout.helpers.get(helper) as number);
    else if (a >= 0 && namesType(op)) this.#retype(row, op, this.#layout.map[a] as number);
    if (this.#depth > 0) this.#relabel(op, row);
  }

  #replace(row: number, op: number, index: number): void {
    this.#copyTo(this.#code.events.start[row] as number);
    this.body.byte(op);
    this.body.u32(index);
    this.#cursor = this.#code.events.end[row] as number;
  }

  /** Replaces the type index after the opcode and keeps what follows: a table index, catch clauses. */
  #retype(row: number, op: number, type: number): void {
    const start = this.#code.events.start[row] as number;
    this.#copyTo(start);
    this.body.byte(op);
    if (op === Op.callIndirect || op === Op.returnCallIndirect) this.body.u32(type);
    else this.body.s33(type);
    this.#cursor = start + 1;
    while ((this.#module.bytes[this.#cursor] as number) >= 0x80) this.#cursor++;
    this.#cursor++;
  }

  /** In a reshaped loop: labels that lead out of it skip the blocks that were added around it. */
  #relabel(op: number, row: number): void {
    if (isOpener(op)) this.#depth++;
    else if (isCloser(op)) this.#depth--;
    else if (op === Op.br || op === Op.brIf) {
      const label = this.#code.events.a[row] as number;
      if (label >= this.#depth) this.#replace(row, op, label + this.#added);
    } else if (op === Op.brTable) this.#relabelTable(row);
  }

  #relabelTable(row: number): void {
    const { events } = this.#code;
    const labels = branchTableLabels(this.#module.bytes, events, row);
    this.#copyTo(events.start[row] as number);
    this.body.byte(Op.brTable);
    this.body.u32(labels.length - 1);
    for (const label of labels) this.body.u32(label >= this.#depth ? label + this.#added : label);
    this.#cursor = events.end[row] as number;
  }

  #reshape(row: number, mark: number): void {
    const { events } = this.#code;
    this.#copyTo(events.start[row] as number);
    if ((mark & Mark.hoist) !== 0) this.#hoist(row);
    else if ((mark & Mark.twice) !== 0) this.#double(row);
    else this.#unroll(row);
    this.#cursor = events.end[events.b[row] as number] as number;
  }

  /**
   * `block $done (loop $outer (block $exit (loop $L (br_if $exit (epoch)) body) (br $done)) (call slow) (br $outer))`: the loop that V8
   * optimizes has no call in it.
   */
  #hoist(row: number): void {
    this.#open(Op.block, row);
    this.#open(Op.loop, row);
    this.body.bytes([Op.block, EMPTY]);
    this.#open(Op.loop, row);
    this.checks.writeBranch(1);
    this.#copyBody(row, 3);
    this.body.bytes([Op.end, Op.br, 2, Op.end]);
    this.checks.writeCall();
    this.body.bytes([Op.br, 0, Op.end, Op.end]);
  }

  /**
   * `block $done (loop $outer (block $exit (loop $again (block $L body (br $done)) (br_if $exit (epoch)) body) (br $done)) (call slow)
   * (br $outer))`: as when hoisted, and with half the checks.
   */
  #double(row: number): void {
    this.#open(Op.block, row);
    this.#open(Op.loop, row);
    this.body.bytes([Op.block, EMPTY]);
    this.#open(Op.loop, row);
    this.body.bytes([Op.block, EMPTY]);
    this.#copyBody(row, 4);
    this.body.bytes([Op.br, 4, Op.end]);
    this.checks.writeBranch(1);
    this.#copyBody(row, 3);
    this.body.bytes([Op.end, Op.br, 2, Op.end]);
    this.checks.writeCall();
    this.body.bytes([Op.br, 0, Op.end, Op.end]);
  }

  /**
   * `block $done (loop $outer (block $L body (br $done)) check (block $L body (br $done)) … body)`: going round the upload's loop falls
   * into the next copy, and only the last copy goes back.
   */
  #unroll(row: number): void {
    this.#open(Op.block, row);
    this.#open(Op.loop, row);
    for (let copy = 1; copy < 4; copy++) {
      this.body.bytes([Op.block, EMPTY]);
      this.#copyBody(row, 2);
      this.body.bytes([Op.br, 2, Op.end]);
      if (copy === 1) this.checks.write();
    }
    this.#copyBody(row, 1);
    this.body.bytes([Op.end, Op.end]);
  }

  /** Opens a block with the type of the loop in row `row`. */
  #open(op: number, row: number): void {
    const type = this.#code.events.a[row] as number;
    this.body.byte(op);
    this.body.s33(type < 0 ? type : (this.#layout.map[type] as number));
  }

  /** Writes the loop's body, between its opener and its `end`, with `added` blocks around it. */
  #copyBody(row: number, added: number): void {
    const { events } = this.#code;
    const end = events.b[row] as number;
    this.#cursor = events.end[row] as number;
    this.#depth = 1;
    this.#added = added;
    this.#rows(row + 1, end);
    if (((this.#plan.marks[end] as number) & Mark.before) !== 0) {
      this.#copyTo(events.start[end] as number);
      this.checks.write();
    }
    this.#copyTo(events.start[end] as number);
    this.#depth = 0;
  }
}

const EMPTY = 0x40;
