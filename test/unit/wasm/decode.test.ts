import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/wasm/decode.ts';
import { importsOf, Value } from '../../../src/wasm/module.ts';
import type { Module } from '../../../src/wasm/module.ts';
import { Refusals } from '../../../src/wasm/refusals.ts';
import { wat } from '../instrument/harness.ts';
import { body, moduleOf, name, section, vector } from './bytes.ts';

function decoded(bytes: Uint8Array): Module {
  const refusals = new Refusals();
  const module = decode(bytes, refusals);
  expect(refusals.empty).toBe(true);
  return module;
}

const FULL = wat(`(module
  (import "m" "f" (func $f (param i32 i64) (result f32)))
  (table $t 2 5 funcref) (table 1 externref)
  (memory (export "memory") 1 3) (tag (param f64))
  (global (mut i32) (i32.const 1)) (global funcref (ref.func $g))
  (func $g (export "g") (local i32)) (start $g)
  (elem (table $t) (i32.const 0) func $g $f) (elem declare func $f) (elem funcref (ref.func $g) (ref.null func))
  (data (i32.const 3) "abc") (data "de"))`);

describe('a module with every section', () => {
  const module = decoded(FULL);

  it('gives its types, imports and exports', () => {
    expect(module.types).toContainEqual({ params: [Value.i32, Value.i64], results: [Value.f32] });
    expect(importsOf(module, 'function')).toEqual([{ module: 'm', name: 'f', kind: 'function', type: 0 }]);
    expect(module.exports).toEqual([
      { name: 'memory', kind: 'memory', index: 0 },
      { name: 'g', kind: 'function', index: 1 },
    ]);
    expect(module.start).toBe(1);
  });

  it('gives its tables, memories, globals and tags', () => {
    expect(module.tables.map(({ element, limits }) => [element, limits.initial, limits.maximum])).toEqual([
      [Value.funcref, 2, 5],
      [Value.externref, 1, null],
    ]);
    expect(module.memories).toEqual([{ initial: 1, maximum: 3, shared: false, wide: false, customPageSize: false }]);
    expect(module.globals).toMatchObject({ count: 2, mutable: [{ index: 0, type: 0x7f }] });
    expect(module.tags).toHaveLength(1);
  });

  it('gives every function reference with its place, in order', () => {
    const { references, bytes } = module;
    const indices = references.filter((_, at) => at % 3 === 2);
    expect(indices).toEqual([1, 1, 0, 0, 1]);
    for (let at = 0; at < references.length; at += 3) {
      expect(bytes[references[at] ?? -1]).toBe(references[at + 2]);
      expect(references[at + 1]).toBe((references[at] ?? 0) + 1);
      expect(references[at]).toBeGreaterThan(references[at - 3] ?? -1);
    }
  });

  it('gives its segments and the places of its bodies', () => {
    expect(module.elements.count).toBe(3);
    expect(module.data).toMatchObject({ count: 2, active: 1 });
    expect([...module.bytes.subarray(module.bodies[0], module.bodies[1])]).toEqual([1, 1, 0x7f, 0x0b]);
  });
});

describe('custom sections', () => {
  it('are skipped wherever they are and do not count', () => {
    const custom = section(0, [...name('note'), 1, 2, 3]);
    const type = section(1, vector([[0x60, 0, 0]]));
    const code = section(10, vector([body()]));
    const module = decoded(moduleOf(custom, type, custom, section(3, [1, 0]), code, custom));
    expect(module.functions).toHaveLength(1);
    expect(module.strippedBytes).toBe(8 + type.length + 4 + code.length);
  });
});

describe('tables with an initial value', () => {
  it('keep the expression', () => {
    const module = decoded(
      moduleOf(
        section(1, vector([[0x60, 0, 0]])),
        section(3, [1, 0]),
        section(4, vector([[0x40, 0, 0x70, 0, 3, 0xd2, 0, 0x0b]])),
        section(10, vector([body()])),
      ),
    );
    const { init } = module.tables[0] ?? { init: null };
    expect(module.bytes.subarray(init?.start, init?.end)).toEqual(Uint8Array.from([0xd2, 0, 0x0b]));
    expect(module.references[2]).toBe(0);
  });
});
