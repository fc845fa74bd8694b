/** What the planned checks add to compile time: each is a control operator, and unrolling copies those of the loop. */

import { COMPILE_COST_CAP, MODULE_LIMITS } from '../limits.ts';
import type { Code } from '../wasm/events.ts';
import { Refusals } from '../wasm/refusals.ts';
import { Mark } from './plan.ts';
import type { Plan } from './plan.ts';

const REMEDY = 'split the function; use fewer locals, loops and bulk operations in it';

/** Throws `refused_module` for functions whose rewritten form a compiler would choke on though the upload's passed. */
export function admitCompileCost(code: Code, plan: Plan): void {
  const refusals = new Refusals();
  const limit = MODULE_LIMITS.stateProduct * COMPILE_COST_CAP.factor;
  let total = 0;
  for (let index = 0; index < code.codeStart.length; index++) {
    const cost = (code.products[index] as number) + addedOperators(code, plan, index) * (code.widths[index] as number);
    total += cost;
    if (cost > limit)
      refusals.over('locals x control operators with checks', cost, limit, `defined function ${index}`, REMEDY);
  }
  const totalLimit = MODULE_LIMITS.stateProductTotal * COMPILE_COST_CAP.factor;
  refusals.over('locals x control operators with checks', total, totalLimit, 'all functions', REMEDY);
  refusals.check();
}

/** Control operators that the plan adds to function `index`, not fewer than it really does. */
function addedOperators(code: Code, plan: Plan, index: number): number {
  let added = plan.entry[index] as number;
  const end = code.first[index + 1] as number;
  for (let row = code.first[index] as number; row < end; row++) {
    const mark = plan.marks[row] as number;
    if (mark !== 0) added += operatorsOf(code, row, mark);
  }
  return added;
}

function operatorsOf(code: Code, row: number, mark: number): number {
  const checks = (mark & (Mark.before | Mark.after)) === 0 ? 0 : 1;
  if ((mark & Mark.hoist) !== 0) return checks + 4;
  const copies = (mark & Mark.fourTimes) !== 0 ? 4 : (mark & Mark.twice) !== 0 ? 2 : 1;
  if (copies === 1) return checks;
  const rows = (code.events.b[row] as number) - row;
  return checks + 2 + copies + (copies - 1) * rows;
}
