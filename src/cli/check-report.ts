/** What Kerb would make of an app: the same admission as a deployment, told in full, with nothing stored. */
import { createHash } from 'node:crypto';
import type { Abi } from '../abi/abi.ts';
import { abiOf } from '../abi/detect.ts';
import { UNSUPPORTED as UNSUPPORTED_FILTER } from '../abi/proxy-wasm/unsupported.ts';
import { UNSUPPORTED } from '../abi/wasi/unsupported.ts';
import { Compiler, type Compiled } from '../control/compiler.ts';
import { admissionReport, importsOfAll } from '../control/admission-report.ts';
import { capabilitiesOf } from '../control/capabilities.ts';
import type { Manifest } from '../control/manifest.ts';
import { Pipeline, type Admitted } from '../control/pipeline.ts';
import type { TenantSource } from '../control/tenants-folder-read.ts';
import { KerbError } from '../errors.ts';
import { inspect, type ModuleSummary } from '../instrument/instrument.ts';
import type { Json } from '../store/records.ts';
import type { Signature } from '../wasm/signature.ts';

/** A reason why an app is refused. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly details: readonly string[];
}

/** What an import comes to. */
export type ImportState =
  /** The ABI has it, with this signature. */
  | 'served'
  /** It links, and always answers an error: `note` says why. */
  | 'fails'
  /** The ABI has it with the signature of `note`. */
  | 'mismatched'
  | 'unsupported';

/** One import of the module. */
export interface ImportReport {
  readonly module: string;
  readonly name: string;
  readonly kind: string;
  /** As `ii->I`; `null` for what is no function. */
  readonly signature: Signature | null;
  readonly state: ImportState;
  readonly note: string | null;
}

/** The module, as far as it could be read. Sizes are bytes. */
export interface ModuleReport {
  /** SHA-256 in hex. */
  readonly digest: string;
  readonly bytesIn: number;
  /** What the rewriter makes of it; `null` when it is refused. */
  readonly bytesOut: number | null;
  readonly functions: number;
  /** In pages of 64 KiB; the maximum is the module's own. `null`: it has no memory. */
  readonly memory: { readonly initialPages: number; readonly maximumPages: number | null } | null;
  readonly imports: readonly ImportReport[];
  /** What the module exports; Kerb keeps those that its ABI names. */
  readonly exports: readonly { readonly name: string; readonly kind: string }[];
}

/** Everything about an app. */
export interface CheckReport {
  readonly path: string;
  readonly accepted: boolean;
  readonly name: string | null;
  readonly abi: string | null;
  /** `null`: the manifest or the file cannot be read, or the bytes are no module. */
  readonly module: ModuleReport | null;
  readonly manifest: Manifest | null;
  /** What the app may do, as a server compares versions by; empty when the manifest cannot be read. */
  readonly capabilities: readonly string[];
  /** What a server would store with the version, as `POST /v1/check` answers it; `null` when it is refused. */
  readonly report: Json | null;
  readonly refusals: readonly Refusal[];
}

/** The report of an app that cannot be read: its manifest or its files are at fault. */
export function unreadable(path: string, error: KerbError): CheckReport {
  const nothing = { name: null, abi: null, module: null, manifest: null, capabilities: [], report: null };
  return { path, accepted: false, ...nothing, refusals: [refusalOf(error)] };
}

/** Puts an app through everything that a deployment goes through. Never rejects for what is wrong with the app. */
export async function examine(path: string, source: TenantSource): Promise<CheckReport> {
  const { manifest, module } = source;
  const surface = attempt(() => inspect(module));
  const abi = surface instanceof KerbError ? surface : attempt(() => abiOf(surface, manifest.abi));
  const began = performance.now();
  const compiled = await compile(source);
  const compileMs = performance.now() - began;
  const admitted = await admit(source, compiled);
  const faults = [...new Set([admitted, compiled])].filter((outcome) => outcome instanceof KerbError);
  const filters = admitted instanceof KerbError ? [] : admitted.filters;
  const known = abi instanceof KerbError ? null : abi;
  return {
    path,
    accepted: faults.length === 0,
    name: manifest.name,
    abi: known?.name ?? null,
    module: surface instanceof KerbError ? null : moduleReport(module, surface, known, compiled),
    manifest,
    capabilities: capabilitiesOf(manifest, [
      ...(surface instanceof KerbError ? [] : surface.imports),
      ...importsOfAll(filters.map((filter) => filter.compiled)),
    ]),
    report:
      compiled instanceof KerbError || faults.length > 0 ? null : storedReport(source, compiled, filters, compileMs),
    refusals: faults.map(refusalOf),
  };
}

function storedReport(
  { manifest, module }: TenantSource,
  compiled: Compiled,
  filters: Admitted['filters'],
  compileMs: number,
): Json {
  const [digest, { code }] = [digestOf(module), compiled];
  return admissionReport({ manifest, compiled, filters, digest, compileMs, code, startUp: null, notes: [] });
}

/** In a thread of its own and with the canary, as in a server: a module that kills what compiles it is refused here too. */
async function compile({ manifest, module }: TenantSource): Promise<Compiled | KerbError> {
  const compiler = new Compiler();
  const maxMemoryPages = Math.floor(manifest.limits.memoryBytes / 65_536);
  try {
    return await compiler.compile({ bytes: module, abi: manifest.abi, maxMemoryPages }).catch(faultOnly);
  } finally {
    await compiler.close();
  }
}

/**
 * The app as a server would admit it, or what is wrong with its grants, its module or its filters: a server stops at the first, an
 * author wants the module's own fault too.
 */
async function admit(source: TenantSource, compiled: Compiled | KerbError): Promise<Admitted | KerbError> {
  const compiler = new Compiler();
  const known = (): Promise<Compiled> =>
    compiled instanceof KerbError ? Promise.reject(compiled) : Promise.resolve(compiled);
  const pipeline = new Pipeline((request) => (request.bytes === source.module ? known() : compiler.compile(request)));
  try {
    return await pipeline.admit(source).catch(faultOnly);
  } finally {
    await compiler.close();
  }
}

function faultOnly(error: unknown): KerbError {
  if (error instanceof KerbError) return error;
  throw error;
}

function moduleReport(
  bytes: Uint8Array,
  surface: ModuleSummary,
  abi: Abi | null,
  compiled: Compiled | KerbError,
): ModuleReport {
  return {
    digest: digestOf(bytes),
    bytesIn: bytes.length,
    bytesOut: compiled instanceof KerbError ? null : compiled.bytesOut,
    functions: surface.functions,
    memory: surface.memories[0] ?? null,
    imports: surface.imports.map((entry) => ({ ...entry, ...stateOf(entry, abi) })),
    exports: surface.exports.map(({ name, kind }) => ({ name, kind })),
  };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function stateOf(
  { module, name, kind, signature }: ModuleSummary['imports'][number],
  abi: Abi | null,
): Pick<ImportReport, 'state' | 'note'> {
  const wanted = abi?.imports.get(module)?.get(name);
  if (kind !== 'function' || wanted === undefined) return { state: 'unsupported', note: null };
  if (wanted !== signature) return { state: 'mismatched', note: wanted };
  const failing = module.startsWith('wasi_') ? UNSUPPORTED.find((entry) => entry.name === name) : undefined;
  const lacking = abi?.name === 'proxy-wasm' ? UNSUPPORTED_FILTER.find((entry) => entry.name === name) : undefined;
  if (lacking !== undefined) return { state: 'fails', note: `${lacking.status}: ${lacking.reason}` };
  if (failing === undefined) return { state: 'served', note: null };
  return { state: 'fails', note: `${failing.errno}: ${failing.reason}` };
}

function attempt<T>(work: () => T): T | KerbError {
  try {
    return work();
  } catch (error) {
    return faultOnly(error);
  }
}

function refusalOf({ code, message, details }: KerbError): Refusal {
  return { code, message, details };
}
