/** Compiled modules by what went into them: tenants that upload the same bytes share one module and its code. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { CompileRequest } from './compilation.ts';
import type { Compiled } from './compiler.ts';
import { MAX_CACHED_CODE_BYTES } from './limits.ts';

/** Compiles a module, or rejects with a `KerbError`. */
export type Compile = (request: CompileRequest) => Promise<Compiled>;

/**
 * `compile` with a memory: a request that equals an earlier one in bytes, ABI and memory budget gets the same module, also while
 * the earlier one is under way. Refusals are not remembered.
 */
export function cachedCompile(compile: Compile): Compile {
  const known = new LRUCache<string, Compiled>({
    maxSize: MAX_CACHED_CODE_BYTES,
    sizeCalculation: ({ bytesOut }) => bytesOut,
  });
  const underWay = new Map<string, Promise<Compiled>>();
  return (request) => {
    const key = keyOf(request);
    const compiled = known.get(key);
    if (compiled !== undefined) return Promise.resolve(compiled);
    const running = underWay.get(key) ?? compile(request).finally(() => underWay.delete(key));
    underWay.set(key, running);
    return running.then((fresh) => {
      known.set(key, fresh);
      return fresh;
    });
  };
}

function keyOf({ bytes, abi, maxMemoryPages }: CompileRequest): string {
  return `${createHash('sha256').update(bytes).digest('hex')} ${abi} ${maxMemoryPages}`;
}
