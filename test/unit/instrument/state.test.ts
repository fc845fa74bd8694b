import { describe, expect, test } from 'vitest';
import { rewrite, wat } from './harness.ts';

/** The state exports of a module with a memory and these fields. */
function stateOf(fields: string): readonly string[] | null {
  return rewrite(wat(`(module (memory (export "memory") 1) ${fields})`)).report.stateExports;
}

describe('a module whose whole state the host can put back', () => {
  test('has no globals to put back', () => {
    expect(stateOf('(global i32 (i32.const 1))')).toEqual([]);
  });

  test('gives each mutable global away under its index', () => {
    const fields = '(global i32 (i32.const 1)) (global (mut i64) (i64.const 2)) (global (mut f64) (f64.const 3))';
    expect(stateOf(fields)).toEqual(['kerb:global:1', 'kerb:global:2']);
    const { bytes } = rewrite(wat(`(module ${fields})`));
    const exported = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).filter(({ kind }) => kind === 'global');
    expect(exported.map(({ name }) => name)).toEqual(['kerb:global:1', 'kerb:global:2']);
  });

  test('may read tables and initialise memory from segments', () => {
    expect(
      stateOf(`(table 1 funcref) (elem func 0) (data "x")
        (func (drop (table.get 0 (i32.const 0))) (drop (table.size 0))
          (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)))`),
    ).toEqual([]);
  });
});

describe('a module with state that stays hidden', () => {
  test.each([
    ['table.set', '(table 1 funcref) (func (table.set 0 (i32.const 0) (ref.null func)))'],
    ['table.grow', '(table 1 funcref) (func (drop (table.grow 0 (ref.null func) (i32.const 1))))'],
    ['table.fill', '(table 1 funcref) (func (table.fill 0 (i32.const 0) (ref.null func) (i32.const 1)))'],
    ['table.copy', '(table 1 funcref) (func (table.copy 0 0 (i32.const 0) (i32.const 0) (i32.const 1)))'],
    [
      'table.init',
      '(table 1 funcref) (elem $e func 0) (func (table.init $e (i32.const 0) (i32.const 0) (i32.const 1)))',
    ],
    ['elem.drop', '(table 1 funcref) (elem $e func 0) (func (elem.drop $e))'],
    ['data.drop', '(data $d "x") (func (data.drop $d))'],
    ['a mutable reference', '(global (mut funcref) (ref.null func))'],
    ['a mutable vector', '(global (mut v128) (v128.const i32x4 1 2 3 4))'],
    ['very many globals', '(global (mut i32) (i32.const 0))'.repeat(33)],
  ])('%s: has no state exports', (_, fields) => {
    expect(stateOf(fields)).toBeNull();
  });
});
