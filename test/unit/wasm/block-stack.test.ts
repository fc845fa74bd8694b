import { describe, expect, it } from 'vitest';
import { BlockStack } from '../../../src/wasm/block-stack.ts';
import { FUNCTION_LABEL } from '../../../src/wasm/events.ts';

function begun(locals = 0): BlockStack {
  const blocks = new BlockStack();
  blocks.reset();
  blocks.locals = locals;
  return blocks;
}

describe('labels', () => {
  it('count from the innermost block outwards, the function last', () => {
    const blocks = begun();
    blocks.open(10, 0);
    blocks.open(20, 0);
    expect([0, 1, 2, 3].map((depth) => blocks.target(depth))).toEqual([20, 10, FUNCTION_LABEL, undefined]);
    expect(blocks.top).toBe(20);
    expect(blocks.close()).toBe(20);
    expect(blocks.target(0)).toBe(10);
  });

  it('are gone once the function is closed', () => {
    const blocks = begun();
    expect(blocks.closed).toBe(false);
    expect(blocks.close()).toBe(FUNCTION_LABEL);
    expect(blocks.closed).toBe(true);
  });
});

describe('operands', () => {
  it('of a block start above those below it, parameters included', () => {
    const blocks = begun();
    blocks.adjust(5);
    blocks.open(1, 2);
    blocks.countEdges(1);
    expect(blocks.product).toBe(5);
    blocks.restart(0);
    blocks.countEdges(1);
    expect(blocks.product).toBe(5 + 3);
    blocks.close();
    blocks.countEdges(1);
    expect(blocks.product).toBe(5 + 3 + 3);
  });

  it('cannot be taken from below a block, whatever dead code pops', () => {
    const blocks = begun();
    blocks.adjust(4);
    blocks.open(1, 0);
    blocks.adjust(-100);
    blocks.open(2, 0);
    blocks.countEdges(1);
    expect(blocks.product).toBe(4);
  });

  it('of dead code never make the product smaller', () => {
    const blocks = begun(1);
    blocks.adjust(4);
    blocks.open(1, 0);
    blocks.restart(0);
    blocks.adjust(-100_000);
    blocks.countEdges(50_000);
    blocks.countCall();
    expect(blocks.product).toBe(50_000 * 5 + 5 / 4);
  });

  it('count together with the locals, and their peak is kept', () => {
    const blocks = begun(7);
    blocks.adjust(3);
    blocks.countEdges(1);
    blocks.adjust(-2);
    blocks.countEdges(2);
    expect([blocks.product, blocks.highest, blocks.edges]).toEqual([7 + 3 + 2 * (7 + 1), 3, 3]);
  });

  it('reach their peak anywhere: between edges, and in a handler', () => {
    const blocks = begun();
    blocks.adjust(9);
    blocks.adjust(-9);
    expect(blocks.highest).toBe(9);
    blocks.open(1, 0);
    blocks.restart(11);
    expect(blocks.highest).toBe(11);
  });
});

describe('calls', () => {
  it('count a quarter of the slots outside of handlers, all of them inside', () => {
    const blocks = begun(8);
    blocks.countCall();
    expect([blocks.product, blocks.edges, blocks.protectedCalls]).toEqual([2, 0, 0]);
    blocks.openTry();
    blocks.openTry();
    blocks.closeTry();
    blocks.countCall();
    expect([blocks.product, blocks.edges, blocks.protectedCalls]).toEqual([2 + 8, 1, 1]);
    blocks.closeTry();
    blocks.countCall();
    expect([blocks.product, blocks.edges, blocks.protectedCalls]).toEqual([2 + 8 + 2, 1, 1]);
  });
});

describe('depths', () => {
  it('are the most that was open at once', () => {
    const blocks = begun();
    for (const row of [1, 2]) {
      blocks.open(row, 0);
      blocks.openLoop();
      blocks.close();
      blocks.closeLoop();
    }
    expect([blocks.deepest, blocks.deepestLoop]).toEqual([1, 1]);
  });

  it('start over with each body', () => {
    const blocks = begun(3);
    blocks.adjust(2);
    blocks.openTry();
    blocks.countCall();
    blocks.open(1, 0);
    blocks.reset();
    blocks.countCall();
    const { deepest, product, highest, locals, edges, protectedCalls } = blocks;
    expect([deepest, product, highest, locals, edges, protectedCalls]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
