/** Admission limits on what a module declares; those on bodies are applied by the walk, those on counts by the decoder. */

import { MODULE_LIMITS } from '../limits.ts';
import { Value } from '../wasm/module.ts';
import type { Import, Limits, Module, Table, ValueType } from '../wasm/module.ts';
import { quoteName } from '../wasm/refusals.ts';
import type { Refusals } from '../wasm/refusals.ts';

/** Adds a refusal for every limit that the declarations break. `maxBytes` bounds the bytes outside custom sections. */
export function admitSizes(module: Module, maxBytes: number, refusals: Refusals): void {
  refusals.over(
    'bytes',
    module.strippedBytes,
    maxBytes,
    'the module without custom sections',
    'optimize for size, or have the operator raise --max-module',
  );
  const dataBytes = module.data.range.end - module.data.range.start;
  refusals.over('bytes', dataBytes, MODULE_LIMITS.dataBytes, 'the data section', 'load large data at run time');
  admitInstantiation(module, refusals);
  for (const entry of module.imports) admitImportKind(entry, refusals);
  for (const [index, type] of module.tags.entries()) admitTag(index, module.types[type]?.params ?? [], refusals);
  admitMemories(module.memories, refusals);
  admitTables(module.tables, refusals);
}

function admitImportKind(entry: Import, refusals: Refusals): void {
  if (entry.kind === 'function') return;
  const name = `${quoteName(entry.module)}.${quoteName(entry.name)}`;
  refusals.add(`import ${name} is a ${entry.kind}`, `import functions only; define the ${entry.kind} in the module`);
}

/** What every instance pays before any of its code runs, where nothing can interrupt it. */
function admitInstantiation({ constants, data }: Module, refusals: Refusals): void {
  const { constantBytesTotal, dataPages } = MODULE_LIMITS;
  const later = 'compute values at run time';
  refusals.over('bytes', constants.bytes, constantBytesTotal, 'all constant expressions', later);
  refusals.over('pages of 4 KiB', data.pages, dataPages, 'the data segments', 'place them close together, in order');
}

/** An exception lives outside of the memory budget: it must be small, and none may hold another. */
function admitTag(index: number, params: readonly ValueType[], refusals: Refusals): void {
  const remedy = 'throw a pointer to the data';
  refusals.over('parameters', params.length, MODULE_LIMITS.tagParams, `tag ${index}`, remedy);
  if (params.some((type) => !NUMBERS.has(type)))
    refusals.add(`tag ${index} has a parameter that is no number (i32, i64, f32, f64)`, remedy);
}

const NUMBERS: ReadonlySet<ValueType> = new Set([Value.i32, Value.i64, Value.f32, Value.f64]);

function admitMemories(memories: readonly Limits[], refusals: Refusals): void {
  refusals.over(
    'memories',
    memories.length,
    MODULE_LIMITS.memories,
    'the memory section',
    'compile without multiple memories',
  );
  for (const memory of memories) {
    if (memory.wide) refusals.add('the memory has 64-bit addresses', 'compile for wasm32, not wasm64');
    if (memory.shared) refusals.add('the memory is shared', 'compile without threads (no --shared-memory)');
    if (memory.customPageSize) refusals.add('the memory has a custom page size', 'use pages of 64 KiB');
  }
}

function admitTables(tables: readonly Table[], refusals: Refusals): void {
  refusals.over('tables', tables.length, MODULE_LIMITS.tables, 'the table section', 'merge the tables');
  const entries = tables.reduce((sum, table) => sum + table.limits.initial, 0);
  refusals.over('table entries', entries, MODULE_LIMITS.tableEntries, 'all tables', 'use smaller tables');
  for (const { element, limits } of tables) {
    if (element === Value.exnref) refusals.add('a table holds exceptions (exnref)', 'keep exceptions in locals');
    if (limits.wide) refusals.add('a table has 64-bit indices', 'compile for wasm32, not wasm64');
    if (limits.shared || limits.customPageSize)
      refusals.add('a table has the flags of a memory', 'compile without threads');
  }
}

/** The maximum that table `index` gets: what it declared, at most its share of the entries that all tables leave free. */
export function tableMaximum(tables: readonly Table[], index: number): number {
  const used = tables.reduce((sum, table) => sum + table.limits.initial, 0);
  const share = Math.floor((MODULE_LIMITS.tableEntries - used) / tables.length);
  const { initial = 0, maximum = null } = tables[index]?.limits ?? {};
  return Math.min(maximum ?? Infinity, initial + share);
}
