/** From the bytes of an upload to bytes that may be compiled: detection, admission, rewriting. */
import { abiOf } from '../abi/detect.ts';
import type { AbiName } from '../abi/abi.ts';
import { KerbError } from '../errors.ts';
import { inspect, instrument } from '../instrument/instrument.ts';
import type { ModuleShape } from '../runtime/deployment.ts';
import type { Signature } from '../wasm/signature.ts';
import type { TypeCensus } from './type-census.ts';

/** What is to be compiled. Crosses threads by structured clone. */
export interface CompileRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly abi: AbiName | 'auto';
  /** The memory budget, in pages of 64 KiB. */
  readonly maxMemoryPages: number;
}

/** What the rewriter counted. */
export interface CodeFigures {
  /** Functions that the module defines. */
  readonly functions: number;
  /** Distinct function types of the rewritten module. */
  readonly types: number;
  /** Checks of the epoch word that the rewriter put in. */
  readonly checks: number;
}

/** What the process admits, whoever asks. */
export interface Admission {
  readonly census: TypeCensus;
  /** Bytes of a module outside custom sections. */
  readonly maxModuleBytes: number;
}

/** A module that has been admitted and rewritten. */
export interface Prepared {
  /** What the rewriter made. Nobody has compiled it yet. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly abi: AbiName;
  readonly shape: ModuleShape;
  /** Function types of the upload, for the census. */
  readonly signatures: readonly Signature[];
  /** Size of the upload. */
  readonly bytesIn: number;
  readonly code: CodeFigures;
  /** What compiling it takes beside its size: live slots summed over the edges of all functions. */
  readonly stateProduct: number;
}

/**
 * Admits and rewrites a module.
 *
 * The order is a matter of safety: our own parser with its limits sees the bytes before V8 does, the types are counted before V8
 * keeps them, the original is validated because rewriting can make an invalid module valid, and so is what the rewriter made.
 *
 * Throws `bad_module` for bytes that are no valid module and `refused_module`, with everything that is wrong at once, for a
 * module that Kerb does not run.
 */
export function prepareModule(
  { bytes, abi: wanted, maxMemoryPages }: CompileRequest,
  { census, maxModuleBytes }: Admission,
): Prepared {
  const surface = inspect(bytes, maxModuleBytes);
  const abi = abiOf(surface, wanted);
  const exported = new Set(surface.exports.map(({ name }) => name));
  const missing = abi.requiredExports.filter((name) => !exported.has(name));
  if (missing.length > 0) {
    throw new KerbError('refused_module', `an ${abi.name} guest exports ${missing.join(', ')}; this module does not`);
  }
  census.admit(surface.signatures);
  if (!WebAssembly.validate(bytes)) throw new KerbError('bad_module', invalidity(bytes));
  const { bytes: rewritten, report } = instrument(bytes, {
    imports: abi.imports,
    suspending: abi.suspending,
    exports: abi.exports,
    maxMemoryPages,
    maxModuleBytes,
  });
  if (!WebAssembly.validate(rewritten)) {
    throw new KerbError('refused_module', 'the rewriter cannot carry this module; please report it with the module');
  }
  return {
    bytes: rewritten,
    abi: abi.name,
    shape: {
      imports: report.imports.map(({ module, name }) => ({ module, name })),
      exports: report.exports,
      memory: report.memory,
      startExport: report.startExport,
      stateExports: report.stateExports,
    },
    signatures: surface.signatures,
    bytesIn: bytes.length,
    code: { functions: report.functions, types: report.types, checks: report.checks },
    stateProduct: report.stateProduct,
  };
}

/** What the engine finds wrong: only asked for a module that it has just called invalid. */
function invalidity(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    void new WebAssembly.Module(bytes);
    return 'the module is not valid';
  } catch (error) {
    return error instanceof Error
      ? `the module is not valid: ${error.message.slice(0, 160)}`
      : 'the module is not valid';
  }
}
