/** Whether the start function can reach the host: it runs before the guest belongs to any request. */

import type { Code } from '../wasm/events.ts';
import type { Module } from '../wasm/module.ts';
import { Op } from '../wasm/opcodes.ts';
import { importedSignatures } from './call-graph.ts';
import type { CallGraph } from './call-graph.ts';
import type { Layout } from './layout.ts';

/** True when a call of an import can be reached from the start function, directly or through tables. */
export function callsOut(module: Module, code: Code, layout: Layout, graph: CallGraph): boolean {
  if (module.start === null) return false;
  if (module.start < layout.imported) return true;
  const viaTable = importedSignatures(module, layout, graph);
  const seen = new Uint8Array(graph.size);
  const open = [module.start - layout.imported];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen[node] === 1) continue;
    seen[node] = 1;
    if (node < graph.functions ? callsImport(code, layout, node) : viaTable[node - graph.functions] === 1) return true;
    for (const target of graph.targets.subarray(graph.offsets[node], graph.offsets[node + 1])) open.push(target);
  }
  return false;
}

function callsImport(code: Code, layout: Layout, node: number): boolean {
  const { events, first } = code;
  for (let row = first[node] as number; row < (first[node + 1] as number); row++) {
    const op = events.op[row];
    if ((op === Op.call || op === Op.returnCall) && (events.a[row] as number) < layout.imported) return true;
  }
  return false;
}
