import { afterEach, describe, expect, it, vi } from 'vitest';
import { Collector } from '../../../src/runtime/collector.ts';
import {
  COLLECTION_PATIENCE_MS,
  COLLECTION_PAUSE_MS,
  COLLECTION_PAUSE_MS_PER_MIB,
  COLLECTION_PAUSE_SHARE,
} from '../../../src/runtime/limits.ts';

afterEach(() => {
  vi.useRealTimers();
});

const COLLECTION_MS = 1_000;

/** A collector that never gets to it: how often it is asked is only counted, and to run as a whole takes {@link COLLECTION_MS}. */
function deaf(
  nudge?: () => void,
  heapMib = 1,
): { readonly asked: { nudges: number; runs: number }; readonly collector: Collector } {
  const asked = { nudges: 0, runs: 0 };
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const collector = new Collector(() => undefined, {
    nudge: () => {
      asked.nudges += 1;
      nudge?.();
    },
    run: () => {
      asked.runs += 1;
      return new Promise((resolve) => setTimeout(resolve, COLLECTION_MS));
    },
    heapMib: () => heapMib,
  });
  return { asked, collector };
}

describe('a collector that is asked', () => {
  it.each(['ask', 'insist'] as const)('to %s collects what nobody uses, and says when', async (how) => {
    let [dead, over] = [0, 0];
    const collector = new Collector(() => (over += 1));
    const registry = new FinalizationRegistry(() => (dead += 1));
    registry.register(new WebAssembly.Memory({ initial: 1, maximum: 1 }), null);
    if (how === 'ask') collector.ask();
    else collector.insist('last-resort');
    await expect.poll(() => [dead, over > 0]).toEqual([1, true]);
    collector.close();
  });

  it('is asked once until it has run, or for as long as it has patience', () => {
    const { asked, collector } = deaf();
    for (let i = 0; i < 3; i++) collector.ask();
    vi.advanceTimersByTime(1);
    collector.ask();
    vi.advanceTimersByTime(COLLECTION_PATIENCE_MS - 2);
    collector.ask();
    expect(asked.nudges).toBe(1);
    vi.advanceTimersByTime(2);
    collector.ask();
    vi.advanceTimersByTime(1);
    expect(asked.nudges).toBe(2);
    collector.close();
  });

  it('runs as a whole where there is no address space left to ask with', () => {
    const { asked, collector } = deaf(() => {
      throw new RangeError('Array buffer allocation failed');
    });
    collector.ask();
    vi.advanceTimersByTime(1);
    expect(asked.runs).toBe(1);
    collector.close();
  });

  it('to close is asked no more', () => {
    const { asked, collector } = deaf();
    collector.ask();
    collector.close();
    vi.advanceTimersByTime(COLLECTION_PATIENCE_MS);
    expect(asked.nudges).toBe(0);
  });
});

describe('a collector that the thread stands still for', () => {
  it('runs once at a time, and then rests for some times as long as it took', async () => {
    const { asked, collector } = deaf();
    collector.insist('regular');
    await vi.advanceTimersByTimeAsync(COLLECTION_MS / 2);
    collector.insist('regular');
    collector.ask();
    await vi.advanceTimersByTimeAsync(COLLECTION_MS / 2 + 1);
    expect(asked.runs).toBe(1);
    collector.insist('regular');
    await vi.advanceTimersByTimeAsync(COLLECTION_PAUSE_SHARE * COLLECTION_MS - 10);
    expect(asked.runs).toBe(1);
    await vi.advanceTimersByTimeAsync(10);
    expect(asked.runs).toBe(2);
    collector.close();
  });

  it('is not asked again so soon when the heap is large', async () => {
    for (const [heapMib, pauseMs] of [
      [1, COLLECTION_PAUSE_MS],
      [100, 100 * COLLECTION_PAUSE_MS_PER_MIB],
    ] as const) {
      const { asked, collector } = deaf(undefined, heapMib);
      collector.insist('regular');
      await vi.advanceTimersByTimeAsync(COLLECTION_MS + 1);
      collector.ask();
      await vi.advanceTimersByTimeAsync(pauseMs - 10);
      expect(asked.nudges).toBe(0);
      await vi.advanceTimersByTimeAsync(10);
      expect(asked.nudges).toBe(1);
      collector.close();
    }
  });
});
