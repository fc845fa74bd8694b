/** Breaks every cycle of the call graph at a few hubs, where checks then go. */

import type { Code } from '../wasm/events.ts';
import type { CallGraph } from './call-graph.ts';
import { components } from './graph.ts';

/** The nodes at which cycles are broken. */
export interface Recursion {
  /**
   * 1 for each removed node of the graph: a function checks on entry, a signature is checked at each of its calls. What is left
   * has no cycles but those of {@link Recursion.direct}.
   */
  readonly removed: Uint8Array;
  /** 1 for each remaining function that calls itself: those calls are checked where nothing before them was. */
  readonly direct: Uint8Array;
  /** Rank of each node: callees have lower ranks than callers, except across removed nodes and direct recursion. */
  readonly rank: Int32Array;
}

/** Rounds of removal. The share of a component that goes grows with the round, so that hostile graphs end: the last takes all. */
const ROUNDS = 12;
const FIRST_SHARE = 1 / 64;
const SIGNATURE_SIZE = 64;

/** Removes, round by round, the nodes with the largest product of in-degree, out-degree and size from each component with a cycle. */
export function breakCycles(code: Code, graph: CallGraph): Recursion {
  const alive = new Uint8Array(graph.size).fill(1);
  for (let round = 0; round < ROUNDS; round++) {
    const share = round === ROUNDS - 1 ? 1 : Math.min(1, FIRST_SHARE * 1.5 ** round);
    if (!removeHubs(code, graph, alive, share)) break;
  }
  const removed = alive.map((flag) => 1 - flag);
  return { removed, direct: selfCallers(graph, alive), rank: ranks(graph, alive) };
}

function removeHubs(code: Code, graph: CallGraph, alive: Uint8Array, share: number): boolean {
  const { of, count } = components(graph, alive);
  const members = groupLarge(of, count);
  const score = scores(code, graph, of);
  for (const nodes of members) {
    nodes.sort((left, right) => (score[right] as number) - (score[left] as number) || left - right);
    const keep = share === 1 ? 0 : nodes.length - Math.max(1, Math.floor(nodes.length * share));
    for (let at = 0; at < nodes.length - keep; at++) alive[nodes[at] as number] = 0;
  }
  return members.length > 0;
}

/** The components of two nodes or more. */
function groupLarge(of: Int32Array, count: number): number[][] {
  const sizes = new Uint32Array(count);
  for (const component of of) if (component >= 0) sizes[component] = (sizes[component] as number) + 1;
  const groups = new Map<number, number[]>();
  of.forEach((component, node) => {
    if (component < 0 || (sizes[component] as number) < 2) return;
    const group = groups.get(component);
    if (group === undefined) groups.set(component, [node]);
    else group.push(node);
  });
  return [...groups.values()];
}

function scores(code: Code, graph: CallGraph, of: Int32Array): Float64Array {
  const incoming = new Uint32Array(graph.size);
  const outgoing = new Uint32Array(graph.size);
  for (let node = 0; node < graph.size; node++) {
    for (let edge = graph.offsets[node] as number; edge < (graph.offsets[node + 1] as number); edge++) {
      const target = graph.targets[edge] as number;
      if (of[node] !== of[target] || of[node] === -1) continue;
      incoming[target] = (incoming[target] as number) + 1;
      outgoing[node] = (outgoing[node] as number) + 1;
    }
  }
  return Float64Array.from(incoming, (count, node) => count * (outgoing[node] as number) * sizeOf(code, graph, node));
}

function sizeOf(code: Code, graph: CallGraph, node: number): number {
  if (node >= graph.functions) return SIGNATURE_SIZE;
  const last = (code.first[node + 1] as number) - 1;
  return (code.events.end[last] as number) - (code.codeStart[node] as number);
}

function selfCallers(graph: CallGraph, alive: Uint8Array): Uint8Array {
  const result = new Uint8Array(graph.size);
  for (let node = 0; node < graph.functions; node++) {
    const callees = graph.targets.subarray(graph.offsets[node], graph.offsets[node + 1]);
    if (alive[node] === 1 && callees.includes(node)) result[node] = 1;
  }
  return result;
}

/** Removed functions still need a rank: they are ranked by what they call, as if nothing called them. */
function ranks(graph: CallGraph, alive: Uint8Array): Int32Array {
  const rank = components(graph, alive).of;
  const top = rank.reduce((most, value) => Math.max(most, value), -1) + 1;
  let next = top;
  for (let node = 0; node < graph.size; node++) if (alive[node] === 0) rank[node] = next++;
  return rank;
}
