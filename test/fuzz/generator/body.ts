/** A function body being written: its locals, the labels around the current instruction, and how much more it may grow. */

import { Value } from '../../../src/wasm/module.ts';
import type { FunctionType, ValueType } from '../../../src/wasm/module.ts';
import { Writer } from '../../../src/wasm/writer.ts';
import { leb, repeat } from '../../unit/wasm/bytes.ts';
import type { Random } from '../random.ts';
import type { Shape } from './shape.ts';
import { valueTypes } from './shape.ts';

/** A label in scope: the types that a branch to it carries. */
export interface Label {
  readonly types: readonly ValueType[];
  /** `caught` inside a legacy handler, where `rethrow` may name it. */
  readonly kind: 'block' | 'loop' | 'caught';
}

/** How expressions and statements are drawn: handed down so that each room of the grammar can use all the others. */
export interface Grammar {
  /** Writes code that pushes one value of the type. */
  expression(body: Body, type: ValueType, depth: number): void;
  /** Writes code that leaves the stack as it was. */
  statement(body: Body, depth: number): void;
}

/** Locals of each type beside the parameters; the first of each is scratch for canonical NaNs. */
const LOCALS_EACH = 3;
/** Instructions, roughly, that one body may have before only leaves are drawn. */
const BUDGET = 260;

/** Writes one function. */
export class Body {
  readonly random: Random;
  readonly shape: Shape;
  readonly type: FunctionType;
  readonly grammar: Grammar;
  /** Labels from the outermost (the function) to the innermost. */
  readonly labels: Label[] = [];
  readonly #code: number[] = [];
  readonly #groups: readonly ValueType[];
  #budget = BUDGET;

  constructor(random: Random, shape: Shape, type: FunctionType, grammar: Grammar) {
    this.random = random;
    this.shape = shape;
    this.type = type;
    this.grammar = grammar;
    this.#groups = [...new Set(valueTypes(shape.exceptions))];
    this.labels.push({ types: type.results, kind: 'block' });
  }

  /** Appends bytes. */
  emit(...bytes: readonly number[]): void {
    this.#code.push(...bytes);
    this.#budget--;
  }

  /** Appends an opcode and an index. */
  indexed(opcode: number, index: number): void {
    this.emit(opcode, ...leb(index));
  }

  /** True when only leaves should follow. */
  get exhausted(): boolean {
    return this.#budget <= 0;
  }

  /** A constant of the type; floats and vectors of any bits, references null or of a function. */
  constant(type: ValueType): void {
    this.emit(...constantOf(this.random, type));
  }

  /** `i32.const`. */
  int(value: number): void {
    this.emit(0x41, ...sleb(value));
  }

  /** An expression of each type, in order. */
  expressions(types: readonly ValueType[], depth: number): void {
    for (const type of types) this.grammar.expression(this, type, depth);
  }

  /** Some statements. */
  statements(depth: number): void {
    for (let left = this.random.between(1, 3); left > 0; left--) this.grammar.statement(this, depth);
  }

  /** Takes the values of the types off the stack, the last first, into locals or nowhere. */
  take(types: readonly ValueType[]): void {
    for (const type of types.toReversed()) {
      if (this.random.once(4)) this.emit(0x1a);
      else this.indexed(0x21, this.local(type));
    }
  }

  /** The index of a local of the type, never the scratch one. */
  local(type: ValueType): number {
    const params = [...this.type.params.keys()].filter((index) => this.type.params[index] === type);
    if (params.length > 0 && this.random.once(2)) return this.random.pick(params);
    return this.scratch(type) + this.random.between(1, LOCALS_EACH - 1);
  }

  /** The local of the type that nothing else uses. */
  scratch(type: ValueType): number {
    return this.type.params.length + this.#groups.indexOf(type) * LOCALS_EACH;
  }

  /** Opens a block: `opcode` is block, loop, if, try or try_table; what follows the type is the caller's. */
  open(opcode: number, params: readonly ValueType[], results: readonly ValueType[]): void {
    this.emit(opcode, ...this.blockType(params, results));
    this.labels.push(opcode === 0x03 ? { types: params, kind: 'loop' } : { types: results, kind: 'block' });
  }

  /** Closes the innermost block. */
  close(): void {
    this.emit(0x0b);
    this.labels.pop();
  }

  /** A block type: short where it has a short form. */
  blockType(params: readonly ValueType[], results: readonly ValueType[]): number[] {
    if (params.length === 0 && results.length === 0) return [0x40];
    const [only] = results;
    if (params.length === 0 && results.length === 1 && only !== undefined) return [only];
    return sleb(this.shape.types.index(params, results));
  }

  /** Burns fuel, and leaves the function with constants when there is none; nothing in endless modules. */
  burn(): void {
    if (this.shape.ending === 'endless') return;
    this.emit(0x23, 0, 0x45, 0x04, 0x40);
    for (const type of this.type.results) this.emit(...zeroOf(type));
    this.emit(0x0f, 0x0b, 0x23, 0, 0x41, 1, 0x6b, 0x24, 0);
  }

  /** The body's bytes with locals and size. */
  finish(): number[] {
    const groups = this.#groups.flatMap((type) => [LOCALS_EACH, type]);
    const content = [...leb(this.#groups.length), ...groups, ...this.#code, 0x0b];
    return [...leb(content.length), ...content];
  }
}

/** A signed LEB128 integer of up to 33 bits. */
export function sleb(value: number): number[] {
  const out = new Writer();
  out.s33(value);
  return [...out.view()];
}

/** The instruction for zero or null. */
export function zeroOf(type: ValueType): readonly number[] {
  if (type === Value.i32) return [0x41, 0];
  if (type === Value.i64) return [0x42, 0];
  if (type === Value.f32) return [0x43, 0, 0, 0, 0];
  if (type === Value.f64) return [0x44, 0, 0, 0, 0, 0, 0, 0, 0];
  if (type === Value.v128) return [0xfd, 12, ...repeat([0], 16)];
  return [0xd0, type];
}

const SPECIAL_I32 = [0, 1, -1, 7, 31, 255, 65_535, 65_536, 0x7fff_ffff, -0x8000_0000];

/** The instruction for a constant of the type: values at the edges often, references always null. */
export function constantOf(random: Random, type: ValueType): readonly number[] {
  const bytes = (count: number): number[] => Array.from({ length: count }, () => random.below(256));
  if (type === Value.i32 || type === Value.i64) {
    const opcode = type === Value.i32 ? 0x41 : 0x42;
    return [opcode, ...sleb(random.once(2) ? random.pick(SPECIAL_I32) : random.between(-300, 300))];
  }
  if (type === Value.f32) return [0x43, ...(random.once(2) ? [0, 0, ...bytes(1), 0x40] : bytes(4))];
  if (type === Value.f64) return [0x44, ...(random.once(2) ? [0, 0, 0, 0, 0, ...bytes(2), 0x40] : bytes(8))];
  if (type === Value.v128) return [0xfd, 12, ...bytes(16)];
  return zeroOf(type);
}
