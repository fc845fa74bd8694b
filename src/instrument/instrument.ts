/** The entry points: look at an upload, and turn it into a module that can be interrupted, bounded and pooled. */

import { MAX_MEMORY_PAGES, MODULE_LIMITS, OUTPUT_CAP } from '../limits.ts';
import { signatureIndices } from '../wasm/instructions.ts';
import { importsOf } from '../wasm/module.ts';
import type { Export, ExternalKind, Module } from '../wasm/module.ts';
import { formatSignature } from '../wasm/signature.ts';
import type { ExportTable, ImportTable, Signature } from '../wasm/signature.ts';
import { admitPolicy } from './admission.ts';
import { assemble } from './assemble.ts';
import type { Surface } from './assemble.ts';
import { rewriteCode, tooLarge } from './code-section.ts';
import { layOut } from './layout.ts';
import { parse } from './parse.ts';
import { planChecks } from './plan-checks.ts';
import { MEMORY_EXPORT, START_EXPORT } from './sandbox-imports.ts';
import { stateExports } from './state.ts';

/** What a guest is offered, which of its exports are wanted, and how much it may have. */
export interface InstrumentOptions {
  /** The functions that this guest may import, with their exact signatures: those of its ABI and its grants. */
  readonly imports: ImportTable;
  /** Imports that may make the guest wait, as `module.name`; by default none. */
  readonly suspending?: ReadonlySet<string>;
  /** Function exports to keep, with their exact signatures. All others are dropped, except the memory named `memory`. */
  readonly exports: ExportTable;
  /** Budget of the memory in pages of 64 KiB: its maximum becomes the smaller of the declared one and this. */
  readonly maxMemoryPages: number;
  /** Bytes outside custom sections; by default {@link MODULE_LIMITS.bytes}. */
  readonly maxModuleBytes?: number;
}

/** What rewriting found and did. */
export interface ModuleReport {
  /** The guest's own function imports, in order. */
  readonly imports: readonly { readonly module: string; readonly name: string; readonly signature: Signature }[];
  /** The wanted function exports that the module has. */
  readonly exports: readonly string[];
  /** Bounds of the memory import; null when the guest has no memory. */
  readonly memory: { readonly initialPages: number; readonly maximumPages: number } | null;
  /** Name of the export that the start section became; it must be called, once and under budgets, before any other. */
  readonly startExport: string | null;
  readonly mutableGlobals: number;
  /**
   * Names of the exports that are all the state of an instance beside its memory; null when there is more (tables that change,
   * segments that are dropped, globals that the host cannot set, or too many of them). With it a used instance whose memory was
   * not grown can be put back to the state of a new one.
   */
  readonly stateExports: readonly string[] | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Functions that the guest defines. */
  readonly functions: number;
  /** Distinct function types of the output. */
  readonly types: number;
  /** Checks of the epoch word in the guest's own functions: those of helpers are not counted. */
  readonly checks: number;
  /** What compiling the output takes beside its size: live slots summed over the edges of all functions. */
  readonly stateProduct: number;
}

/** A rewritten module. */
export interface Instrumented {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly report: ModuleReport;
}

/** What an upload imports, exports and declares. */
export interface ModuleSummary {
  readonly imports: readonly {
    readonly module: string;
    readonly name: string;
    readonly kind: ExternalKind;
    readonly signature: Signature | null;
  }[];
  readonly exports: readonly {
    readonly name: string;
    readonly kind: ExternalKind;
    readonly signature: Signature | null;
  }[];
  readonly memories: readonly { readonly initialPages: number; readonly maximumPages: number | null }[];
  readonly hasStart: boolean;
  readonly functions: number;
  /** Every function type of the module, used or not, as often as it is written. */
  readonly signatures: readonly Signature[];
  /** Bytes outside custom sections. */
  readonly bytes: number;
}

/**
 * Rewrites a module: its memory becomes an import, loops, recursion, bulk operations and long straight lines check the epoch word,
 * tables get maxima, the start section becomes an export, and what the ABI does not use is dropped. Semantics stay as they are,
 * except that growth past the budget fails.
 *
 * The caller validates `bytes` before (after {@link inspect}) and the output after: this function assumes no more than what it
 * checks itself, and never does work or uses memory out of proportion to `bytes.length`.
 *
 * Throws `bad_module` for malformed bytes, and `refused_module` whose details list everything that Kerb does not run, each line with
 * its remedy and under 200 characters.
 */
export function instrument(bytes: Uint8Array, options: InstrumentOptions): Instrumented {
  const { module, code } = parse(bytes, options.maxModuleBytes ?? MODULE_LIMITS.bytes, (parsed, refusals) => {
    admitPolicy(parsed, options, refusals);
  });
  const layout = layOut(module, code, (entry) => options.suspending?.has(`${entry.module}.${entry.name}`) ?? false);
  const cap = module.strippedBytes * OUTPUT_CAP.factor + OUTPUT_CAP.slack;
  const plan = planChecks(module, code, layout);
  const rewritten = rewriteCode(module, code, layout, plan, cap);
  const state = stateExports(module, code);
  const surface = surfaceOf(module, options, state ?? []);
  const output = assemble(module, layout, code, rewritten, surface);
  if (output.length > cap) throw tooLarge(cap);
  const report: ModuleReport = {
    imports: importsOf(module, 'function').map((entry) => ({
      module: entry.module,
      name: entry.name,
      signature: signatureAt(module, entry.type),
    })),
    exports: surface.exports.filter((entry) => entry.kind === 'function').map((entry) => entry.name),
    memory: surface.memory,
    startExport: module.start === null ? null : START_EXPORT,
    mutableGlobals: module.globals.mutable.length,
    stateExports: state?.map(({ name }) => name) ?? null,
    bytesIn: bytes.length,
    bytesOut: output.length,
    functions: module.functions.length,
    types: layout.types.length,
    checks: rewritten.checks,
    stateProduct: plan.stateProduct,
  };
  return { bytes: output, report };
}

/**
 * Looks at an upload without rewriting it, to detect its ABI. Every admission limit holds for what this returns, so that V8 may
 * see the bytes. Throws like {@link instrument}.
 */
export function inspect(bytes: Uint8Array, maxModuleBytes: number = MODULE_LIMITS.bytes): ModuleSummary {
  const { module } = parse(bytes, maxModuleBytes, () => undefined);
  const signatures = signatureIndices(module);
  return {
    imports: module.imports.map(({ module: from, name, kind, type }) => ({
      module: from,
      name,
      kind,
      signature: kind === 'function' ? signatureAt(module, type) : null,
    })),
    exports: module.exports.map(({ name, kind, index }) => ({
      name,
      kind,
      signature: kind === 'function' ? signatureAt(module, signatures[index] ?? -1) : null,
    })),
    memories: module.memories.map(({ initial, maximum }) => ({ initialPages: initial, maximumPages: maximum })),
    hasStart: module.start !== null,
    functions: module.functions.length,
    signatures: module.types.map(formatSignature),
    bytes: module.strippedBytes,
  };
}

function signatureAt(module: Module, type: number): Signature {
  return formatSignature(module.types[type] ?? { params: [], results: [] });
}

function surfaceOf(module: Module, options: InstrumentOptions, state: readonly Export[]): Surface {
  const memory = module.memories[0];
  const kept = (entry: Export): boolean =>
    entry.kind === 'function'
      ? options.exports.has(entry.name)
      : entry.kind === 'memory' && entry.name === MEMORY_EXPORT;
  const maximumPages = Math.min(memory?.maximum ?? MAX_MEMORY_PAGES, options.maxMemoryPages, MAX_MEMORY_PAGES);
  return {
    exports: [...module.exports.filter(kept), ...state],
    memory: memory === undefined ? null : { initialPages: memory.initial, maximumPages },
  };
}
