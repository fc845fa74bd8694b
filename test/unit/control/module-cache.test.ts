import { expect, test } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import type { CompileRequest } from '../../../src/control/compilation.ts';
import type { Compiled } from '../../../src/control/compiler.ts';
import { cachedCompile } from '../../../src/control/module-cache.ts';

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
      bytesOut,
    };
  };
  return { compile, calls };
}

const request = (...bytes: number[]): CompileRequest => ({
  bytes: Uint8Array.from(bytes),
  abi: 'auto',
  maxMemoryPages: 16,
});

test('equal uploads share one module', async () => {
  const { compile, calls } = counting();
  const cached = cachedCompile(compile);
  const first = await cached(request(1, 2));
  const second = await cached(request(1, 2));
  expect(second.module).toBe(first.module);
  expect(calls).toHaveLength(1);
});

test('equal uploads at the same time are compiled once', async () => {
  const { compile, calls } = counting();
  const cached = cachedCompile(compile);
  const [first, second] = await Promise.all([cached(request(1)), cached(request(1))]);
  expect(second.module).toBe(first.module);
  expect(calls).toHaveLength(1);
});

test('other bytes, another ABI and another memory budget are other modules', async () => {
  const { compile, calls } = counting();
  const cached = cachedCompile(compile);
  await cached(request(1));
  await cached(request(2));
  await cached({ ...request(1), abi: 'http-wasm' });
  await cached({ ...request(1), maxMemoryPages: 17 });
  expect(calls).toHaveLength(4);
});

test('a refusal is not remembered', async () => {
  const { compile, calls } = counting();
  const cached = cachedCompile(compile);
  await expect(cached(request())).rejects.toThrow('empty');
  await expect(cached(request())).rejects.toThrow('empty');
  expect(calls).toHaveLength(2);
});

test('the least recently used module is forgotten when the code outgrows its budget', async () => {
  const { compile, calls } = counting(100 * 1024 * 1024);
  const cached = cachedCompile(compile);
  for (const byte of [1, 2, 3, 1]) await cached(request(byte));
  expect(calls.map(({ bytes }) => bytes[0])).toEqual([1, 2, 3, 1]);
});
