/** Where checks go: what the passes decide and the rewrite carries out. */

import type { Code } from '../wasm/events.ts';

/** Bits of {@link Plan.marks}. */
export const Mark = {
  /** A check before the instruction. */
  before: 1,
  /** A check after it: at a loop's head, at a handler's start. */
  after: 2,
  /** The loop's check is hoisted out of V8's loop: see rewrite.ts. */
  hoist: 4,
  /** The loop's body is written twice. */
  twice: 8,
  /** The loop's body is written four times. */
  fourTimes: 16,
} as const;

/** The bits of loops whose check is not a plain one at the head. */
export const RESHAPED: number = Mark.hoist | Mark.twice | Mark.fourTimes;

/** Decisions about one module. */
export interface Plan {
  /** Bits of {@link Mark} for each row of the events. */
  readonly marks: Uint8Array;
  /** 1 for each function that checks on entry. */
  readonly entry: Uint8Array;
  /** Live slots summed over the edges of all functions, those of the checks included: see {@link ../limits.ts MODULE_LIMITS}.stateProduct. */
  readonly stateProduct: number;
}

/** A plan without checks. */
export function emptyPlan(code: Code): Plan {
  return { marks: new Uint8Array(code.events.length), entry: new Uint8Array(code.codeStart.length), stateProduct: 0 };
}
