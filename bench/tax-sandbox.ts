/** Rewrites a module with all that it imports and exports, and plays the host's side of the sandbox as little as can be. */
import { inspect, instrument, type ModuleReport } from '../src/instrument/instrument.ts';
import { SANDBOX_MODULE } from '../src/instrument/sandbox-imports.ts';
import { MAX_MEMORY_PAGES, MODULE_LIMITS } from '../src/limits.ts';
import type { WatchdogLink } from '../src/runtime/watchdog.ts';
import type { Signature } from '../src/wasm/signature.ts';
import { withExportsOf, withOwnMemory } from './tax-surface.ts';
import { threadCpuMs } from './tax-timing.ts';

/** A rewritten module with what rewriting took. */
export interface Rewritten {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly report: ModuleReport;
  /** Milliseconds of this thread, decoding included, its code not yet optimised: as at a server's first deployment. */
  readonly rewriteMs: number;
}

/** Rewrites `original` with the operator's opt-in for large modules. Throws as `instrument` does. */
export function rewriteWhole(original: Uint8Array): Rewritten {
  const owned = withOwnMemory(original);
  const summary = inspect(owned, MODULE_LIMITS.bytesWithOptIn);
  const imports = new Map<string, Map<string, Signature>>();
  for (const { module, name, signature } of summary.imports) {
    const names = imports.get(module) ?? new Map<string, Signature>();
    imports.set(module, names.set(name, signature ?? '->'));
  }
  const exports = new Map(
    summary.exports.flatMap(({ name, signature }) => (signature === null ? [] : [[name, signature] as const])),
  );
  const start = threadCpuMs();
  const { bytes, report } = instrument(owned, {
    imports,
    exports,
    maxMemoryPages: MAX_MEMORY_PAGES,
    maxModuleBytes: MODULE_LIMITS.bytesWithOptIn,
  });
  const rewriteMs = threadCpuMs() - start;
  return { bytes: withExportsOf(original, bytes), report, rewriteMs };
}

/** How often guests came out to ask. */
export interface Interruptions {
  count: number;
}

/**
 * Instantiates a rewritten module and runs its start function. Every answer of `interrupt` is to go on. A memory that the guest's
 * own imports hold becomes the sandbox's, as a guest that imported one expects.
 */
export function launch(
  { bytes, report }: Rewritten,
  imports: WebAssembly.Imports,
  link: WatchdogLink,
  interruptions: Interruptions,
): WebAssembly.Instance {
  const memory = report.memory === null ? null : (memoryIn(imports) ?? newMemory(report.memory));
  const sandbox = {
    epoch: link.epoch,
    ...(memory === null ? {} : { memory }),
    interrupt: (): number => {
      link.clear();
      interruptions.count++;
      return 0;
    },
    yield: (): void => undefined,
    grow: (pages: number): number => grow(memory, pages),
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { ...imports, [SANDBOX_MODULE]: sandbox });
  const start = report.startExport === null ? undefined : instance.exports[report.startExport];
  if (typeof start === 'function') (start as () => void)();
  return instance;
}

/** What `memory.grow` answers: the size in pages before, or -1. */
function grow(memory: WebAssembly.Memory | null, pages: number): number {
  try {
    return memory?.grow(pages >>> 0) ?? -1;
  } catch {
    return -1;
  }
}

function memoryIn(imports: WebAssembly.Imports): WebAssembly.Memory | undefined {
  const values = Object.values(imports).flatMap((names) => Object.values(names));
  return values.find((value) => value instanceof WebAssembly.Memory);
}

function newMemory({ initialPages, maximumPages }: NonNullable<ModuleReport['memory']>): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: initialPages, maximum: maximumPages });
}
