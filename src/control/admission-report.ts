/** What admission found out about a version, as plain data: what is stored with it, and what `kerb check` shows. */
import type { Json } from '../store/records.ts';
import type { CodeFigures } from './compilation.ts';
import type { Compiled } from './compiler.ts';
import { capabilitiesOf, type ImportName } from './capabilities.ts';
import type { Manifest, ManifestLimits } from './manifest.ts';

/** What of a compiled module is told. */
export type CompiledFacts = Pick<Compiled, 'abi' | 'shape' | 'bytesIn' | 'bytesOut'>;

/** Whether instances are started, or begin with what one start has left. */
export interface StartUpKind {
  /** Bytes of the image that all instances begin with instead of a start of their own; `null`: they have one. */
  readonly imageBytes: number | null;
  /** Why each instance starts by itself; `null`: it does not, or has nothing to start. */
  readonly perInstance: string | null;
}

/** What one start of an instance cost, measured. */
export interface StartUpCost extends StartUpKind {
  /** CPU milliseconds inside the guest. */
  readonly cpuMs: number;
  /** Pages of 64 KiB that the instance had afterwards. */
  readonly memoryPages: number;
}

/** What of a filter is told. */
export interface FilterFacts {
  readonly name: string;
  readonly compiled: CompiledFacts;
  /** By default, and with `null`, no instance was tried. */
  readonly start?: StartUpKind | null;
}

/** Everything that a report is made from. */
export interface AdmissionFacts {
  readonly manifest: Manifest;
  readonly compiled: CompiledFacts;
  /** Its filters, in order; by default none. */
  readonly filters?: readonly FilterFacts[];
  /** SHA-256 of the uploaded module, in hex. */
  readonly digest: string;
  readonly code: CodeFigures;
  /** Milliseconds from the question to the compiler to its answer. */
  readonly compileMs: number;
  /** `null`: no instance was tried. */
  readonly startUp: StartUpCost | null;
  /** What of the upload was left out, each with its reason. */
  readonly notes: readonly string[];
}

const NO_RESET =
  'tables that change, segments that are dropped or globals that cannot be set are part of its state: each request gets a new instance';

/**
 * The report. Its keys are a contract with the API; names in it are the guest's, so whoever prints it quotes them. `capabilities` is
 * safe to print.
 */
export function admissionReport(facts: AdmissionFacts): { readonly [key: string]: Json } {
  const { manifest, compiled, filters = [], digest, code, compileMs, startUp, notes } = facts;
  const imports = importsOfAll([compiled, ...filters.map((filter) => filter.compiled)]);
  const { abi, shape, bytesIn, bytesOut } = compiled;
  return {
    tenant: manifest.name,
    digest,
    abi,
    imports: imports.map(({ module, name }) => ({ module, name })),
    exports: [...shape.exports],
    capabilities: capabilitiesOf(manifest, imports),
    filters: filters.map(({ name, compiled: { abi: own, bytesIn: size }, start = null }) => ({
      name,
      abi: own,
      size,
      startUp: start === null ? null : { ...start },
    })),
    memory: shape.memory === null ? null : { ...shape.memory },
    size: { in: bytesIn, out: bytesOut },
    code: { ...code },
    isolation: isolationOf(manifest, compiled),
    budgets: budgetsOf(manifest.limits),
    compileMs: Math.round(compileMs * 1000) / 1000,
    startUp: startUp === null ? null : { ...startUp },
    notes: [...notes],
  };
}

/** What the modules of an app import, each function once. */
export function importsOfAll(modules: readonly Pick<CompiledFacts, 'shape'>[]): readonly ImportName[] {
  const all = modules.flatMap(({ shape }) => shape.imports);
  return [...new Map(all.map((entry) => [JSON.stringify([entry.module, entry.name]), entry])).values()];
}

/** Whether a used instance can be put back to the state of a new one, which is what makes `request` cheap. */
function isolationOf({ isolation }: Manifest, { shape }: CompiledFacts): Json {
  const resettable = shape.stateExports !== null;
  return { wanted: isolation, resettable, why: resettable ? null : NO_RESET };
}

function budgetsOf(limits: ManifestLimits): Json {
  return { ...limits };
}
