import { describe, expect, it } from 'vitest';
import { withExportsOf, withOwnMemory } from '../../../bench/tax-surface.ts';
import { KerbError } from '../../../src/errors.ts';
import { rewrite, wat } from '../instrument/harness.ts';

const exportsOf = (bytes: Uint8Array<ArrayBuffer>): string[] =>
  WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name, kind }) => `${kind} ${name}`);

const IMPORTING = `(module
  (type (func)) (type (func (result i32)))
  (import "env" "before" (func)) (import "env" "heap" (memory 2 8)) (import "env" "after" (func))
  (table 1 funcref) (global $g (mut i32) (i32.const 7)) (elem (i32.const 0) $f)
  (func $f (export "f") (result i32) (i32.store (i32.const 0) (i32.const 5)) (i32.add (i32.load (i32.const 0)) (global.get $g)))
  (data (i32.const 8) "x"))`;

describe('withOwnMemory', () => {
  it('gives a module the memory that it imported, with the same bounds, and keeps its other imports', () => {
    const bytes = withOwnMemory(wat(IMPORTING));
    const module = new WebAssembly.Module(bytes);
    expect(WebAssembly.Module.imports(module).map(({ name }) => name)).toEqual(['before', 'after']);
    const { exports } = new WebAssembly.Instance(module, { env: { before: () => 0, after: () => 0 } });
    expect((exports['f'] as () => number)()).toBe(12);
    expect(rewrite(wat('(module (memory 2 8))')).report.memory).toEqual({ initialPages: 2, maximumPages: 8 });
  });

  it('leaves a module alone that has one', () => {
    const bytes = wat('(module (import "env" "f" (func)) (memory 1))');
    expect(withOwnMemory(bytes)).toEqual(bytes);
  });

  it('works when nothing else follows', () => {
    expect(WebAssembly.validate(withOwnMemory(wat('(module (import "env" "heap" (memory 1)))')))).toBe(true);
  });

  it('names an import that it cannot run', () => {
    const bytes = wat('(module (import "env" "t" (table 1 funcref)) (import "env" "heap" (memory 1)))');
    expect(() => withOwnMemory(bytes)).toThrow('an import of kind 1');
  });

  it('refuses bytes that end too soon', () => {
    expect(() => withOwnMemory(wat(IMPORTING).subarray(0, 30))).toThrow(KerbError);
  });
});

describe('withExportsOf', () => {
  it('gives back memories, tables and globals that rewriting dropped, under their names', () => {
    const original = wat(`(module (memory (export "heap") 1) (table (export "calls") 1 funcref)
      (global (export "base") i32 (i32.const 3)) (func (export "f")))`);
    const { bytes } = rewrite(original);
    expect(exportsOf(bytes)).toEqual(['function f']);
    const whole = withExportsOf(original, bytes);
    expect(exportsOf(whole)).toEqual(['function f', 'memory heap', 'table calls', 'global base']);
  });

  it('gives nothing back twice', () => {
    const original = wat('(module (memory (export "memory") 1) (func (export "f")))');
    const { bytes } = rewrite(original);
    expect(withExportsOf(original, bytes)).toEqual(bytes);
  });
});
