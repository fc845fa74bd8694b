/** The state that the straight-line pass carries along a path, and what it knows of callees. */

/** Units of cost that may pass between two checks. */
export const LINE_LIMIT = 4_096;
/** Cost of a call into the host. */
export const IMPORT_COST = 500;
/** Cost of finding the callee of an indirect call. */
export const INDIRECT_COST = 8;
/** Cost of a bulk operation of a small constant size, and of a growth. */
export const BULK_COST = 64;
/** Where cycles are broken the callee's cost is not known yet: at its exits it is held to this much since its last check. */
export const EXIT_CAP = 512;
/**
 * What callers assume of such a callee. The difference is what a function may do between the return of a recursive call and its
 * own without a check: unwinding is bounded by the stack's depth times this.
 */
export const ASSUMED_EXIT = 448;
/** No such path. */
export const NONE = -1;

/** What callers know of each node of the call graph. */
export interface Summaries {
  /** Most cost from entry to the first check or exit. */
  readonly head: Int32Array;
  /** Most cost of a path from entry to exit without a check; {@link NONE} if every path has one. */
  readonly through: Int32Array;
  /** Most cost since the last check at an exit; {@link NONE} if no path with a check exits. */
  readonly tail: Int32Array;
  /** 1 for functions whose cost at exits is held to {@link EXIT_CAP}. */
  readonly capped: Uint8Array;
}

/** Costs at a point of a function: the worst over all paths that lead there. */
export class LineState {
  /** Cost since entry over paths without a check; {@link NONE} if there is no such path. */
  unchecked = NONE;
  /** Cost since the last check over paths with one; {@link NONE} if there is no such path. */
  checked = NONE;
  /** Most cost that was ever reached without a check. */
  head = 0;

  /** The state at a function's entry. */
  enter(): void {
    this.unchecked = this.head = 0;
    this.checked = NONE;
  }

  /** True when no path leads here. */
  get dead(): boolean {
    return this.unchecked === NONE && this.checked === NONE;
  }

  /** The larger of both costs. */
  get cost(): number {
    return Math.max(this.unchecked, this.checked);
  }

  /** Spends `cost` units. */
  spend(cost: number): void {
    if (this.checked !== NONE) this.checked += cost;
    if (this.unchecked === NONE) return;
    this.unchecked += cost;
    if (this.unchecked > this.head) this.head = this.unchecked;
  }

  /** Passes a check. */
  check(): void {
    this.set(NONE, 0);
  }

  /** No path goes on. */
  leave(): void {
    this.set(NONE, NONE);
  }

  /** Becomes the given costs. */
  set(unchecked: number, checked: number): void {
    this.unchecked = unchecked;
    this.checked = checked;
  }

  /** Joins another path. */
  join(unchecked: number, checked: number): void {
    if (unchecked > this.unchecked) this.unchecked = unchecked;
    if (checked > this.checked) this.checked = checked;
  }

  /** Passes a call of a function with the given summary. */
  pass(head: number, through: number, tail: number): void {
    if (this.unchecked !== NONE) this.head = Math.max(this.head, this.unchecked + head);
    const returns = through !== NONE;
    const checked = returns && this.checked !== NONE ? this.checked + through : NONE;
    this.set(returns && this.unchecked !== NONE ? this.unchecked + through : NONE, Math.max(checked, tail));
  }
}
