/** The blocks that are open during the walk of a body, with the height of the operand stack: what compilers copy at every edge. */

import { FUNCTION_LABEL } from './events.ts';

/**
 * Share of the slots that a call outside of handlers counts: compilers only look at each of them, once, where an edge copies and
 * merges them.
 */
const CALL_SHARE = 1 / 4;

/** One body's control stack; reused from body to body. */
export class BlockStack {
  /** Rows of the openers, the function's own label first. */
  readonly #openers: number[] = [];
  /** Height of the operand stack below each block's parameters. */
  readonly #bases: number[] = [];
  #base = 0;
  #height = 0;
  #loops = 0;
  #tries = 0;
  /** Locals of the function, parameters included. */
  locals = 0;
  /** Most operands anywhere in the body: a check may stand between any two instructions. */
  highest = 0;
  /** Most blocks open at once. */
  deepest = 0;
  /** Most loops open at once. */
  deepestLoop = 0;
  /** Edges of the body: see {@link countEdges}. */
  edges = 0;
  /** Calls inside of a `try` or `try_table`: each is an edge to its handlers. */
  protectedCalls = 0;
  /** Locals and operands, summed over the edges, and a quarter of them over the other calls. */
  product = 0;

  /** Begins a body. */
  reset(): void {
    this.#openers.length = this.#bases.length = 0;
    this.#openers.push(FUNCTION_LABEL);
    this.#bases.push(0);
    this.#base = this.#height = this.#loops = this.#tries = 0;
    this.locals = this.highest = this.deepest = this.deepestLoop = 0;
    this.edges = this.protectedCalls = this.product = 0;
  }

  /** True once the function's own `end` was closed. */
  get closed(): boolean {
    return this.#openers.length === 0;
  }

  /** Row of the innermost opener, or {@link FUNCTION_LABEL}. */
  get top(): number {
    return this.#openers.at(-1) ?? FUNCTION_LABEL;
  }

  /** Row of the block that label `depth` names; undefined if there is none. */
  target(depth: number): number | undefined {
    return this.#openers[this.#openers.length - 1 - depth];
  }

  /** Operands pushed, or popped if negative. Dead code may pop what is not there: the height stays above what is below the block. */
  adjust(effect: number): void {
    this.#height = Math.max(this.#height + effect, this.#base);
    if (this.#height > this.highest) this.highest = this.#height;
  }

  /** Counts `count` places at which a compiler copies or merges every live slot: a block, a branch or each label of one, a clause. */
  countEdges(count: number): void {
    this.edges += count;
    this.product += count * (this.locals + this.#height);
  }

  /** Counts a call of a function, or of the engine by an instruction. */
  countCall(): void {
    if (this.#tries === 0) this.product += CALL_SHARE * (this.locals + this.#height);
    else {
      this.protectedCalls++;
      this.countEdges(1);
    }
  }

  /** Opens the block of row `row`, which takes `params` operands. */
  open(row: number, params: number): void {
    this.#base = Math.max(this.#height - params, this.#base);
    this.#height = this.#base + params;
    this.#openers.push(row);
    this.#bases.push(this.#base);
    this.deepest = Math.max(this.deepest, this.#openers.length - 1);
  }

  /** Counts a loop that was just opened. */
  openLoop(): void {
    this.deepestLoop = Math.max(this.deepestLoop, ++this.#loops);
  }

  /** Counts a loop that was just closed. */
  closeLoop(): void {
    this.#loops--;
  }

  /** Counts a `try` or `try_table` that was just opened; its handlers count as inside of it. */
  openTry(): void {
    this.#tries++;
  }

  /** Counts a `try` or `try_table` that was just closed. */
  closeTry(): void {
    this.#tries--;
  }

  /** Begins another part of the innermost block, or dead code after a jump, with `operands` on the stack. */
  restart(operands: number): void {
    this.#height = this.#base + operands;
    if (this.#height > this.highest) this.highest = this.#height;
  }

  /** Closes the innermost block and returns its opener's row; the operands are those below the block. */
  close(): number {
    const opener = this.#openers.pop() ?? FUNCTION_LABEL;
    this.#height = this.#bases.pop() ?? 0;
    this.#base = this.#bases.at(-1) ?? 0;
    return opener;
  }
}
