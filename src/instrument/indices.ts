/** Checks that every index a pass will follow exists, so that passes need no checks of their own. */

import type { Code } from '../wasm/events.ts';
import { signatureIndices } from '../wasm/instructions.ts';
import { importsOf } from '../wasm/module.ts';
import type { Module } from '../wasm/module.ts';
import { Op } from '../wasm/opcodes.ts';
import { malformed } from '../wasm/reader.ts';

/** Throws `bad_module` for an index of a type, function or memory that does not exist. */
export function checkIndices(module: Module, code: Code): void {
  const types = module.types.length;
  const functions = importsOf(module, 'function').length + module.functions.length;
  checkTypes(module, types);
  checkFunctions(module, functions);
  checkMemoryUse(module, code);
  const { events } = code;
  for (let row = 0; row < events.length; row++) {
    const op = events.op[row] as number;
    if (op === Op.call || op === Op.returnCall || op === Op.refFunc)
      check(events.a[row], functions, 'function', events.start[row]);
    else if (op === Op.callIndirect || op === Op.returnCallIndirect)
      check(events.a[row], types, 'type', events.start[row]);
  }
}

function check(index = -1, count: number, what: string, at = 0): void {
  if (index < 0 || index >= count) throw malformed(at, `unknown ${what} ${index}`);
}

function checkTypes(module: Module, types: number): void {
  for (const index of signatureIndices(module)) check(index, types, 'type');
  for (const index of module.tags) check(index, types, 'type');
}

function checkFunctions(module: Module, functions: number): void {
  const { references } = module;
  for (let at = 0; at < references.length; at += 3) check(references[at + 2], functions, 'function', references[at]);
  for (const entry of module.exports) if (entry.kind === 'function') check(entry.index, functions, 'function');
  if (module.start !== null) check(module.start, functions, 'function');
}

/** Without this an instruction of a module without a memory would reach the epoch memory, which takes index 0 there. */
function checkMemoryUse(module: Module, code: Code): void {
  const used = code.usesMemory || module.data.active > 0 || module.exports.some((entry) => entry.kind === 'memory');
  if (used && module.memories.length === 0)
    throw malformed(0, 'unknown memory 0: an instruction, segment or export needs it');
  for (const entry of module.exports) if (entry.kind === 'memory') check(entry.index, 1, 'memory');
}
