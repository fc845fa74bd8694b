import { describe, expect, it } from 'vitest';
import { variantOf } from '../../../src/lab/variant.ts';
import { assemble, disassemble } from '../../wat.ts';

const MODULES = {
  'without globals': '(module (memory (export "m") 1) (func (export "f") (result i32) (i32.const 7)))',
  'with globals': `(module (global $g (export "g") i32 (i32.const 5)) (global i64 (i64.const 1))
    (func (export "f") (result i32) (i32.add (global.get $g) (i32.const 2))))`,
  'with a start, a table and data': `(module (memory 1) (global $g (mut i32) (i32.const 0)) (table 1 funcref)
    (func $s (global.set $g (i32.const 7))) (func (export "f") (result i32) (global.get $g)) (start $s)
    (elem (i32.const 0) $s) (data (i32.const 0) "x"))`,
  'with a memory alone': '(module (memory 1))',
  'with nothing': '(module)',
};

/** What `f` of a module answers; `null`: it has none. */
function answerOf(module: Uint8Array<ArrayBuffer>): unknown {
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(module)).exports;
  return typeof f === 'function' ? (f as () => unknown)() : null;
}

describe('variantOf', () => {
  it.each(Object.entries(MODULES))('makes a module %s another one that does the same', (_, text) => {
    const module = assemble(text);
    const [one, other] = [variantOf(module, 1), variantOf(module, 123_456_789)];
    expect(Buffer.from(one).equals(Buffer.from(other))).toBe(false);
    expect(Buffer.from(one).equals(Buffer.from(module))).toBe(false);
    expect(answerOf(one)).toBe(answerOf(module));
    expect(answerOf(other)).toBe(answerOf(module));
  });

  it('holds the mark in a constant that nothing refers to', () => {
    const text = disassemble(variantOf(assemble(MODULES['with globals']), 424_242));
    expect(text).toMatch(/\(global \(;2;\) i64 \(i64\.const 424242\)\)/);
  });

  it('keeps custom sections, wherever they are', () => {
    const custom = [0, 5, 2, 0x68, 0x69, 1, 2];
    const module = assemble(MODULES['without globals']);
    const withCustom = new Uint8Array([...module.subarray(0, 8), ...custom, ...module.subarray(8), ...custom]);
    const variant = new WebAssembly.Module(variantOf(withCustom, 9));
    expect(WebAssembly.Module.customSections(variant, 'hi')).toHaveLength(2);
  });

  it('refuses what has no shape of a module', () => {
    expect(() => variantOf(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 200]), 1)).toThrow('not a valid');
  });
});
