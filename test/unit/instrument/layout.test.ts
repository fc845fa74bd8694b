import { describe, expect, it } from 'vitest';
import { catchLabels, branchTableLabels, labelsOf } from '../../../src/instrument/labels.ts';
import { ADDED_TYPES } from '../../../src/instrument/additions.ts';
import { callOf, layOut, moved } from '../../../src/instrument/layout.ts';
import { parse } from '../../../src/instrument/parse.ts';
import type { Parsed } from '../../../src/instrument/parse.ts';
import { Op } from '../../../src/wasm/opcodes.ts';
import { wat } from './harness.ts';

const parsed = (fields: string): Parsed => parse(wat(`(module ${fields})`), 1e6, () => undefined);

describe('indices of the output', () => {
  const { module, code } = parsed(
    `(import "m" "a" (func $a)) (import "m" "b" (func $b (param i32))) (memory 1) (func $c) (func $d)`,
  );
  const layout = layOut(module, code, () => false);

  it("stay for imports and move up for the guest's own functions", () => {
    expect([0, 1, 2, 3].map((index) => moved(layout, index))).toEqual([0, 1, 5, 6]);
  });

  it('put the sandbox between them and the helpers last', () => {
    expect([layout.interrupt, layout.yield, layout.growth]).toEqual([2, 3, 4]);
    expect([...layout.helpers]).toEqual([
      ['slow', 7],
      ['grow', 8],
    ]);
    expect(callOf(layout, 'grow')).toEqual([Op.call, 8]);
  });

  it('put the stand-ins of imports that may wait after all helpers', () => {
    const waiting = parsed(`(import "m" "a" (func $a)) (memory 1)
      (func (param i32) i32.const 0 i32.const 0 local.get 0 memory.copy call $a)`);
    const { helpers, shims } = layOut(waiting.module, waiting.code, () => true);
    expect([...helpers]).toEqual([
      ['slow', 6],
      ['grow', 7],
      ['copy', 8],
      ['copyInPieces', 9],
    ]);
    expect([...shims]).toEqual([[0, 10]]);
  });

  it("put the epoch after the guest's memory", () => {
    const without = parsed('(func)');
    expect([layout.epochMemory, layOut(without.module, without.code, () => false).epochMemory]).toEqual([1, 0]);
  });

  it('reuse types that the guest already has', () => {
    expect(layout.typeOf(ADDED_TYPES.procedure)).toBe(layout.map[module.functions[0] ?? -1]);
    expect(layout.types).toHaveLength(4);
  });
});

describe('types of the output', () => {
  it('are kept for every use: functions, imports, tags, blocks, indirect calls', () => {
    const { module, code } = parsed(`(type $unused (func (param f64 f64)))
      (import "m" "a" (func (param i64))) (tag (param f32)) (table 1 funcref)
      (func (param i32 i32) (result i32) local.get 0 local.get 1 block (param i32 i32) (result i32) i32.add end)
      (func i32.const 0 i32.const 0 call_indirect (param i32)) (func loop (result i32 i32) i32.const 1 i32.const 2 end drop drop)`);
    const { map, types } = layOut(module, code, () => false);
    const kept = module.types.filter((_, index) => (map[index] ?? -1) >= 0);
    expect(module.types.length - kept.length).toBe(1);
    for (const type of kept) expect(types).toContainEqual(type);
  });
});

describe('labels', () => {
  it('are read from the bytes of br_table, the default last', () => {
    const { module, code } = parsed('(func block block i32.const 0 br_table 1 0 1 2 end end)');
    const row = code.events.op.indexOf(Op.brTable);
    expect(branchTableLabels(module.bytes, code.events, row)).toEqual([1, 0, 1, 2]);
    expect(labelsOf(module.bytes, code.events, row)).toEqual([1, 0, 1, 2]);
  });

  it('are read from every clause of try_table', () => {
    const { module, code } = parsed(`(tag $e) (func block $out block $in (result exnref)
      try_table (catch $e $out) (catch_all $out) (catch_all_ref $in) end br $out end drop end)`);
    const row = code.events.op.indexOf(Op.tryTable);
    expect(catchLabels(module.bytes, code.events, row)).toEqual([1, 1, 0]);
  });

  it('of other instructions are in their row, or there are none', () => {
    const { module, code } = parsed('(func block i32.const 1 br_if 1 end)');
    expect(labelsOf(module.bytes, code.events, code.events.op.indexOf(Op.brIf))).toEqual([1]);
    expect(labelsOf(module.bytes, code.events, 0)).toEqual([]);
  });
});
