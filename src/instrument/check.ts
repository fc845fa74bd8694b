/** The check itself: a load of the epoch word and a branch that is hinted as unlikely. */

import { Op } from '../wasm/opcodes.ts';
import type { Writer } from '../wasm/writer.ts';
import { callOf } from './layout.ts';
import type { Layout } from './layout.ts';

const EMPTY_BLOCK = 0x40;
/** Address of the epoch word in the epoch memory. */
export const EPOCH_WORD = 0;
const ALIGNED_TO_4 = 0x02;
const WITH_MEMORY_INDEX = 0x40;

/** A body and the offsets in it of the branches that are hinted as unlikely. */
export interface HintedBody {
  readonly body: Writer;
  readonly branches: readonly number[];
}

/** Writes checks into a body and keeps the offsets of their branches for the hints. */
export class CheckWriter {
  readonly #body: Writer;
  readonly #load: readonly number[];
  readonly #call: readonly number[];
  #branches: number[] = [];

  constructor(body: Writer, layout: Layout) {
    this.#body = body;
    this.#load = loadOf(layout.epochMemory, EPOCH_WORD);
    this.#call = callOf(layout, 'slow');
  }

  /** Offsets, from the start of the body, of the branches of all checks since the reset. */
  get branches(): readonly number[] {
    return this.#branches;
  }

  /** Starts a new body. */
  reset(): void {
    this.#branches = [];
  }

  /** `(if (i32.load epoch) (then (call slow)))`: leaves the operand stack as it is. */
  write(): void {
    this.#body.bytes(this.#load);
    this.writeIf();
    this.writeCall();
    this.#body.byte(Op.end);
  }

  /** `if` on what is on the stack, which is hardly ever true. */
  writeIf(): void {
    this.#branches.push(this.#body.length);
    this.#body.bytes([Op.if, EMPTY_BLOCK]);
  }

  /** `(br_if label (i32.load epoch))`. */
  writeBranch(label: number): void {
    this.#body.bytes(this.#load);
    this.#branches.push(this.#body.length);
    this.#body.byte(Op.brIf);
    this.#body.u32(label);
  }

  /** `(call slow)`. */
  writeCall(): void {
    this.#body.bytes(this.#call);
  }
}

/**
 * `(i32.load $memory offset=address (i32.const 0))`. A plain load: V8 never hoists it out of a loop, and an atomic one costs
 * 1.18. The address is below 128.
 */
export function loadOf(memory: number, address: number): readonly number[] {
  const access = memory === 0 ? [ALIGNED_TO_4] : [ALIGNED_TO_4 | WITH_MEMORY_INDEX, memory];
  return [Op.i32Const, 0, Op.i32Load, ...access, address];
}
