/**
 * Bounds the cost between two checks on every path, calls included: a chain of functions that each call the next sixteen times
 * runs 16^8 leaves without a loop and without recursion.
 */

import type { Code } from '../wasm/events.ts';
import type { Module } from '../wasm/module.ts';
import { importedSignatures } from './call-graph.ts';
import type { CallGraph } from './call-graph.ts';
import type { Layout } from './layout.ts';
import { LineWalk } from './line-walk.ts';
import { IMPORT_COST, NONE } from './line-state.ts';
import type { Summaries } from './line-state.ts';
import type { Plan } from './plan.ts';
import type { Recursion } from './recursion.ts';

/**
 * Adds checks to `plan`, callees first, wherever the cost since the last one would pass the limit; loops, bulk operations and
 * entry checks must be planned already. Also places the checks of cycles broken at signatures and of direct recursion.
 */
export function planStraightLines(
  module: Module,
  code: Code,
  layout: Layout,
  graph: CallGraph,
  recursion: Recursion,
  plan: Plan,
): void {
  const summaries = newSummaries(graph, recursion);
  const imports = importedSignatures(module, layout, graph);
  const walk = new LineWalk({ module, code, layout, graph, recursion, plan, summaries });
  const order = Array.from(recursion.rank.keys()).sort(
    (left, right) => (recursion.rank[left] as number) - (recursion.rank[right] as number),
  );
  for (const node of order) {
    if (node < graph.functions) walk.function(node);
    else joinMembers(graph, node, imports[node - graph.functions] === 1, summaries);
  }
}

function newSummaries(graph: CallGraph, recursion: Recursion): Summaries {
  const summaries: Summaries = {
    head: new Int32Array(graph.size),
    through: new Int32Array(graph.size).fill(NONE),
    tail: new Int32Array(graph.size).fill(NONE),
    capped: new Uint8Array(graph.size),
  };
  for (let node = 0; node < graph.size; node++) {
    if (recursion.removed[node] === 0 && recursion.direct[node] === 0) continue;
    summaries.capped[node] = 1;
    if (node < graph.functions) continue;
    for (let edge = graph.offsets[node] as number; edge < (graph.offsets[node + 1] as number); edge++) {
      summaries.capped[graph.targets[edge] as number] = 1;
    }
  }
  return summaries;
}

/** A signature costs what its most expensive function does. */
function joinMembers(graph: CallGraph, node: number, imports: boolean, summaries: Summaries): void {
  const { head, through, tail } = summaries;
  head[node] = through[node] = imports ? IMPORT_COST : 0;
  for (let edge = graph.offsets[node] as number; edge < (graph.offsets[node + 1] as number); edge++) {
    const member = graph.targets[edge] as number;
    head[node] = Math.max(head[node], head[member] as number);
    through[node] = Math.max(through[node], through[member] as number);
    tail[node] = Math.max(tail[node] as number, tail[member] as number);
  }
}
