/** Puts a check before every bulk operation that may be long and that no helper replaces. */

import type { Code } from '../wasm/events.ts';
import { Op } from '../wasm/opcodes.ts';
import { replacementOf } from './additions.ts';
import { Mark } from './plan.ts';
import type { Plan } from './plan.ts';

/**
 * Marks memory.init and the bulk operations on tables, unless the size is a constant under 1 KB. They are not cut into pieces: the
 * limits on the data section and on table entries bound each of them to a few milliseconds. `memory.grow`, `memory.fill` and
 * `memory.copy` need no mark: the helpers that replace them check.
 */
export function planBulk(code: Code, plan: Plan): void {
  const { events } = code;
  for (let row = 0; row < events.length; row++) {
    const op = events.op[row] as number;
    if (op < Op.memoryInit || op > Op.tableFill || events.a[row] !== 0 || replacementOf(events, row) !== null) continue;
    plan.marks[row] = (plan.marks[row] as number) | Mark.before;
  }
}
