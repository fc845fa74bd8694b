/** Gives every loop that can go round a check, in the form that costs least. */

import { FUNCTION_LABEL } from '../wasm/events.ts';
import type { Code, Events } from '../wasm/events.ts';
import type { Module } from '../wasm/module.ts';
import { Op } from '../wasm/opcodes.ts';
import { isCloser, isOpener, labelsOf } from './labels.ts';
import { Mark } from './plan.ts';
import type { Plan } from './plan.ts';

/** Bodies up to this size are written four times. */
const FOUR_TIMES_BYTES = 24;
/** Bodies up to this size are written twice. */
const TWICE_BYTES = 80;

/** What the scan learns of a loop. */
const REPEATS = 1;
/** It contains a call, a loop, a handler or an instruction with a check of its own. */
const COMPLEX = 2;

/**
 * Marks loops and handlers. A loop that nothing branches back to is a block and gets no check. Small innermost loops without
 * calls are unrolled and larger ones hoisted, since a call inside would cost V8's own unrolling; all others check at the head.
 * Handlers check at their start: an exception can arrive there from anywhere.
 */
export function planLoops(module: Module, code: Code, plan: Plan): void {
  const facts = new Uint8Array(code.events.length);
  for (let index = 0; index < code.codeStart.length; index++) {
    scan(module, code.events, code.first[index] as number, code.first[index + 1] as number, facts);
  }
  for (let row = 0; row < code.events.length; row++) {
    const op = code.events.op[row];
    if (op === Op.catch || op === Op.catchAll) plan.marks[row] = Mark.after;
    else if (op === Op.loop && ((facts[row] as number) & REPEATS) !== 0) {
      plan.marks[row] = chooseForm(module, code.events, row, facts[row] as number);
    }
  }
}

/** Fills `facts` for the loops in rows `[from, to)` of one function. */
function scan(module: Module, events: Events, from: number, to: number, facts: Uint8Array): void {
  const open: number[] = [FUNCTION_LABEL];
  const loops: number[] = [];
  const complicate = (): void => {
    const loop = loops.at(-1);
    if (loop !== undefined) facts[loop] = (facts[loop] as number) | COMPLEX;
  };
  for (let row = from; row < to; row++) {
    const op = events.op[row] as number;
    for (const label of labelsOf(module.bytes, events, row)) markRepeating(events, open.at(-1 - label), facts);
    if (isComplex(op, events.a[row] as number)) complicate();
    if (isOpener(op)) open.push(row);
    else if (isCloser(op)) open.pop();
    if (op === Op.loop) loops.push(row);
    else if (op === Op.end && loops.length > 0 && events.b[row] === loops.at(-1)) loops.pop();
  }
}

function markRepeating(events: Events, target: number | undefined, facts: Uint8Array): void {
  if (target === undefined || target < 0 || events.op[target] !== Op.loop) return;
  facts[target] = (facts[target] as number) | REPEATS;
}

function isComplex(op: number, a: number): boolean {
  if (op >= Op.memoryInit && op <= Op.tableFill) return a === 0;
  return (
    op === Op.loop ||
    op === Op.try ||
    op === Op.tryTable ||
    op === Op.memoryGrow ||
    (op >= Op.call && op <= Op.returnCallIndirect) ||
    (op >= Op.throw && op <= Op.throwRef)
  );
}

function chooseForm(module: Module, events: Events, row: number, facts: number): number {
  if ((facts & COMPLEX) !== 0 || hasParams(module, events.a[row] as number)) return Mark.after;
  const size = (events.start[events.b[row] as number] as number) - (events.end[row] as number);
  if (size <= FOUR_TIMES_BYTES) return Mark.fourTimes;
  return size <= TWICE_BYTES ? Mark.twice : Mark.hoist;
}

/** Reshaping puts blocks around the body; with parameters those would need types of their own. */
function hasParams(module: Module, blockType: number): boolean {
  return blockType >= 0 && (module.types[blockType]?.params.length ?? 0) > 0;
}
