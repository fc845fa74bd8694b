/** What Kerb does with the bytes of a module: the chain from its parser to the rewritten module. */

import { KerbError } from '../../../src/errors.ts';
import { inspect } from '../../../src/instrument/instrument.ts';
import type { InstrumentOptions, Instrumented } from '../../../src/instrument/instrument.ts';
import { MAX_MEMORY_PAGES } from '../../../src/limits.ts';
import { decode } from '../../../src/wasm/decode.ts';
import { signatureIndices } from '../../../src/wasm/instructions.ts';
import type { Module } from '../../../src/wasm/module.ts';
import { Refusals } from '../../../src/wasm/refusals.ts';
import { formatSignature } from '../../../src/wasm/signature.ts';
import type { ImportTable, Signature } from '../../../src/wasm/signature.ts';

/** Name under which a module's own memory is exported to be seen from outside. */
export const OBSERVED_MEMORY = 'observe:memory';

/** The rewriter under test. */
export type Rewriter = (bytes: Uint8Array, options: InstrumentOptions) => Instrumented;

/** A module that Kerb takes. */
export interface Candidate {
  readonly original: Uint8Array<ArrayBuffer>;
  readonly rewritten: Instrumented;
  /** The functions that it defines and exports, by name: those that the rewritten module keeps. */
  readonly functions: ReadonlyMap<string, Signature>;
  /** Exported globals by name: their indices. */
  readonly globals: ReadonlyMap<string, number>;
  readonly hasMemory: boolean;
  /** Whether the original exports its memory for observation. */
  readonly observesMemory: boolean;
}

/** How the chain ended; `lines` are the reasons, one each. `broken` is a fault of Kerb's own. */
export type Admission =
  | { readonly state: 'admitted'; readonly candidate: Candidate }
  | { readonly state: 'malformed' | 'refused' | 'invalid' | 'broken'; readonly lines: readonly string[] };

/**
 * Takes bytes through the whole chain: `inspect`, V8's validation, the rewriter with every function export kept and the functions
 * of `offered` as imports, V8's validation of the output. Never throws: whatever is no clean refusal is `broken`.
 */
export function admit(bytes: Uint8Array<ArrayBuffer>, offered: ImportTable, rewriter: Rewriter): Admission {
  try {
    inspect(bytes);
    if (!WebAssembly.validate(bytes)) return { state: 'invalid', lines: ['V8 does not validate the module'] };
    const module = decode(bytes, new Refusals());
    const functions = functionExports(module);
    const options = { imports: offered, exports: functions, maxMemoryPages: MAX_MEMORY_PAGES };
    const rewritten = rewriter(bytes, options);
    if (!WebAssembly.validate(rewritten.bytes))
      return { state: 'broken', lines: ['V8 does not validate the rewritten module'] };
    const globals = new Map(
      module.exports.flatMap(({ kind, name, index }) => (kind === 'global' ? [[name, index]] : [])),
    );
    const hasMemory = module.memories.length > 0;
    const observesMemory = module.exports.some(({ name }) => name === OBSERVED_MEMORY);
    const candidate = { original: bytes, rewritten, functions, globals, hasMemory, observesMemory };
    return { state: 'admitted', candidate };
  } catch (error) {
    return refusalOf(error);
  }
}

/** The indices and types of the globals that instructions can set; empty for bytes that are refused. */
export function mutableGlobals(bytes: Uint8Array<ArrayBuffer>): Module['globals']['mutable'] {
  try {
    return decode(bytes, new Refusals()).globals.mutable;
  } catch {
    return [];
  }
}

function refusalOf(error: unknown): Admission {
  if (error instanceof KerbError && error.code === 'refused_module') return { state: 'refused', lines: error.details };
  if (error instanceof KerbError && error.code === 'bad_module') return { state: 'malformed', lines: [error.message] };
  return { state: 'broken', lines: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
}

/** Exports of imports are left out: a rewritten module has none. */
function functionExports(module: Module): ReadonlyMap<string, Signature> {
  const signatures = signatureIndices(module);
  const imported = signatures.length - module.functions.length;
  const own = module.exports.filter(({ kind, index }) => kind === 'function' && index >= imported);
  return new Map(
    own.map(({ name, index }) => {
      const type = module.types[signatures[index] ?? -1];
      return [name, formatSignature(type ?? { params: [], results: [] })];
    }),
  );
}
