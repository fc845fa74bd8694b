import { describe, expect, it } from 'vitest';
import { answerOf, generateModule, memoryMbOf } from '../../../bench/generated-module.ts';
import { generatedTenants } from '../../../bench/generated-tenants.ts';
import { handle, imports } from '../../../bench/servers/http-handler-glue.js';
import { TypeCensus } from '../../../src/control/type-census.ts';
import { prepareModule } from '../../../src/control/compilation.ts';

const admission = { census: TypeCensus.create(1_000), maxModuleBytes: 16 * 2 ** 20 };

describe('a generated module', () => {
  it.each([5_000, 10_000, 300_000])('weighs about %i bytes and is valid', (bytes) => {
    const module = generateModule({ tenant: 'a', seed: 1, bytes });
    expect(WebAssembly.validate(module)).toBe(true);
    expect(Math.abs(module.length - bytes) / bytes).toBeLessThan(0.15);
  });

  it('is the same for the same seed, and another for another', () => {
    const make = (seed: number): string =>
      Buffer.from(generateModule({ tenant: 'a', seed, bytes: 5_000 })).toString('hex');
    expect(make(1)).toBe(make(1));
    expect(make(1)).not.toBe(make(2));
  });

  it('names its tenant and a number of its own, however often it is asked', () => {
    const module = generateModule({ tenant: 'tenant-7', seed: 3, bytes: 10_000 });
    const answer = answerOf(module);
    expect(answer).toMatch(/^tenant-7 [0-9a-f]{8}\n$/);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module), imports);
    const again = [1, 2, 3].map(() => Buffer.from(handle(instance, null).answer).toString());
    expect(again).toEqual([answer, answer, answer]);
  });

  it('computes different numbers with different functions', () => {
    const numbers = Array.from({ length: 20 }, (_, seed) =>
      answerOf(generateModule({ tenant: 'a', seed, bytes: 3_000 })),
    );
    expect(new Set(numbers).size).toBe(20);
  });

  it('is what Kerb admits', () => {
    const bytes = generateModule({ tenant: 'a', seed: 1, bytes: 10_000 });
    const prepared = prepareModule({ bytes, abi: 'auto', maxMemoryPages: 16 }, admission);
    expect(prepared.abi).toBe('http-wasm');
    expect(prepared.code.functions).toBeGreaterThan(10);
  });

  it('says how much memory it needs', () => {
    expect(memoryMbOf({ bytes: 10_000 })).toBe(1);
    expect(memoryMbOf({ bytes: 11_000_000 })).toBe(3);
  });
});

describe('generated tenants', () => {
  it('have names, hosts and modules of their own', () => {
    const tenants = generatedTenants({ prefix: 'x', count: 3, bytes: 2_000 }, null);
    expect(tenants.map(({ name }) => name)).toEqual(['x0', 'x1', 'x2']);
    expect(new Set(tenants.map(({ target }) => target.body)).size).toBe(3);
    expect(tenants[1]?.target.request).toContain('Host: x1.localhost\r\n');
    expect(tenants[1]?.app.manifest).toContain('name = "x1"');
  });
});
