import { describe, expect, it } from 'vitest';
import { MAX_LIVE_MEMORIES } from '../../../src/runtime/limits.ts';
import { CapacityError, LiveMemories } from '../../../src/runtime/live-memories.ts';

describe('live memories', () => {
  it('are made with their bounds, all zero, and counted', () => {
    const memories = new LiveMemories(1);
    const memory = memories.create(2, 3);
    expect(memory.buffer.byteLength).toBe(2 * 65_536);
    expect(new Uint8Array(memory.buffer).some((byte) => byte !== 0)).toBe(false);
    expect(memory.grow(1)).toBe(2);
    expect(() => memory.grow(1)).toThrow(RangeError);
    expect(memories.alive).toBe(1);
  });

  it("are refused at the thread's share of the limit, before the process runs out", () => {
    const share = 4;
    const memories = new LiveMemories(MAX_LIVE_MEMORIES / share);
    const kept = Array.from({ length: share }, () => memories.create(0, 1));
    expect(() => memories.create(0, 1)).toThrow(CapacityError);
    expect(memories.alive).toBe(kept.length);
  });

  it('that the system has no room for are refused, and not counted', () => {
    const memories = new LiveMemories(1);
    const create = WebAssembly.Memory;
    try {
      WebAssembly.Memory = class {
        constructor() {
          throw new RangeError('could not allocate memory');
        }
      } as unknown as typeof WebAssembly.Memory;
      expect(() => memories.create(1, 1)).toThrow(CapacityError);
    } finally {
      WebAssembly.Memory = create;
    }
    expect(memories.alive).toBe(0);
  });
});
