/** Bodies of functions as compilers write them: expressions, loads and stores, branches, loops, switches, calls. Pure. */
import type { Writer } from '../src/wasm/writer.ts';
import type { Choices } from './choices.ts';

/** Where functions keep what they compute: 2 KiB that every request begins with as zeros. */
export const SCRATCH = { at: 4_096, bytes: 2_048 } as const;

/** Opcodes of the binary format (WebAssembly core §5.4). */
const OP = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  branchIf: 0x0d,
  branchTable: 0x0e,
  call: 0x10,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  load: 0x28,
  store: 0x36,
  const: 0x41,
  eqz: 0x45,
  clz: 0x67,
  add: 0x6a,
  sub: 0x6b,
  and: 0x71,
} as const;
/** i32: eq, lt_u, gt_s, add, sub, mul, and, or, xor, shl, shr_s, shr_u, rotl. None of them traps. */
const BINARY = [0x46, 0x49, 0x4a, 0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77] as const;
const EMPTY_BLOCK = 0x40;
const I32 = 0x7f;

/** Parameters: a number to begin with, and how deep calls may still go. */
const DEPTH = 1;
const PARAMETERS = 2;
/** Calls in one body: with those of the functions that they lead to, work stays bounded. */
const MOST_CALLS = 2;
/** Middle and greatest length of a body, in bytes: most are short, and most code is in long ones. */
const BODY = { middle: 400, spread: 1.1, most: 20_000 } as const;

/** The length that a body is to have, in bytes. */
export function bodyLength(choices: Choices): number {
  // Twelve draws added up are close to a normal distribution.
  const normal = Array.from({ length: 12 }, () => choices.share()).reduce((sum, share) => sum + share, -6);
  return Math.min(BODY.most, Math.max(40, Math.round(BODY.middle * Math.exp(BODY.spread * normal))));
}

/** What a body is made for. */
export interface BodyPlan {
  readonly bytes: number;
  /** Functions that it may call: indices of functions that call no earlier one. */
  readonly callees: readonly number[];
}

/** Writes the body of a function `(i32, i32) -> i32`, with its locals, without its length. It ends, and never traps. */
export function writeBody(out: Writer, choices: Choices, { bytes, callees }: BodyPlan): void {
  const body = new Body(out, choices, callees);
  body.begin();
  while (out.length < bytes) body.statement(0);
  body.finish();
}

class Body {
  readonly #out: Writer;
  readonly #choices: Choices;
  readonly #callees: readonly number[];
  readonly #values: number;
  readonly #counters = 2;
  #calls = 0;

  constructor(out: Writer, choices: Choices, callees: readonly number[]) {
    this.#out = out;
    this.#choices = choices;
    this.#callees = callees;
    this.#values = 2 + choices.below(10);
  }

  begin(): void {
    for (const byte of [1, this.#values + this.#counters, I32]) this.#out.byte(byte);
  }

  /** The result is of all locals, so that none of them is for nothing. */
  finish(): void {
    this.#get(0);
    for (let at = 0; at < this.#values; at++) {
      this.#get(PARAMETERS + at);
      this.#out.byte(0x73);
    }
    this.#out.byte(OP.end);
  }

  /** @param nesting - How many loops it is in. */
  statement(nesting: number): void {
    const kind = this.#choices.below(20);
    if (kind < 8) this.#assignment();
    else if (kind < 12) this.#store();
    else if (kind < 15) this.#branch(nesting);
    else if (kind < 17 && nesting < this.#counters) this.#loop(nesting);
    else if (kind === 17) this.#switch();
    else if (kind === 18 && nesting === 0) this.#call();
    else this.#assignment();
  }

  #assignment(): void {
    this.#expression(3);
    this.#set(this.#someValue());
  }

  #store(): void {
    this.#address();
    this.#expression(2);
    this.#memory(OP.store);
  }

  #branch(nesting: number): void {
    this.#expression(2);
    this.#ops(OP.if, EMPTY_BLOCK);
    this.statement(nesting);
    if (this.#choices.below(2) === 0) {
      this.#out.byte(OP.else);
      this.statement(nesting);
    }
    this.#out.byte(OP.end);
  }

  /** From one to four rounds. */
  #loop(nesting: number): void {
    const counter = PARAMETERS + this.#values + nesting;
    this.#expression(1);
    this.#constant(3);
    this.#out.byte(OP.and);
    this.#set(counter);
    this.#ops(OP.loop, EMPTY_BLOCK);
    for (let left = 1 + this.#choices.below(3); left > 0; left--) this.#simple(nesting + 1);
    this.#get(counter);
    this.#constant(1);
    this.#ops(OP.sub, OP.localTee);
    this.#out.u32(counter);
    this.#constant(0);
    this.#ops(0x4a, OP.branchIf, 0, OP.end);
  }

  #simple(nesting: number): void {
    if (nesting < this.#counters && this.#choices.below(4) === 0) this.#loop(nesting);
    else if (this.#choices.below(2) === 0) this.#store();
    else this.#assignment();
  }

  #switch(): void {
    const cases = 3 + this.#choices.below(6);
    for (let at = 0; at <= cases; at++) this.#ops(OP.block, EMPTY_BLOCK);
    this.#expression(1);
    this.#constant(15);
    this.#ops(OP.and, OP.branchTable);
    this.#out.u32(cases);
    for (let at = 0; at <= cases; at++) this.#out.u32(at);
    this.#out.byte(OP.end);
    for (let at = 0; at < cases; at++) {
      this.#assignment();
      this.#out.byte(OP.end);
    }
  }

  #call(): void {
    if (this.#callees.length === 0 || this.#calls >= MOST_CALLS) return this.#assignment();
    this.#calls += 1;
    this.#get(DEPTH);
    this.#ops(OP.if, EMPTY_BLOCK);
    this.#expression(1);
    this.#get(DEPTH);
    this.#constant(1);
    this.#ops(OP.sub, OP.call);
    this.#out.u32(this.#choices.pick(this.#callees));
    this.#set(this.#someValue());
    this.#out.byte(OP.end);
  }

  #expression(depth: number): void {
    const kind = depth === 0 ? 10 : this.#choices.below(12);
    if (kind < 7) {
      this.#expression(depth - 1);
      this.#expression(depth - 1);
      return this.#out.byte(this.#choices.pick(BINARY));
    }
    if (kind === 7) {
      this.#expression(depth - 1);
      return this.#out.byte(this.#choices.pick([OP.eqz, OP.clz]));
    }
    if (kind === 8) {
      for (let at = 0; at < 3; at++) this.#expression(depth - 1);
      return this.#out.byte(OP.select);
    }
    if (kind === 9) {
      this.#address();
      return this.#memory(OP.load);
    }
    if (this.#choices.below(3) === 0) this.#constant(this.#choices.bits() >> this.#choices.below(30));
    else this.#get(this.#choices.below(3) === 0 ? 0 : this.#someValue());
  }

  /** An address in the scratch area, all but its base. */
  #address(): void {
    this.#get(this.#someValue());
    this.#constant(SCRATCH.bytes - 4);
    this.#out.byte(OP.and);
  }

  #memory(op: number): void {
    this.#ops(op, 2);
    this.#out.u32(SCRATCH.at);
  }

  #someValue(): number {
    return PARAMETERS + this.#choices.below(this.#values);
  }

  #get(local: number): void {
    this.#out.byte(OP.localGet);
    this.#out.u32(local);
  }

  #set(local: number): void {
    this.#out.byte(OP.localSet);
    this.#out.u32(local);
  }

  #constant(value: number): void {
    this.#out.byte(OP.const);
    this.#out.s33(value);
  }

  #ops(...ops: readonly number[]): void {
    for (const op of ops) this.#out.byte(op);
  }
}
