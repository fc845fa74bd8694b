/** The straight-line pass over one function: a forward walk that joins costs where paths meet. */

import { POINT } from '../wasm/events.ts';
import type { Code } from '../wasm/events.ts';
import type { Module } from '../wasm/module.ts';
import { Op } from '../wasm/opcodes.ts';
import type { CallGraph } from './call-graph.ts';
import { replacementOf } from './additions.ts';
import { branchTableLabels, catchLabels } from './labels.ts';
import type { Layout } from './layout.ts';
import {
  ASSUMED_EXIT,
  BULK_COST,
  EXIT_CAP,
  IMPORT_COST,
  INDIRECT_COST,
  LINE_LIMIT,
  LineState,
  NONE,
} from './line-state.ts';
import type { Summaries } from './line-state.ts';
import { Mark } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Recursion } from './recursion.ts';

/** What the pass works on. */
export interface LineContext {
  readonly module: Module;
  readonly code: Code;
  readonly layout: Layout;
  readonly graph: CallGraph;
  readonly recursion: Recursion;
  readonly plan: Plan;
  readonly summaries: Summaries;
}

type Round = 'measure' | 'mark';

/** An open block: its row and the joined costs of the branches to its end. */
interface Frame {
  readonly row: number;
  readonly arrivals: LineState;
  /** For `if`: the costs at its condition, where `else` begins. */
  elseUnchecked: number;
  elseChecked: number;
}

/** Walks functions one after the other, callees first. */
export class LineWalk {
  readonly #context: LineContext;
  readonly #state = new LineState();
  #frames: Frame[] = [];
  #node = 0;
  /** False in the first of two rounds, which only measures. */
  #marking = true;
  #through = NONE;
  #tail = NONE;

  constructor(context: LineContext) {
    this.#context = context;
  }

  /** Marks the checks of function `node` and fills in its summary. */
  function(node: number): void {
    // A path without a check never contains a recursive call, so a first round finds its cost exactly.
    if (this.#context.recursion.direct[node] === 1) this.#round(node, 'measure');
    this.#round(node, 'mark');
  }

  #round(node: number, round: Round): void {
    const { code, plan, summaries } = this.#context;
    this.#node = node;
    this.#marking = round === 'mark';
    this.#through = this.#tail = NONE;
    this.#frames = [];
    this.#state.enter();
    if (plan.entry[node] === 1) this.#state.check();
    const end = code.first[node + 1] as number;
    for (let row = code.first[node] as number; row < end; row++) this.#row(row);
    summaries.head[node] = this.#state.head;
    summaries.through[node] = this.#through;
    summaries.tail[node] = this.#tail;
  }

  #row(row: number): void {
    const { events } = this.#context.code;
    const state = this.#state;
    const op = events.op[row] as number;
    state.spend(events.cost[row] as number);
    if (((this.#context.plan.marks[row] as number) & Mark.before) !== 0) state.check();
    else if (replacementOf(events, row) !== null) this.#helper();
    else if (state.cost > LINE_LIMIT) this.#checkBefore(row);
    if (op === POINT) return;
    state.spend(1);
    this.#instruction(op, row);
  }

  #checkBefore(row: number): void {
    if (this.#state.dead) return;
    const { marks } = this.#context.plan;
    if (this.#marking) marks[row] = (marks[row] as number) | Mark.before;
    this.#state.check();
  }

  #instruction(op: number, row: number): void {
    if (op === Op.br || op === Op.brIf) this.#branch(op, row);
    else if (op === Op.end || op === Op.delegate) this.#end(row);
    else if (op <= Op.catch && op >= Op.block) this.#structure(op, row);
    else if (op === Op.catchAll || op === Op.tryTable) this.#structure(op, row);
    else if (op >= Op.call && op <= Op.returnCallIndirect) this.#call(op, row);
    else if (op === Op.brTable) this.#branchTable(row);
    else if (op === Op.return) this.#exit(row);
    else if (op === Op.unreachable || (op >= Op.throw && op <= Op.throwRef)) this.#state.leave();
    else if (op !== Op.refFunc) this.#state.spend(BULK_COST);
  }

  /** The helper that replaces an instruction begins with a check. */
  #helper(): void {
    if (!this.#state.dead) this.#state.check();
  }

  #structure(op: number, row: number): void {
    if (op === Op.else) this.#else();
    else if (op === Op.catch || op === Op.catchAll) this.#handler();
    else {
      if (op === Op.tryTable) this.#catches(row);
      const frame = {
        row,
        arrivals: new LineState(),
        elseUnchecked: this.#state.unchecked,
        elseChecked: this.#state.checked,
      };
      this.#frames.push(frame);
      if (op === Op.loop) this.#loop(row);
    }
  }

  #loop(row: number): void {
    const mark = this.#context.plan.marks[row] as number;
    if ((mark & (Mark.after | Mark.hoist)) !== 0) this.#state.check();
    const copies = (mark & Mark.fourTimes) !== 0 ? 4 : (mark & Mark.twice) !== 0 ? 2 : 0;
    // The first copy may be left before its check; then up to all copies run between two checks.
    if (copies > 0) this.#state.join(NONE, copies * this.#bodyCost(row));
  }

  #bodyCost(row: number): number {
    const { events } = this.#context.code;
    let cost = 0;
    for (let at = row + 1; at <= (events.b[row] as number); at++) cost += (events.cost[at] as number) + 1;
    return cost;
  }

  #else(): void {
    const frame = this.#frames.at(-1) as Frame;
    frame.arrivals.join(this.#state.unchecked, this.#state.checked);
    this.#state.set(frame.elseUnchecked, frame.elseChecked);
    frame.elseUnchecked = frame.elseChecked = NONE;
  }

  /** A handler starts with a check, whatever was thrown where. */
  #handler(): void {
    this.#frames.at(-1)?.arrivals.join(this.#state.unchecked, this.#state.checked);
    this.#state.check();
  }

  /** An exception arrives at the label from anywhere in the body: taken as the most that a body can cost. */
  #catches(row: number): void {
    const { module, code } = this.#context;
    const unchecked = this.#state.unchecked === NONE ? NONE : LINE_LIMIT;
    for (const label of catchLabels(module.bytes, code.events, row)) this.#arrive(label, unchecked, LINE_LIMIT);
  }

  #end(row: number): void {
    const frame = this.#frames.pop();
    if (frame === undefined) {
      this.#exit(row);
      return;
    }
    const { events } = this.#context.code;
    this.#state.join(frame.arrivals.unchecked, frame.arrivals.checked);
    if (events.op[frame.row] === Op.if) this.#state.join(frame.elseUnchecked, frame.elseChecked);
  }

  #branch(op: number, row: number): void {
    const label = this.#context.code.events.a[row] as number;
    if (label === this.#frames.length) this.#capExit(row);
    this.#arrive(label, this.#state.unchecked, this.#state.checked);
    if (op === Op.br) this.#state.leave();
  }

  #branchTable(row: number): void {
    const { module, code } = this.#context;
    const labels = branchTableLabels(module.bytes, code.events, row);
    if (labels.includes(this.#frames.length)) this.#capExit(row);
    for (const label of labels) this.#arrive(label, this.#state.unchecked, this.#state.checked);
    this.#state.leave();
  }

  /** Joins costs at the target of a branch. Loops need nothing: their check comes first. */
  #arrive(label: number, unchecked: number, checked: number): void {
    const frame = this.#frames[this.#frames.length - 1 - label];
    if (frame !== undefined) frame.arrivals.join(unchecked, checked);
    else {
      this.#through = Math.max(this.#through, unchecked);
      this.#tail = Math.max(this.#tail, checked);
    }
  }

  #exit(row: number): void {
    this.#capExit(row);
    this.#arrive(this.#frames.length, this.#state.unchecked, this.#state.checked);
    this.#state.leave();
  }

  #capExit(row: number): void {
    if (this.#context.summaries.capped[this.#node] === 1 && this.#state.cost > EXIT_CAP) this.#checkBefore(row);
  }

  #call(op: number, row: number): void {
    const { code, layout, graph } = this.#context;
    const index = code.events.a[row] as number;
    if (op === Op.callIndirect || op === Op.returnCallIndirect) {
      this.#state.spend(INDIRECT_COST);
      this.#callNode(graph.functions + (layout.map[index] as number), row);
    } else if (index < layout.imported) this.#state.spend(IMPORT_COST);
    else this.#callNode(index - layout.imported, row);
    if (op === Op.returnCall || op === Op.returnCallIndirect) {
      this.#arrive(this.#frames.length, this.#state.unchecked, this.#state.checked);
      this.#state.leave();
    }
  }

  #callNode(callee: number, row: number): void {
    const { graph, recursion, summaries } = this.#context;
    const state = this.#state;
    if (state.dead) return;
    if (recursion.removed[callee] === 1) {
      if (callee >= graph.functions) this.#checkBefore(row);
      state.pass(0, callee < graph.functions ? NONE : ASSUMED_EXIT, ASSUMED_EXIT);
    } else if (callee === this.#node) {
      if (state.unchecked !== NONE) this.#checkBefore(row);
      state.pass(0, summaries.through[callee] as number, ASSUMED_EXIT);
    } else {
      if (state.cost + (summaries.head[callee] as number) > LINE_LIMIT) this.#checkBefore(row);
      state.pass(
        summaries.head[callee] as number,
        summaries.through[callee] as number,
        summaries.tail[callee] as number,
      );
    }
  }
}
