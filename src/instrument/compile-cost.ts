/** What the planned checks add to compile time: each is a branch and a call, and unrolling copies those of the loop. */

import { COMPILE_COST_CAP, MODULE_LIMITS } from '../limits.ts';
import type { Code } from '../wasm/events.ts';
import { Op } from '../wasm/opcodes.ts';
import { Refusals } from '../wasm/refusals.ts';
import { Mark } from './plan.ts';
import type { Plan } from './plan.ts';

const REMEDY = 'split the function; use fewer locals, loops and bulk operations in it';
const { factor } = COMPILE_COST_CAP;

/**
 * Answers the live slots summed over the edges of all functions. Throws `refused_module` for functions whose rewritten form a compiler
 * would choke on though the upload's passed.
 */
export function admitCompileCost(code: Code, plan: Plan): number {
  const refusals = new Refusals();
  let total = 0;
  for (let index = 0; index < code.codeStart.length; index++) total += admitFunction(code, plan, index, refusals);
  const limit = MODULE_LIMITS.stateProductTotal * factor;
  refusals.over('live slots x branches with checks', total, limit, 'all functions', REMEDY);
  refusals.check();
  return total;
}

/** Adds refusals for function `index` and returns its live slots summed over its edges, those of the checks included. */
function admitFunction(code: Code, plan: Plan, index: number, refusals: Refusals): number {
  const added = addedEdges(code, plan, index);
  const product = (code.products[index] as number) + added * (code.widths[index] as number);
  const edges = (code.edges[index] as number) + added;
  // Any check may stand inside of a `try`. Without calls of the guest's own there, the limit on edges bounds them.
  const calls = code.protectedCalls[index] as number;
  const place = `defined function ${index}`;
  const over = (what: string, value: number, limit: number): void => {
    refusals.over(`${what} with checks`, value, limit * factor, place, REMEDY);
  };
  over('live slots x branches', product, MODULE_LIMITS.stateProduct);
  over('branches and labels', edges, MODULE_LIMITS.edges);
  if (calls > 0) over('calls inside of try', calls + Math.ceil(added / EDGES_PER_CHECK), MODULE_LIMITS.protectedCalls);
  return product;
}

/** The `if` of a check and its call, which is an edge too when a handler is around it. */
const EDGES_PER_CHECK = 2;
/** What hoisting adds: three blocks, three branches, a call. */
const EDGES_OF_HOIST = 7;
/** What doubling adds beside the second body: four blocks, four branches, a call. */
const EDGES_OF_DOUBLE = 9;

/** Edges that the plan adds to function `index`, not fewer than it really does. */
export function addedEdges(code: Code, plan: Plan, index: number): number {
  let added = (plan.entry[index] as number) * EDGES_PER_CHECK;
  const end = code.first[index + 1] as number;
  for (let row = code.first[index] as number; row < end; row++) {
    const mark = plan.marks[row] as number;
    if (mark !== 0) added += edgesOf(code, row, mark);
  }
  return added;
}

function edgesOf(code: Code, row: number, mark: number): number {
  const checks = (mark & (Mark.before | Mark.after)) === 0 ? 0 : EDGES_PER_CHECK;
  if ((mark & Mark.hoist) !== 0) return checks + EDGES_OF_HOIST;
  if ((mark & Mark.twice) !== 0) return checks + EDGES_OF_DOUBLE + edgesInside(code, row);
  if ((mark & Mark.fourTimes) === 0) return checks;
  // Each copy but the last is a block with a branch out of it, and one check stands after the first.
  return checks + 1 + EDGES_PER_CHECK + 3 * (2 + edgesInside(code, row));
}

/** Edges of the body of the loop in row `row`, not fewer than it has: a label takes a byte at least. */
function edgesInside({ events }: Code, row: number): number {
  let edges = 0;
  for (let at = row + 1; at < (events.b[row] as number); at++) {
    edges += events.op[at] === Op.brTable ? (events.end[at] as number) - (events.start[at] as number) : 1;
  }
  return edges;
}
