/** Builds modules from text, runs them as they are and rewritten, and plays the host's side of the sandbox. */

import { inspect, instrument } from '../../../src/instrument/instrument.ts';
import type { InstrumentOptions, Instrumented } from '../../../src/instrument/instrument.ts';
import { SANDBOX_MODULE } from '../../../src/instrument/sandbox-imports.ts';
import type { Signature } from '../../../src/wasm/signature.ts';

export { assemble as wat, disassemble as text } from '../../wat.ts';

/** Every function export of a module, with any signature: tests keep them all. */
class AnyExport extends Map<string, Signature> {
  constructor(bytes: Uint8Array<ArrayBuffer>, signatures: ReadonlyMap<string, Signature>) {
    super();
    for (const { name, kind } of WebAssembly.Module.exports(new WebAssembly.Module(bytes))) {
      if (kind === 'function') this.set(name, signatures.get(name) ?? '->');
    }
  }
}

/** Instruments with every function export kept. */
export function rewrite(bytes: Uint8Array<ArrayBuffer>, options: Partial<InstrumentOptions> = {}): Instrumented {
  const signatures = new Map(inspectSignatures(bytes));
  return instrument(bytes, {
    imports: new Map(),
    exports: new AnyExport(bytes, signatures),
    maxMemoryPages: 65_536,
    ...options,
  });
}

function* inspectSignatures(bytes: Uint8Array): Generator<[string, Signature]> {
  for (const { name, signature } of inspect(bytes).exports) if (signature !== null) yield [name, signature];
}

/** How the host behaves at checks. */
export interface Host {
  /** Answers of `interrupt` once the word is set: 0, 1 or 2. */
  readonly answer?: () => number;
  /** What happens while the guest is stopped after an answer of 2; here the word may be set again. */
  readonly meanwhile?: () => void;
  /** The epoch word at launch. `interrupt` clears it, as the contract demands; tests set it again before a call. */
  readonly word?: number;
}

/** What a guest exports. */
export type Exports = Readonly<Record<string, unknown>>;

/** A rewritten guest with its host's counters. */
export interface Guest {
  readonly exports: Exports;
  readonly memory: WebAssembly.Memory | null;
  /** Calls of interrupt and yield, and growths that were refused. */
  readonly calls: { interrupt: number; yield: number; refused: number };
  readonly epoch: Int32Array;
}

/** Instantiates a rewritten module; the start export is not called. */
export function launch(
  { bytes, report }: Instrumented,
  host: Host = {},
  imports: WebAssembly.Imports = {},
  epochMemory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
): Guest {
  const epoch = new Int32Array(epochMemory.buffer);
  const calls = { interrupt: 0, yield: 0, refused: 0 };
  const memory =
    report.memory === null
      ? null
      : new WebAssembly.Memory({ initial: report.memory.initialPages, maximum: report.memory.maximumPages });
  epoch[0] = host.word ?? 0;
  const sandbox = {
    epoch: epochMemory,
    ...(memory === null ? {} : { memory }),
    interrupt: (): number => {
      calls.interrupt++;
      epoch[0] = 0;
      return host.answer?.() ?? 0;
    },
    yield: (): void => {
      calls.yield++;
      host.meanwhile?.();
    },
    grow: (pages: number): number => {
      const before = growMemory(memory, pages);
      if (before === -1) calls.refused++;
      return before;
    },
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { ...imports, [SANDBOX_MODULE]: sandbox });
  return { exports: instance.exports, memory, calls, epoch };
}

/** What `memory.grow` answers, as the host does it: the size in pages before, or -1. */
export function growMemory(memory: WebAssembly.Memory | null, pages: number): number {
  try {
    return memory?.grow(pages >>> 0) ?? -1;
  } catch (error) {
    if (error instanceof RangeError) return -1;
    throw error;
  }
}

/** Calls an export. */
export function call(exports: Exports, name: string, ...args: readonly (number | bigint)[]): unknown {
  const target = exports[name];
  if (typeof target !== 'function') throw new TypeError(`no export ${name}`);
  return Reflect.apply(target, undefined, args);
}
