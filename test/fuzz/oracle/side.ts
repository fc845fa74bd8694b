/** One running instance, original or rewritten, with a host that answers the same on both sides. */

import type { Instrumented, ModuleSummary } from '../../../src/instrument/instrument.ts';
import { SANDBOX_MODULE, START_EXPORT, WAIT_IMPORTS, WAIT_WORD } from '../../../src/instrument/sandbox-imports.ts';
import type { Signature } from '../../../src/wasm/signature.ts';
import { growMemory } from '../../unit/instrument/harness.ts';

/** What the host does at checks and hostcalls. */
export interface HostPlan {
  /** Answers of `interrupt`: 0, 1 or 2. */
  readonly answer: () => 0 | 1 | 2;
  /** Whether the word is set before a call. */
  readonly before: (words: Int32Array) => void;
  /** Called at each hostcall with the epoch words. */
  readonly atHostcall: (words: Int32Array) => void;
  /** The epoch memory: shared with a thread that keeps the word set, or the side's own. */
  readonly epoch: WebAssembly.Memory;
}

/** Memory for the epoch word. */
export function epochMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
}

/** An instance and what can be seen of it. */
export interface Side {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly memory: WebAssembly.Memory | null;
  /** Every hostcall with its arguments, as text. */
  readonly hostcalls: string[];
  /** Calls of `interrupt`, and of `yield`. */
  readonly counts: { checks: number; yields: number };
}

/** A deterministic host: what it answers follows from the call's number and arguments. Now and then it throws. */
class Host {
  readonly hostcalls: string[] = [];

  imports({ imports }: ModuleSummary, wrap: (name: string, answer: Answer) => Answer): WebAssembly.Imports {
    const modules: Record<string, Record<string, unknown>> = {};
    for (const { module, name, signature } of imports) {
      if (signature === null) continue;
      modules[module] ??= {};
      modules[module][name] = wrap(`${module}.${name}`, (...args) => this.#answer(name, signature, args));
    }
    return modules;
  }

  #answer(name: string, signature: Signature, args: readonly unknown[]): unknown {
    this.hostcalls.push(`${name}(${args.map(describeNumber).join()})`);
    const number = (this.hostcalls.length * 2_654_435_761) % 1009;
    if (number % 97 === 0) throw new Error('the host says no');
    const results = Array.from(signature.split('->')[1] ?? '', (code) => (code === 'I' ? BigInt(number) : number));
    return results.length > 1 ? results : results[0];
  }
}

type Answer = (...args: unknown[]) => unknown;

/** Instantiates a module as it was uploaded. */
export function original(module: WebAssembly.Module, summary: ModuleSummary): Side {
  const host = new Host();
  const { exports } = new WebAssembly.Instance(
    module,
    host.imports(summary, (_, answer) => answer),
  );
  const memory = exports['memory'] instanceof WebAssembly.Memory ? exports['memory'] : null;
  return { exports, memory, hostcalls: host.hostcalls, counts: { checks: 0, yields: 0 } };
}

/**
 * Instantiates a rewritten module, and runs what its start section was. Hostcalls that may wait do so every second time: the word is
 * set, and the wait gives the answer.
 */
export function rewritten(
  module: WebAssembly.Module,
  report: Instrumented['report'],
  summary: ModuleSummary,
  suspending: ReadonlySet<string>,
  plan: HostPlan,
): Side {
  const host = new Host();
  const words = new Int32Array(plan.epoch.buffer);
  const counts = { checks: 0, yields: 0 };
  let pending: unknown;
  const wait = (): unknown => {
    Atomics.store(words, WAIT_WORD / 4, 0);
    return pending;
  };
  const wrap = (name: string, answer: Answer): Answer => {
    return (...args) => {
      plan.atHostcall(words);
      const value = answer(...args);
      if (!suspending.has(name) || host.hostcalls.length % 2 === 0) return value;
      Atomics.store(words, WAIT_WORD / 4, 1);
      pending = value;
      return typeof value === 'bigint' ? 0n : 0;
    };
  };
  const memory = memoryOf(report);
  const sandbox = {
    epoch: plan.epoch,
    ...(memory === null ? {} : { memory }),
    interrupt: (): number => {
      Atomics.store(words, 0, 0);
      counts.checks++;
      return plan.answer();
    },
    yield: (): void => void counts.yields++,
    grow: (pages: number): number => growMemory(memory, pages),
    ...Object.fromEntries(Object.values(WAIT_IMPORTS).map((name) => [name, wait])),
  };
  const imports = { ...host.imports(summary, wrap), [SANDBOX_MODULE]: sandbox };
  const { exports } = new WebAssembly.Instance(module, imports);
  const side = { exports, memory, hostcalls: host.hostcalls, counts };
  if (report.startExport !== null) invoke(side, START_EXPORT, []);
  return side;
}

function memoryOf({ memory }: Instrumented['report']): WebAssembly.Memory | null {
  if (memory === null) return null;
  return new WebAssembly.Memory({ initial: memory.initialPages, maximum: memory.maximumPages });
}

/** Calls an export; what the guest throws is thrown. */
export function invoke({ exports }: Pick<Side, 'exports'>, name: string, args: readonly unknown[]): unknown {
  const target = exports[name];
  if (typeof target !== 'function') throw new TypeError(`no export ${name}`);
  return Reflect.apply(target, undefined, args);
}

function describeNumber(value: unknown): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
