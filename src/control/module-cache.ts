/** Compiled modules by what went into them: tenants that upload the same bytes share one module and its code. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { KerbError } from '../errors.ts';
import type { ProcessBudgets } from '../runtime/process-budgets.ts';
import { CapacityError } from '../runtime/refusal.ts';
import type { CompileOptions, StoredModule } from './artifacts.ts';
import type { CompileRequest } from './compilation.ts';
import type { Compiled } from './compiler.ts';
import { MAX_CACHED_CODE_BYTES, MODULE_OVERHEAD_BYTES } from './limits.ts';

/** Compiles a module, or rejects with a `KerbError`. */
export type Compile = (request: CompileRequest) => Promise<Compiled>;

/** Compiles a module of the store, or rejects with a `KerbError`. */
export type CompileStored = (module: StoredModule, options: CompileOptions) => Promise<Compiled>;

/** What compiles for a {@link ModuleCache}. */
export interface ModuleCompiler {
  /** @param digest - SHA-256 of the bytes, in hex. */
  compile(request: CompileRequest, digest: string): Promise<Compiled>;
  compileStored: CompileStored;
}

/**
 * A compiler with a memory: a request that equals an earlier one in bytes, ABI and memory budget gets the same module, also while
 * the earlier one is under way. Refusals are not remembered.
 */
export class ModuleCache {
  readonly #compiler: ModuleCompiler;
  readonly #budgets: ProcessBudgets;
  readonly #known: LRUCache<string, Compiled>;
  /** Those that somebody uses, remembered or not: a second module of the same bytes would take as much again. */
  readonly #inUse = new Map<string, WeakRef<Compiled>>();
  readonly #collected = new FinalizationRegistry<string>((key) => {
    if (this.#inUse.get(key)?.deref() === undefined) this.#inUse.delete(key);
  });
  readonly #underWay = new Map<string, Promise<Compiled>>();

  /** Bytes of rewritten code, also of modules that are not remembered any more but are in use. */
  readonly #bytes = new WeakMap<WebAssembly.Module, number>();

  /** @param maxBytes - Of code that is remembered although nobody uses it; by default {@link MAX_CACHED_CODE_BYTES}. */
  constructor(compiler: ModuleCompiler, budgets: ProcessBudgets, maxBytes: number = MAX_CACHED_CODE_BYTES) {
    this.#compiler = compiler;
    this.#budgets = budgets;
    this.#known = new LRUCache<string, Compiled>({
      maxSize: maxBytes,
      sizeCalculation: ({ bytesOut }) => MODULE_OVERHEAD_BYTES + bytesOut,
    });
  }

  /** Bytes of the code of a module that came from here. */
  bytesOf(module: WebAssembly.Module): number {
    return this.#bytes.get(module) ?? 0;
  }

  /** The module of a request. Rejects with the errors of `compile`, and with `refused_module` while there is no room for code. */
  get(request: CompileRequest): Promise<Compiled> {
    const digest = createHash('sha256').update(request.bytes).digest('hex');
    return this.#get(digest, request, () => this.#compiler.compile(request, digest));
  }

  /** The same of a stored one, which is read only where it has to be. */
  getStored(module: StoredModule, options: CompileOptions): Promise<Compiled> {
    return this.#get(module.digest, options, () => this.#compiler.compileStored(module, options));
  }

  /** Forgets every module: those that nobody uses are collected, with their code. */
  clear(): void {
    this.#known.clear();
    void globalThis.gc?.({ type: 'major', execution: 'async' });
  }

  async #get(
    digest: string,
    { abi, maxMemoryPages }: CompileOptions,
    compile: () => Promise<Compiled>,
  ): Promise<Compiled> {
    const key = `${digest} ${abi} ${maxMemoryPages}`;
    const compiled = this.#known.get(key) ?? this.#inUse.get(key)?.deref();
    if (compiled !== undefined) return compiled;
    const running = this.#underWay.get(key) ?? this.#start(compile).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, running);
    const fresh = await running;
    this.#known.set(key, fresh);
    this.#inUse.set(key, new WeakRef(fresh));
    this.#collected.register(fresh, key);
    this.#bytes.set(fresh.module, fresh.bytesOut);
    return fresh;
  }

  async #start(compile: () => Promise<Compiled>): Promise<Compiled> {
    try {
      this.#budgets.admit('code_mib');
    } catch (error) {
      if (!(error instanceof CapacityError)) throw error;
      this.clear();
      throw new KerbError('refused_module', `no room for more code (${error.message}); remove apps, then deploy again`);
    }
    return compile();
  }
}
