/** Admission limits on what a module declares; those on bodies are applied by the walk, those on counts by the decoder. */

import { MODULE_LIMITS } from '../limits.ts';
import type { Import, Limits, Module, Table } from '../wasm/module.ts';
import { quoteName } from '../wasm/refusals.ts';
import type { Refusals } from '../wasm/refusals.ts';

/** Adds a refusal for every limit that the declarations break. `maxBytes` bounds the bytes outside custom sections. */
export function admitSizes(module: Module, maxBytes: number, refusals: Refusals): void {
  refusals.over(
    'bytes',
    module.strippedBytes,
    maxBytes,
    'the module without custom sections',
    'optimize for size or ask the operator',
  );
  const dataBytes = module.data.range.end - module.data.range.start;
  refusals.over('bytes', dataBytes, MODULE_LIMITS.dataBytes, 'the data section', 'load large data at run time');
  for (const entry of module.imports) admitImportKind(entry, refusals);
  admitMemories(module.memories, refusals);
  admitTables(module.tables, refusals);
}

function admitImportKind(entry: Import, refusals: Refusals): void {
  if (entry.kind === 'function') return;
  const name = `${quoteName(entry.module)}.${quoteName(entry.name)}`;
  refusals.add(`import ${name} is a ${entry.kind}`, `import functions only; define the ${entry.kind} in the module`);
}

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
  for (const { limits } of tables) {
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
