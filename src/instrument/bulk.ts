/** Puts a check before every bulk operation that may be long. */

import type { Code } from '../wasm/events.ts';
import { Op } from '../wasm/opcodes.ts';
import { Mark } from './plan.ts';
import type { Plan } from './plan.ts';

/**
 * Marks memory.fill, copy, init and their table twins, unless the size is a constant under 1 KB. `memory.grow` needs
 * no mark: the helper that replaces it checks.
 */
export function planBulk(code: Code, plan: Plan): void {
  const { events } = code;
  for (let row = 0; row < events.length; row++) {
    const op = events.op[row] as number;
    if (op < Op.memoryInit || op > Op.tableFill || events.a[row] !== 0) continue;
    plan.marks[row] = (plan.marks[row] as number) | Mark.before;
  }
}
