import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { launch, rewriteWhole } from '../../../bench/tax-sandbox.ts';
import { KERNELS } from '../../../bench/tax-subjects.ts';
import { Watchdog, WatchdogLink } from '../../../src/runtime/watchdog.ts';
import { wat } from '../instrument/harness.ts';

const watchdog = new Watchdog(1);
const link = new WatchdogLink(watchdog.share, 0);
const word = new Int32Array(link.epoch.buffer, 0, 1);
afterAll(() => watchdog.close());

function kernel(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(new URL(`../../../bench/guests/kernels/${name}.wasm`, import.meta.url)));
}

function runIn({ exports }: WebAssembly.Instance, n: number): number {
  if (typeof exports['_initialize'] === 'function') (exports['_initialize'] as () => void)();
  return (exports['run'] as (n: number) => number)(n);
}

describe('a rewritten kernel', () => {
  it.each(KERNELS.map(({ name, n }) => [name, Math.max(3, Math.round(n / 10))] as const))(
    'answers what the original does: %s',
    (name, n) => {
      const bytes = kernel(name);
      const interruptions = { count: 0 };
      const original = new WebAssembly.Instance(new WebAssembly.Module(bytes), {});
      const rewritten = launch(rewriteWhole(bytes), {}, link, interruptions);
      Atomics.store(word, 0, 1);
      expect(runIn(rewritten, n)).toBe(runIn(original, n));
      expect(interruptions.count).toBe(1);
    },
  );
});

describe('launch', () => {
  it('makes the memory that the guest imported its own', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
    const bytes = wat(`(module (import "env" "heap" (memory 1 2))
      (func (export "f") (i32.store (i32.const 4) (i32.const 9))))`);
    const { exports } = launch(rewriteWhole(bytes), { env: { memory } }, link, { count: 0 });
    (exports['f'] as () => void)();
    expect(new Int32Array(memory.buffer)[1]).toBe(9);
  });

  it('runs the start function and offers all exports', () => {
    const bytes = wat(`(module (memory (export "heap") 1) (func $s (i32.store (i32.const 0) (i32.const 3))) (start $s)
      (func (export "f") (result i32) (i32.load (i32.const 0))))`);
    const { exports } = launch(rewriteWhole(bytes), {}, link, { count: 0 });
    expect((exports['f'] as () => number)()).toBe(3);
    expect(exports['heap']).toBeInstanceOf(WebAssembly.Memory);
  });
});

describe('a guest that grows its memory', () => {
  it('gets what memory.grow answers, up to the maximum', () => {
    const bytes = wat(
      `(module (memory 1 3) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`,
    );
    const { exports } = launch(rewriteWhole(bytes), {}, link, { count: 0 });
    const grow = exports['grow'] as (pages: number) => number;
    expect([grow(1), grow(2), grow(-1), grow(1), grow(0)]).toEqual([1, -1, -1, 2, 3]);
  });
});

describe('rewriteWhole', () => {
  it('reports what rewriting did and took', () => {
    const { bytes, report, rewriteMs } = rewriteWhole(kernel('fib'));
    expect(report.checks).toBeGreaterThan(0);
    expect(bytes.length).toBeGreaterThan(report.bytesIn);
    expect(rewriteMs).toBeGreaterThan(0);
  });
});
