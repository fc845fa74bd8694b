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
  it('are locals and operands, summed over control operators', () => {
    const { code } = walked('(func (param i32) (local i64 i64) i32.const 1 i32.const 2 block end drop block end drop)');
    expect(code.products[0]).toBe(3 + 2 + 3 + 1);
    expect(code.widths[0]).toBe(5);
  });

  it('start anew below a block and after a jump', () => {
    const { code } = walked('(func i32.const 1 block i32.const 5 i32.const 6 br 0 end block end drop)');
    expect(code.products[0]).toBe(2);
  });

  it('count what calls and blocks leave', () => {
    const { code } = walked(
      '(func $f (param i32) (result i32 i32) unreachable) (func i32.const 1 call $f block end drop drop)',
    );
    expect(code.products[1]).toBe(2);
  });
});
