/** Who may call whom: functions, and one node per signature of indirect calls. */

import type { Code } from '../wasm/events.ts';
import type { Module } from '../wasm/module.ts';
import { Op } from '../wasm/opcodes.ts';
import { signatureIndices } from '../wasm/instructions.ts';
import type { Graph } from './graph.ts';
import type { Layout } from './layout.ts';

/**
 * Nodes `[0, functions)` are the defined functions in order; node `functions + t` stands for every function of the output's
 * type `t` whose address is taken. Tail calls are edges like calls. Edges to imports are left out: they end in the host.
 */
export interface CallGraph extends Graph {
  readonly functions: number;
  /** 1 for each function, imports first, that a table or `ref.func` may hand out. */
  readonly addressTaken: Uint8Array;
}

/** Builds the graph; parallel edges are merged. */
export function buildCallGraph(module: Module, code: Code, layout: Layout): CallGraph {
  const functions = module.functions.length;
  const size = functions + layout.types.length;
  const addressTaken = takenAddresses(module, code, layout.imported + functions);
  const offsets = new Uint32Array(size + 1);
  const targets: number[] = [];
  const seen = new Int32Array(size).fill(-1);
  for (let node = 0; node < functions; node++) {
    offsets[node] = targets.length;
    addCallees(code, layout, node, functions, (target) => {
      if (seen[target] !== node) targets.push(target);
      seen[target] = node;
    });
  }
  addMembers(module, layout, addressTaken, offsets, targets);
  offsets[size] = targets.length;
  return { size, functions, offsets, targets: Uint32Array.from(targets), addressTaken };
}

function takenAddresses(module: Module, code: Code, functions: number): Uint8Array {
  const taken = new Uint8Array(functions);
  for (let at = 2; at < module.references.length; at += 3) taken[module.references[at] as number] = 1;
  const { events } = code;
  for (let row = 0; row < events.length; row++) if (events.op[row] === Op.refFunc) taken[events.a[row] as number] = 1;
  return taken;
}

function addCallees(code: Code, layout: Layout, node: number, functions: number, add: (target: number) => void): void {
  const { events, first } = code;
  const end = first[node + 1] as number;
  for (let row = first[node] as number; row < end; row++) {
    const op = events.op[row] as number;
    const index = events.a[row] as number;
    if (op === Op.call || op === Op.returnCall) {
      if (index >= layout.imported) add(index - layout.imported);
    } else if (op === Op.callIndirect || op === Op.returnCallIndirect) add(functions + (layout.map[index] as number));
  }
}

function addMembers(module: Module, layout: Layout, taken: Uint8Array, offsets: Uint32Array, targets: number[]): void {
  const functions = module.functions.length;
  const members: number[][] = layout.types.map(() => []);
  for (let node = 0; node < functions; node++) {
    if (taken[layout.imported + node] === 1)
      members[layout.map[module.functions[node] as number] as number]?.push(node);
  }
  members.forEach((nodes, type) => {
    offsets[functions + type] = targets.length;
    for (const node of nodes) targets.push(node);
  });
}

/** 1 for each type of the output of which an imported function's address is taken. */
export function importedSignatures(module: Module, layout: Layout, graph: CallGraph): Uint8Array {
  const result = new Uint8Array(layout.types.length);
  const signatures = signatureIndices(module);
  for (let index = 0; index < layout.imported; index++) {
    if (graph.addressTaken[index] === 1) result[layout.map[signatures[index] as number] as number] = 1;
  }
  return result;
}
