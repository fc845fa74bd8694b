/** The flat list of what matters in the code section: a row per control operator, branch, call and bulk operation. */

/** An {@link Events} row without an instruction: it splits long runs of plain ones so that a check can stand between them. */
export const POINT = 0xffff;

/** The target of a branch that leaves the function, where the row of a block is expected. */
export const FUNCTION_LABEL = -1;

/**
 * Rows of all functions, in order of offset. Parallel typed arrays: a large module has millions of rows. Only `[0, length)` is
 * meaningful.
 */
export class Events {
  length = 0;
  /** Opcode; prefixed ones as `prefix << 8 | code`; {@link POINT}. */
  op: Uint16Array;
  /** Offset of the instruction. */
  start: Uint32Array;
  /** Offset after its immediates. */
  end: Uint32Array;
  /**
   * The immediate that matters: function index of calls and `ref.func`, type index of `call_indirect`, label of branches,
   * block type of blocks (negative: value type or empty), tag of `catch`, and 1 for bulk operations of a small constant size.
   */
  a: Int32Array;
  /**
   * The other row: for an opener its `end` or `delegate`; for `else`, `catch`, `end`, `delegate` the opener
   * (`FUNCTION_LABEL` at the function's end); for `br`, `br_if` the opener of the target.
   */
  b: Int32Array;
  /** Cost of the plain instructions between the row before and this one. */
  cost: Uint16Array;

  /** @param capacity rows to reserve; the list grows by half as needed. */
  constructor(capacity: number) {
    const rows = Math.max(capacity, 16);
    this.op = new Uint16Array(rows);
    this.start = new Uint32Array(rows);
    this.end = new Uint32Array(rows);
    this.a = new Int32Array(rows);
    this.b = new Int32Array(rows);
    this.cost = new Uint16Array(rows);
  }

  /** Appends a row and returns its index. */
  add(op: number, start: number, end: number, a: number, b: number, cost: number): number {
    const row = this.length;
    if (row === this.op.length) this.#grow();
    this.op[row] = op;
    this.start[row] = start;
    this.end[row] = end;
    this.a[row] = a;
    this.b[row] = b;
    this.cost[row] = cost;
    this.length = row + 1;
    return row;
  }

  #grow(): void {
    const rows = Math.ceil(this.op.length * 1.5);
    this.op = copyInto(new Uint16Array(rows), this.op);
    this.start = copyInto(new Uint32Array(rows), this.start);
    this.end = copyInto(new Uint32Array(rows), this.end);
    this.a = copyInto(new Int32Array(rows), this.a);
    this.b = copyInto(new Int32Array(rows), this.b);
    this.cost = copyInto(new Uint16Array(rows), this.cost);
  }
}

function copyInto<Kind extends Uint16Array | Uint32Array | Int32Array>(target: Kind, source: Kind): Kind {
  target.set(source);
  return target;
}

/** The code section, walked. */
export interface Code {
  readonly events: Events;
  /** First row of each function, and the length of the list at the end. */
  readonly first: Uint32Array;
  /** Offset of each function's first instruction, after its locals. */
  readonly codeStart: Uint32Array;
  /** Live slots summed over the edges and calls of each function: what a compiler's time and memory grow with. */
  readonly products: Float64Array;
  /** Edges of each function: blocks, branches, every label of a `br_table`, clauses, calls inside of a `try`. */
  readonly edges: Uint32Array;
  /** Calls of each function inside of a `try` or `try_table`. */
  readonly protectedCalls: Uint32Array;
  /** Most live slots (locals and operands) anywhere in each function. */
  readonly widths: Uint32Array;
  /** True when an instruction uses the memory. */
  readonly usesMemory: boolean;
  /** True when an instruction changes state that is neither memory nor a global: table entries, dropped segments. */
  readonly hidesState: boolean;
}
