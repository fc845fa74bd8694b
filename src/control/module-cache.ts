/** Compiled modules by what went into them: tenants that upload the same bytes share one module and its code. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { KerbError } from '../errors.ts';
import type { ProcessBudgets } from '../runtime/process-budgets.ts';
import { CapacityError } from '../runtime/refusal.ts';
import type { CompileRequest } from './compilation.ts';
import type { Compiled } from './compiler.ts';
import { MAX_CACHED_CODE_BYTES, MODULE_OVERHEAD_BYTES } from './limits.ts';

/** Compiles a module, or rejects with a `KerbError`. */
export type Compile = (request: CompileRequest) => Promise<Compiled>;

/**
 * `compile` with a memory: a request that equals an earlier one in bytes, ABI and memory budget gets the same module, also while
 * the earlier one is under way. Refusals are not remembered.
 */
export class ModuleCache {
  readonly #compile: Compile;
  readonly #budgets: ProcessBudgets;
  readonly #known = new LRUCache<string, Compiled>({
    maxSize: MAX_CACHED_CODE_BYTES,
    sizeCalculation: ({ bytesOut }) => MODULE_OVERHEAD_BYTES + bytesOut,
  });
  readonly #underWay = new Map<string, Promise<Compiled>>();

  /** Bytes of rewritten code, also of modules that are not remembered any more but are in use. */
  readonly #bytes = new WeakMap<WebAssembly.Module, number>();

  constructor(compile: Compile, budgets: ProcessBudgets) {
    this.#compile = compile;
    this.#budgets = budgets;
  }

  /** Bytes of the code of a module that came from here. */
  bytesOf(module: WebAssembly.Module): number {
    return this.#bytes.get(module) ?? 0;
  }

  /** The module of a request. Rejects with the errors of `compile`, and with `refused_module` while there is no room for code. */
  async get(request: CompileRequest): Promise<Compiled> {
    const key = keyOf(request);
    const compiled = this.#known.get(key);
    if (compiled !== undefined) return compiled;
    const running = this.#underWay.get(key) ?? this.#start(request).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, running);
    const fresh = await running;
    this.#known.set(key, fresh);
    this.#bytes.set(fresh.module, fresh.bytesOut);
    return fresh;
  }

  /** Forgets every module: those that nobody uses are collected, with their code. */
  clear(): void {
    this.#known.clear();
    void globalThis.gc?.({ type: 'major', execution: 'async' });
  }

  async #start(request: CompileRequest): Promise<Compiled> {
    try {
      this.#budgets.admit('code_mib');
    } catch (error) {
      if (!(error instanceof CapacityError)) throw error;
      this.clear();
      throw new KerbError('refused_module', `no room for more code (${error.message}); remove apps, then deploy again`);
    }
    return this.#compile(request);
  }
}

function keyOf({ bytes, abi, maxMemoryPages }: CompileRequest): string {
  return `${createHash('sha256').update(bytes).digest('hex')} ${abi} ${maxMemoryPages}`;
}
