import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import type { CompileRequest } from '../../../src/control/compilation.ts';
import type { Compiled } from '../../../src/control/compiler.ts';
import { ModuleCache, type Compile, type CompileStored } from '../../../src/control/module-cache.ts';
import { processBudgets } from '../runtime/harness.ts';

/** A compiler that counts what it is asked, and makes a new module each time. */
function counting(bytesOut = 100): {
  compile: (request: CompileRequest) => Promise<Compiled>;
  calls: CompileRequest[];
} {
  const calls: CompileRequest[] = [];
  const compile = async (request: CompileRequest): Promise<Compiled> => {
    calls.push(request);
    await Promise.resolve();
    if (request.bytes.length === 0) throw new KerbError('bad_module', 'empty');
    return {
      module: new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)),
      abi: 'http-wasm',
      shape: { imports: [], exports: [], memory: null, startExport: null, stateExports: null },
      bytesIn: request.bytes.length,
      code: { functions: 1, types: 1, checks: 0 },
      bytesOut,
    };
  };
  return { compile, calls };
}

function cacheOf(compile: Compile, budgets = processBudgets()): ModuleCache {
  const compileStored: CompileStored = async ({ read }, options) => compile({ bytes: await read(), ...options });
  return new ModuleCache({ compile, compileStored }, budgets);
}

/** Settles when what nobody holds any more is gone. */
async function collected(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await globalThis.gc?.({ type: 'major', execution: 'async' });
}

/** The lookup of a cache with room for code. */
function cache(compile: Compile): Compile {
  const modules = cacheOf(compile);
  return (asked) => modules.get(asked);
}

const request = (...bytes: number[]): CompileRequest => ({
  bytes: Uint8Array.from(bytes),
  abi: 'auto',
  maxMemoryPages: 16,
});

test('equal uploads share one module', async () => {
  const { compile, calls } = counting();
  const cached = cache(compile);
  const first = await cached(request(1, 2));
  const second = await cached(request(1, 2));
  expect(second.module).toBe(first.module);
  expect(calls).toHaveLength(1);
});

test('equal uploads at the same time are compiled once', async () => {
  const { compile, calls } = counting();
  const cached = cache(compile);
  const [first, second] = await Promise.all([cached(request(1)), cached(request(1))]);
  expect(second.module).toBe(first.module);
  expect(calls).toHaveLength(1);
});

test('other bytes, another ABI and another memory budget are other modules', async () => {
  const { compile, calls } = counting();
  const cached = cache(compile);
  await cached(request(1));
  await cached(request(2));
  await cached({ ...request(1), abi: 'http-wasm' });
  await cached({ ...request(1), maxMemoryPages: 17 });
  expect(calls).toHaveLength(4);
});

test('a refusal is not remembered', async () => {
  const { compile, calls } = counting();
  const cached = cache(compile);
  await expect(cached(request())).rejects.toThrow('empty');
  await expect(cached(request())).rejects.toThrow('empty');
  expect(calls).toHaveLength(2);
});

test('the least recently used module is forgotten when the code outgrows its budget', async () => {
  const { compile, calls } = counting(100 * 1024 * 1024);
  const cached = cache(compile);
  for (const byte of [1, 2, 3, 1]) {
    await collected();
    await cached(request(byte));
  }
  expect(calls.map(({ bytes }) => bytes[0])).toEqual([1, 2, 3, 1]);
});

test('what was cleared is compiled again', async () => {
  const { compile, calls } = counting();
  const modules = cacheOf(compile);
  await modules.get(request(1));
  modules.clear();
  await collected();
  await modules.get(request(1));
  expect(calls).toHaveLength(2);
});

test('without room for code nothing new is compiled, the remembered modules go, and the refusal names the numbers', async () => {
  const { compile, calls } = counting();
  const budgets = processBudgets({ code_mib: 10 });
  const modules = cacheOf(compile, budgets);
  await modules.get(request(1));
  budgets.set('code_mib', 10);
  await modules.get(request(1));
  const refused = { code: 'refused_module', message: expect.stringContaining('code_mib: 10 of at most 10') as string };
  await expect(modules.get(request(2))).rejects.toMatchObject(refused);
  await collected();
  await expect(modules.get(request(1))).rejects.toMatchObject(refused);
  expect([calls.length, budgets.read('code_mib').refused]).toEqual([1, 2]);
  budgets.set('code_mib', 9);
  await modules.get(request(2));
  expect(calls).toHaveLength(2);
});

test('a stored module is that of the upload with the same digest, and is read only where it has to be', async () => {
  const { compile, calls } = counting();
  const modules = cacheOf(compile);
  const uploaded = await modules.get(request(1, 2));
  const digest = createHash('sha256').update(Uint8Array.of(1, 2)).digest('hex');
  let reads = 0;
  const read = async (): Promise<Uint8Array<ArrayBuffer>> => {
    reads += 1;
    return Uint8Array.of(1, 2);
  };
  const options = { abi: 'auto', maxMemoryPages: 16 } as const;
  expect((await modules.getStored({ digest, read }, options)).module).toBe(uploaded.module);
  expect([reads, calls.length]).toEqual([0, 1]);
  await modules.getStored({ digest, read }, { ...options, maxMemoryPages: 17 });
  expect([reads, calls.length]).toEqual([1, 2]);
  expect(modules.bytesOf(uploaded.module)).toBe(100);
});

test('a module that is in use is found though it is not remembered any more', async () => {
  const { compile, calls } = counting();
  const modules = cacheOf(compile);
  const used = await modules.get(request(1, 2));
  modules.clear();
  expect((await modules.get(request(1, 2))).module).toBe(used.module);
  expect(calls).toHaveLength(1);
});
