/** What the walk of a body carries from instruction to instruction. */

import { BlockStack } from './block-stack.ts';
import { POINT } from './events.ts';
import type { Events } from './events.ts';
import type { Module } from './module.ts';
import { Reader } from './reader.ts';
import type { Refusals } from './refusals.ts';

/** Sizes below this are constants that need no check before a bulk operation: bytes, or table entries times eight. */
export const SMALL_BULK = 1024;
/** The bit of an alignment that announces a memory index. */
export const MULTI_MEMORY_FLAG = 0x40;

/** The state of the walk; reused from body to body. */
export class BodyState {
  readonly module: Module;
  /** Type index of every function, imports first. */
  readonly signatures: Uint32Array;
  readonly events: Events;
  readonly refusals: Refusals;
  readonly blocks = new BlockStack();
  /** Stands in the body. */
  reader: Reader;
  /** Cost of the plain instructions since the last row. */
  cost = 0;
  /** Value of the instruction just before, if it is an `i32.const` below {@link SMALL_BULK}; else -1. */
  constant = -1;
  /** True once an instruction of any body used the memory. */
  usesMemory = false;
  /** True once an instruction of any body wrote a table or dropped a segment. */
  hidesState = false;
  #function = 0;

  constructor(module: Module, signatures: Uint32Array, events: Events, refusals: Refusals) {
    this.module = module;
    this.signatures = signatures;
    this.events = events;
    this.refusals = refusals;
    this.reader = new Reader(module.bytes, 0, 0);
  }

  /** Begins the body of defined function `index`. */
  begin(index: number): void {
    const { bodies, bytes } = this.module;
    this.reader = new Reader(bytes, bodies[index * 2], bodies[index * 2 + 1]);
    this.#function = index;
    this.blocks.reset();
    this.cost = 0;
    this.constant = -1;
  }

  /** The function, as refusals name it. */
  place(): string {
    return `function ${this.#function + this.signatures.length - this.module.functions.length}`;
  }

  /** Adds a refusal if `value` is above `limit`. */
  over(what: string, value: number, limit: number, remedy: string): void {
    if (value > limit) this.refusals.over(what, value, limit, this.place(), remedy);
  }

  /** Passes an instruction that needs no row. */
  plain(effect: number, cost: number): void {
    this.blocks.adjust(effect);
    this.cost += cost;
    this.constant = -1;
  }

  /** Adds the row of the instruction that starts at `start` and ends where the reader is. */
  add(op: number, start: number, a: number, b: number): number {
    const row = this.events.add(op, start, this.reader.offset, a, b, this.cost);
    this.cost = 0;
    this.constant = -1;
    return row;
  }

  /** Adds a row between two instructions. */
  point(): void {
    this.add(POINT, this.reader.offset, 0, 0);
  }
}
