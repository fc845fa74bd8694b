import { describe, expect, it } from 'vitest';
import { LiveMemories } from '../../../src/runtime/live-memories.ts';
import { MemoryLedger } from '../../../src/runtime/memory-ledger.ts';
import { type Ceilings, type ProcessBudgets } from '../../../src/runtime/process-budgets.ts';
import { CapacityError } from '../../../src/runtime/refusal.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { processBudgets } from './harness.ts';

const PAGE = 65_536;
const TENANT = 1;

function bench(ceilings: Partial<Ceilings> = {}): {
  readonly budgets: ProcessBudgets;
  readonly ledger: MemoryLedger;
  readonly memories: LiveMemories;
} {
  const budgets = processBudgets(ceilings);
  const ledger = new MemoryLedger(budgets, TenantCounters.create(4));
  return { budgets, ledger, memories: new LiveMemories(ledger, 1) };
}

describe('live memories', () => {
  it('are made with their bounds, all zero, and counted, here and for the process', () => {
    const { budgets, memories } = bench();
    const { memory, bytes } = memories.create(2, 3, TENANT);
    expect([memory.buffer.byteLength, bytes]).toEqual([2 * PAGE, 2 * PAGE]);
    expect(new Uint8Array(memory.buffer).some((byte) => byte !== 0)).toBe(false);
    expect([memories.alive, budgets.read('memories').used, budgets.read('memory_pages').used]).toEqual([1, 1, 2]);
  });

  it('are refused at the ceiling of the process, whichever thread made them', () => {
    const { budgets, ledger } = bench({ memories: 4 });
    const threads = [new LiveMemories(ledger, 2), new LiveMemories(ledger, 2)] as const;
    const kept = Array.from({ length: 4 }, (_, index) => threads[index % 2 === 0 ? 0 : 1].create(0, 1, TENANT));
    for (const memories of threads) expect(() => memories.create(0, 1, TENANT)).toThrow(CapacityError);
    expect(kept).toHaveLength(4);
    expect(budgets.read('memories')).toEqual({ used: 4, ceiling: 4, refused: 2 });
  });

  it('that nobody holds any more are collected when the ceiling is reached, and make room', async () => {
    const { budgets, memories } = bench({ memory_pages: 100 });
    for (let made = 0; made < 43; made++) memories.create(1, 1, TENANT);
    expect(() => memories.create(1, 1, TENANT)).toThrow('memory_pages: 43 of at most 100');
    await expect.poll(() => memories.alive).toBe(0);
    expect([budgets.read('memories').used, budgets.read('memory_pages').used]).toEqual([0, 0]);
    expect(memories.create(1, 1, TENANT).bytes).toBe(PAGE);
  });

  it('that the system has no room for are refused, and not counted', () => {
    const { budgets, memories } = bench();
    const create = WebAssembly.Memory;
    try {
      WebAssembly.Memory = class {
        constructor() {
          throw new RangeError('could not allocate memory');
        }
      } as unknown as typeof WebAssembly.Memory;
      expect(() => memories.create(1, 1, TENANT)).toThrow(CapacityError);
    } finally {
      WebAssembly.Memory = create;
    }
    expect([memories.alive, budgets.read('memories').used, budgets.read('memory_pages').used]).toEqual([0, 0, 0]);
  });
});

describe('growth', () => {
  it('answers the size before, and is on the account, also after the memory is dead', async () => {
    const { budgets, memories } = bench();
    let live: ReturnType<LiveMemories['create']> | null = memories.create(2, 10, TENANT);
    expect([live.grow(3), live.grow(0), live.bytes, live.memory.buffer.byteLength]).toEqual([2, 5, 5 * PAGE, 5 * PAGE]);
    expect(budgets.read('memory_pages').used).toBe(5);
    live = null;
    memories.collect();
    await expect.poll(() => budgets.read('memory_pages').used).toBe(0);
  });

  it.each([9, 65_535, 2 ** 32 - 1])(
    'by %i pages beyond the maximum is refused, whatever there is room for',
    (pages) => {
      const { budgets, memories } = bench();
      const live = memories.create(2, 10, TENANT);
      expect(live.grow(pages)).toBe('maximum');
      expect([live.bytes, budgets.read('memory_pages').used]).toEqual([2 * PAGE, 2]);
    },
  );

  it('beyond what the process has room for is refused as such, and counts for nobody', () => {
    const { budgets, memories } = bench({ memory_pages: 24 });
    const live = memories.create(2, 1_000, TENANT);
    expect(live.grow(9)).toBe('capacity');
    expect([live.bytes, budgets.read('memory_pages')]).toEqual([2 * PAGE, { used: 2, ceiling: 24, refused: 1 }]);
    expect(live.grow(8)).toBe(2);
  });

  it('that the system has no room for is refused, and counts for nobody', () => {
    const { budgets, memories } = bench();
    const live = memories.create(1, 10, TENANT);
    live.memory.grow = () => {
      throw new RangeError('WebAssembly.Memory.grow(): Unable to grow instance memory');
    };
    expect(live.grow(1)).toBe('capacity');
    expect([live.bytes, budgets.read('memory_pages').used]).toEqual([PAGE, 1]);
  });
});

describe('a memory that is recycled', () => {
  it('is nobody’s until somebody wants one of its size, who then has it on their account', () => {
    const { budgets, memories } = bench();
    const live = memories.create(2, 3, TENANT);
    const { memory } = live;
    memories.recycle(live);
    expect([memories.alive, budgets.read('memories').used, budgets.read('memory_pages').used]).toEqual([0, 0, 0]);
    const other = memories.create(2, 4, TENANT);
    const next = memories.create(2, 3, TENANT + 1);
    expect([other.memory === memory, next.memory === memory]).toEqual([false, true]);
    expect([next.bytes, memories.alive, budgets.read('memory_pages').used]).toEqual([2 * PAGE, 2, 4]);
    expect([next.grow(1), next.grow(1)]).toEqual([2, 'maximum']);
  });

  it('cannot be reached by a view of it from before', () => {
    const { memories } = bench();
    const live = memories.create(1, 1, TENANT);
    const view = new Uint8Array(live.memory.buffer);
    memories.recycle(live);
    view[0] = 1;
    expect([view.length, new Uint8Array(memories.create(1, 1, TENANT).memory.buffer)[0]]).toEqual([0, 0]);
  });

  it('is counted out once, also when it is collected', async () => {
    const { budgets, memories } = bench();
    memories.recycle(memories.create(1, 1, TENANT));
    memories.create(9, 9, TENANT);
    memories.create(1, 1, TENANT);
    memories.collect();
    await expect.poll(() => memories.alive).toBe(0);
    expect([budgets.read('memories').used, budgets.read('memory_pages').used]).toEqual([0, 0]);
  });

  it('is refused to who has no room for it, and stays for others', () => {
    const { memories } = bench({ memory_pages: 1_000 });
    const live = memories.create(16, 16, TENANT);
    const { memory } = live;
    memories.recycle(live);
    const kept = memories.create(430, 430, TENANT);
    expect(() => memories.create(16, 16, TENANT)).toThrow(CapacityError);
    expect(kept.bytes).toBe(430 * PAGE);
    expect(memories.drain()).toBe(16 * PAGE);
    expect(memory.buffer.byteLength).toBe(16 * PAGE);
  });
});
