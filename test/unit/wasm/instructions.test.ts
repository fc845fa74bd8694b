import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/wasm/decode.ts';
import { POINT } from '../../../src/wasm/events.ts';
import type { Code } from '../../../src/wasm/events.ts';
import { walk } from '../../../src/wasm/instructions.ts';
import { Op } from '../../../src/wasm/opcodes.ts';
import { Refusals } from '../../../src/wasm/refusals.ts';
import { wat } from '../instrument/harness.ts';

function walked(fields: string): { readonly code: Code; readonly bytes: Uint8Array } {
  const bytes = wat(`(module ${fields})`);
  const refusals = new Refusals();
  const code = walk(decode(bytes, refusals), refusals);
  expect(refusals.empty).toBe(true);
  return { code, bytes };
}

/** The rows as objects. */
function rows({
  events,
}: Code): { readonly op: number; readonly a: number; readonly b: number; readonly cost: number }[] {
  return Array.from({ length: events.length }, (_, row) => ({
    op: events.op[row] ?? -1,
    a: events.a[row] ?? 0,
    b: events.b[row] ?? 0,
    cost: events.cost[row] ?? 0,
  }));
}

describe('the walk', () => {
  it('lists control, branches and calls with their partners, and the cost between them', () => {
    const { code } = walked('(func $f (local i32) block loop local.get 0 br_if 0 br 1 end end call $f)');
    expect(rows(code)).toEqual([
      { op: Op.block, a: -64, b: 5, cost: 0 },
      { op: Op.loop, a: -64, b: 4, cost: 0 },
      { op: Op.brIf, a: 0, b: 1, cost: 1 },
      { op: Op.br, a: 1, b: 0, cost: 0 },
      { op: Op.end, a: 0, b: 1, cost: 0 },
      { op: Op.end, a: 0, b: 0, cost: 0 },
      { op: Op.call, a: 0, b: 0, cost: 0 },
      { op: Op.end, a: 0, b: -1, cost: 0 },
    ]);
  });

  it('knows where each instruction is', () => {
    const { code, bytes } = walked('(func $f i64.const -1234567890123 drop f64.const 1 drop call $f)');
    const { events } = code;
    expect([...bytes.subarray(events.start[0], events.end[0])]).toEqual([Op.call, 0]);
    expect(code.codeStart[0]).toBeLessThan(events.start[0] ?? 0);
  });

  it('separates functions', () => {
    const { code } = walked('(func) (func nop) (func block end)');
    expect([...code.first]).toEqual([0, 1, 2, 5]);
  });

  it('tells bulk operations of a small constant size', () => {
    const fill = (size: string): string => `i32.const 0 i32.const 0 ${size} memory.fill`;
    const { code } = walked(
      `(memory 1) (table 1 funcref) (func (local i32) ${fill('i32.const 1023')} ${fill('i32.const 1024')} ${fill('i32.const -1')}
        ${fill('local.get 0')} i32.const 5 drop ${fill('i32.const 3 nop')}
        i32.const 0 ref.null func i32.const 127 table.fill i32.const 0 ref.null func i32.const 128 table.fill)`,
    );
    const bulk = rows(code).filter(({ op }) => op === Op.memoryFill || op === Op.tableFill);
    expect(bulk.map(({ a }) => a)).toEqual([1, 0, 0, 0, 0, 1, 0]);
  });

  it('splits long runs so that a check can stand between', () => {
    const { code } = walked(`(func ${'nop '.repeat(2_000)})`);
    const points = rows(code).filter(({ op }) => op === POINT);
    expect(points).toHaveLength(3);
    expect(points.every(({ cost }) => cost <= 527)).toBe(true);
  });

  it('knows whether the memory is used', () => {
    expect(walked('(memory 1) (func nop)').code.usesMemory).toBe(false);
    for (const use of ['i32.const 0 i32.load drop', 'memory.size drop', 'i32.const 0 v128.load offset=999 drop']) {
      expect(walked(`(memory 1) (func ${use})`).code.usesMemory).toBe(true);
    }
  });
});

describe('live slots', () => {
  const product = (fields: string): number | undefined => walked(fields).code.products.at(-1);

  it('are locals and operands, summed over edges', () => {
    const { code } = walked('(func (param i32) (local i64 i64) i32.const 1 i32.const 2 block end drop block end drop)');
    expect(code.products[0]).toBe(3 + 2 + 3 + 1);
    expect(code.widths[0]).toBe(5);
  });

  it('start anew below a block and after a jump', () => {
    const { code } = walked('(func i32.const 1 block i32.const 5 i32.const 6 br 0 end block end drop)');
    expect(code.products[0]).toBe(1 + 3 + 1);
  });

  it('count what calls and blocks leave', () => {
    const { code } = walked(
      '(func $f (param i32) (result i32 i32) unreachable) (func i32.const 1 call $f block end drop drop)',
    );
    expect(code.products[1]).toBe(Math.ceil(1 / 4 + 2));
  });

  it.each([
    ['a conditional branch', 'block i32.const 1 br_if 0 end', 10 + 10],
    ['every label of a br_table and its default', 'block i32.const 1 br_table 0 0 0 0 1 end', 10 + 5 * 10],
    ['both parts of a conditional', 'i32.const 1 if nop else nop end', 10 + 10],
    ['a legacy handler, with all that a tag may carry', 'try call $f call $f catch_all end', 10 + 2 * 10 + 18],
    ['every clause of a try_table and its calls', 'block try_table (catch_all 0) (catch_all 0) call $f end end', 50],
    ['a throw', 'throw $e', Math.ceil(10 / 4)],
    ['a throw inside of a try', 'try throw $e catch_all end', 10 + 10 + 18],
    ['calls outside of handlers, by a quarter', 'call $f call $f call $f call $f', 10],
    ['an indirect call', 'i32.const 0 call_indirect (type 0)', Math.ceil(11 / 4)],
    ['tables and bulk operations, which call the engine', 'i32.const 0 table.get 0 drop', Math.ceil(11 / 4)],
    ['a growth of the memory', 'i32.const 0 memory.grow drop', Math.ceil(11 / 4)],
    ['a dropped segment', 'data.drop 0', Math.ceil(10 / 4)],
    ['a reference to a function', 'ref.func $f drop', Math.ceil(10 / 4)],
  ])('count at %s', (_, code, expected) => {
    const around = '(memory 1) (data "") (tag $e) (table 1 funcref) (elem declare func $f) (func $f)';
    expect(product(`${around} (func ${'(local i32) '.repeat(10)} ${code})`)).toBe(expected);
  });

  it('are at their widest between edges too: a check may stand there', () => {
    const { code } = walked(`(func ${'i32.const 1 '.repeat(3_000)} ${'drop '.repeat(3_000)})`);
    expect([code.products[0], code.widths[0]]).toEqual([0, 3_000]);
  });
});
