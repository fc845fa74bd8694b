import { describe, expect, it } from 'vitest';
import { DataPages } from '../../../src/wasm/data-pages.ts';

/** Pages of segments in this order, each an address (null: computed) and a length. */
function pages(...segments: readonly (readonly [address: number | null, length: number])[]): number {
  const counted = new DataPages();
  for (const [address, length] of segments) counted.write(address, length);
  return counted.count;
}

describe('the pages that data segments write', () => {
  it('are those that a segment spans', () => {
    expect(pages([0, 4096])).toBe(1);
    expect(pages([0, 4097])).toBe(2);
    expect(pages([4095, 2])).toBe(2);
    expect(pages([8191, 4098])).toBe(3);
  });

  it('count once for segments in order that share a page', () => {
    expect(pages([0, 10], [20, 10], [4000, 96])).toBe(1);
    expect(pages([0, 5000], [5000, 10], [9000, 10])).toBe(3);
  });

  it('count again when a segment comes back', () => {
    expect(pages([0, 1], [4096, 1], [0, 1])).toBe(3);
  });

  it('are none for an empty segment, wherever it is', () => {
    expect(pages([0, 0], [1 << 30, 0], [null, 0])).toBe(0);
  });

  it('count one more for an address that only instantiation knows', () => {
    expect(pages([null, 1], [null, 4096], [null, 4097])).toBe(2 + 2 + 3);
    expect(pages([0, 1], [null, 1], [0, 1])).toBe(1 + 2 + 1);
  });

  it('reach to the end of four gigabytes', () => {
    expect(pages([0xffff_ffff, 1], [0xffff_f000, 4096])).toBe(1);
  });
});
