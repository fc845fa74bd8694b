import { describe, expect, test } from 'vitest';
import { instrument, type Instrumented } from '../../../src/instrument/instrument.ts';
import { SANDBOX_MODULE, WAIT_IMPORTS, WAIT_WORD } from '../../../src/instrument/sandbox-imports.ts';
import type { Signature } from '../../../src/wasm/signature.ts';
import { wat } from './harness.ts';

const IMPORTS: Record<string, Signature> = { add: 'ii->i', wide: 'I->I', tell: 'i->', plain: 'i->i' };

/** A guest that calls each hostcall directly, by tail call and by reference. */
const GUEST = wat(`(module
  (import "host" "add" (func $add (param i32 i32) (result i32)))
  (import "host" "wide" (func $wide (param i64) (result i64)))
  (import "host" "tell" (func $tell (param i32)))
  (import "host" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 1)
  (table 4 funcref) (elem (i32.const 0) $add $plain)
  (elem declare func $add)
  (type $binary (func (param i32 i32) (result i32)))
  (func (export "add") (param i32 i32) (result i32) (call $add (local.get 0) (local.get 1)))
  (func (export "tail") (param i32 i32) (result i32) (return_call $add (local.get 0) (local.get 1)))
  (func (export "indirect") (param i32 i32) (result i32)
    (call_indirect (type $binary) (local.get 0) (local.get 1) (i32.const 0)))
  (func (export "wide") (param i64) (result i64) (i64.add (call $wide (local.get 0)) (i64.const 1)))
  (func (export "tell") (param i32) (result i32) (call $tell (local.get 0)) (i32.const 7))
  (func (export "plain") (param i32) (result i32) (call $plain (local.get 0))))`);

const EXPORTS: Record<string, Signature> = {
  add: 'ii->i',
  tail: 'ii->i',
  indirect: 'ii->i',
  wide: 'I->I',
  tell: 'i->i',
  plain: 'i->i',
};

function rewritten(suspending: readonly string[]): Instrumented {
  return instrument(GUEST, {
    imports: new Map([['host', new Map(Object.entries(IMPORTS))]]),
    exports: new Map(Object.entries(EXPORTS)),
    suspending: new Set(suspending),
    maxMemoryPages: 16,
  });
}

type Call = (...args: (number | bigint)[]) => Promise<unknown>;

/** Runs the guest with hostcalls that answer at once, or that wait, and counts the waits. */
function launch(mode: 'at once' | 'late'): { call: (name: string) => Call; waits: () => number } {
  const { bytes, report } = rewritten(['host.add', 'host.wide', 'host.tell']);
  const epoch = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const words = new Int32Array(epoch.buffer);
  let pending: unknown;
  let waits = 0;
  const answer = <T>(value: T, unused: T): T => {
    if (mode === 'at once') return value;
    words[WAIT_WORD / 4] = 1;
    pending = value;
    return unused;
  };
  const wait = new WebAssembly.Suspending(() => {
    waits += 1;
    words[WAIT_WORD / 4] = 0;
    return new Promise((resolve) => setImmediate(() => resolve(pending)));
  });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    host: {
      add: (a: number, b: number) => answer(a + b, 0),
      wide: (a: bigint) => answer(a * 2n, 0n),
      tell: () => answer(undefined, undefined),
      plain: (a: number) => a + 100,
    },
    [SANDBOX_MODULE]: {
      memory: new WebAssembly.Memory({ initial: 1, maximum: report.memory?.maximumPages ?? 1 }),
      epoch,
      interrupt: () => 0,
      yield: () => undefined,
      grow: () => -1,
      ...Object.fromEntries(Object.values(WAIT_IMPORTS).map((name) => [name, wait])),
    },
  });
  return { call: (name) => WebAssembly.promising(instance.exports[name]), waits: () => waits };
}

describe.each(['at once', 'late'] as const)('hostcalls that may wait and answer %s', (mode) => {
  const expected = mode === 'late' ? 1 : 0;

  test.each([
    ['add', [2, 3], 5],
    ['tail', [2, 3], 5],
    ['indirect', [2, 3], 5],
    ['wide', [2n ** 40n], 2n ** 41n + 1n],
    ['tell', [1], 7],
  ] as const)('%s gets its result', async (name, args, result) => {
    const { call, waits } = launch(mode);
    expect(await call(name)(...args)).toBe(result);
    expect(waits()).toBe(expected);
  });

  test('a call that never waits is left as it is', async () => {
    const { call, waits } = launch(mode);
    expect(await call('plain')(1)).toBe(101);
    expect(waits()).toBe(0);
  });
});

test('a module without such hostcalls imports no wait', () => {
  const imports = (suspending: readonly string[]): string[] =>
    WebAssembly.Module.imports(new WebAssembly.Module(rewritten(suspending).bytes))
      .filter(({ module, name }) => module === SANDBOX_MODULE && name.startsWith('wait'))
      .map(({ name }) => name);
  expect(imports([])).toEqual([]);
  expect(imports(['host.tell'])).toEqual(['wait']);
  expect(imports(['host.wide', 'host.add'])).toEqual(['wait_i32', 'wait_i64']);
});

test('a result that no wait import has is a mistake of the ABI', () => {
  const module = wat('(module (import "host" "f" (func (result f32))))');
  expect(() =>
    instrument(module, {
      imports: new Map([['host', new Map([['f', '->f' as const]])]]),
      exports: new Map(),
      suspending: new Set(['host.f']),
      maxMemoryPages: 1,
    }),
  ).toThrow(TypeError);
});
