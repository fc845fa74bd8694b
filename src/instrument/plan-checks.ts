/** Runs the passes that decide where checks go, in the order in which each relies on the ones before. */

import type { Code } from '../wasm/events.ts';
import type { Module } from '../wasm/module.ts';
import { planBulk } from './bulk.ts';
import { buildCallGraph } from './call-graph.ts';
import { admitCompileCost } from './compile-cost.ts';
import type { Layout } from './layout.ts';
import { planLoops } from './loops.ts';
import { emptyPlan } from './plan.ts';
import type { Plan } from './plan.ts';
import { breakCycles } from './recursion.ts';
import { planStraightLines } from './straight-line.ts';

/** The complete plan of a module. Throws `refused_module` if it would cost too much. */
export function planChecks(module: Module, code: Code, layout: Layout): Plan {
  const plan = emptyPlan(code);
  planLoops(module, code, plan);
  planBulk(code, plan);
  const graph = buildCallGraph(module, code, layout);
  const recursion = breakCycles(code, graph);
  plan.entry.set(recursion.removed.subarray(0, graph.functions));
  planStraightLines(module, code, layout, graph, recursion, plan);
  return { ...plan, stateProduct: admitCompileCost(code, plan) };
}
