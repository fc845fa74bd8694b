/** Policy on what crosses the boundary: the guest's imports and exports, its memory budget, its start function. */

import { MAX_MEMORY_PAGES } from '../limits.ts';
import { signatureIndices } from '../wasm/instructions.ts';
import type { Export, Import, Module } from '../wasm/module.ts';
import { quoteName } from '../wasm/refusals.ts';
import type { Refusals } from '../wasm/refusals.ts';
import { explainSignature, formatSignature } from '../wasm/signature.ts';
import type { ExportTable, ImportTable, Signature } from '../wasm/signature.ts';
import { SANDBOX_MODULE } from './sandbox-imports.ts';

/** What a guest is offered and asked for. */
export interface Policy {
  readonly imports: ImportTable;
  readonly exports: ExportTable;
  readonly maxMemoryPages: number;
}

/** Adds a refusal for every import, export and bound that the policy does not cover. */
export function admitPolicy(module: Module, policy: Policy, refusals: Refusals): void {
  for (const entry of module.imports)
    if (entry.kind === 'function') admitImport(module, entry, policy.imports, refusals);
  const signatures = signatureIndices(module);
  const imported = signatures.length - module.functions.length;
  for (const entry of module.exports) admitExport(module, entry, signatures, imported, policy.exports, refusals);
  if (module.start !== null && module.start < imported)
    refusals.add('the start function is an import', 'start with a function of the module');
  admitMemory(module, policy.maxMemoryPages, refusals);
}

function admitImport(module: Module, entry: Import, offered: ImportTable, refusals: Refusals): void {
  const name = `${quoteName(entry.module)}.${quoteName(entry.name)}`;
  if (entry.module === SANDBOX_MODULE) {
    refusals.add(`import ${name} uses the sandbox's own module name`, 'remove the import');
    return;
  }
  const wanted = offered.get(entry.module)?.get(entry.name);
  const given = signatureOf(module, entry.type);
  if (wanted === undefined)
    refusals.add(`import ${name} is not offered`, 'grant the capability that it belongs to or build without it');
  else if (wanted !== given) {
    refusals.add(
      `import ${name} has the signature ${explainSignature(given)}`,
      `declare it as ${explainSignature(wanted)}`,
    );
  }
}

function admitExport(
  module: Module,
  entry: Export,
  signatures: Uint32Array,
  imported: number,
  kept: ExportTable,
  refusals: Refusals,
): void {
  const wanted = kept.get(entry.name);
  if (wanted === undefined) return;
  const name = quoteName(entry.name);
  if (entry.kind !== 'function') refusals.add(`export ${name} is a ${entry.kind}`, 'export a function of that name');
  else if (entry.index < imported) refusals.add(`export ${name} is an import`, 'export a function of the module');
  else {
    const given = signatureOf(module, signatures[entry.index] ?? -1);
    const accepted: readonly Signature[] = typeof wanted === 'string' ? [wanted] : wanted;
    if (!accepted.includes(given))
      refusals.add(
        `export ${name} has the signature ${explainSignature(given)}`,
        `declare it as ${accepted.map(explainSignature).join(' or ')}`,
      );
  }
}

function signatureOf(module: Module, type: number): Signature {
  return formatSignature(module.types[type] ?? { params: [0], results: [0] });
}

function admitMemory(module: Module, budget: number, refusals: Refusals): void {
  const memory = module.memories[0];
  if (memory === undefined || memory.wide) return;
  if (memory.initial > Math.min(budget, MAX_MEMORY_PAGES)) {
    refusals.add(
      `the memory starts with ${memory.initial} pages of 64 KiB, at most ${budget}`,
      `raise limits.memory_mb to ${Math.ceil(memory.initial / 16)} or declare less`,
    );
  }
}
