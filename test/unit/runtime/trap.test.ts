import { describe, expect, it } from 'vitest';
import { trap, TRAP_ERROR } from '../../../src/runtime/trap.ts';
import { assemble } from '../../wat.ts';

/** A guest that wraps a host call in every kind of handler, and answers 1 when one of them caught something. */
const CATCHER = new WebAssembly.Module(
  assemble(`(module
    (import "host" "call" (func $call))
    (func (export "run") (result i32)
      (try (result i32) (do (call $call) (i32.const 0)) (catch_all (i32.const 1)))))`),
);

function run(call: () => void): unknown {
  const exported = new WebAssembly.Instance(CATCHER, { host: { call } }).exports['run'];
  return (exported as () => unknown)();
}

describe('a trap of the host', () => {
  it('is a WebAssembly.RuntimeError', () => {
    expect(trap).toThrow(WebAssembly.RuntimeError);
    expect(TRAP_ERROR).toBeInstanceOf(WebAssembly.RuntimeError);
  });

  it('passes through catch_all', () => {
    expect(() => run(trap)).toThrow(WebAssembly.RuntimeError);
  });

  it('kept and thrown again still does', () => {
    expect(() =>
      run(() => {
        throw TRAP_ERROR;
      }),
    ).toThrow(WebAssembly.RuntimeError);
  });

  it.each([
    ['an Error', () => new Error('x')],
    ['a made-up RuntimeError', () => new WebAssembly.RuntimeError('unreachable')],
    ['a RangeError', () => new RangeError('x')],
  ])('differs in that from %s, which guests catch', (_, make) => {
    expect(
      run(() => {
        throw make();
      }),
    ).toBe(1);
  });

  it('unwinds a suspended guest that would catch a rejection', async () => {
    const wait = new WebAssembly.Suspending(() => Promise.reject(TRAP_ERROR));
    const { exports } = new WebAssembly.Instance(CATCHER, { host: { call: wait } });
    await expect(WebAssembly.promising(exports['run'] as () => unknown)()).rejects.toBe(TRAP_ERROR);
  });
});
