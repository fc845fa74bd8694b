import { describe, expect, it } from 'vitest';
import { compare, threadCpuMs, warmUp, type Work } from '../../../bench/tax-timing.ts';

/** Work that takes the given times one after the other, the last one for ever, on a clock that nothing else moves. */
function workshop(): { clock: () => number; taking: (...times: number[]) => Work; log: string[] } {
  let now = 0;
  const log: string[] = [];
  const taking = (...times: number[]): Work => {
    let call = 0;
    return () => {
      const time = times[Math.min(call++, times.length - 1)] as number;
      now += time;
      log.push(`${time}`);
    };
  };
  return { clock: () => now, taking, log };
}

describe('compare', () => {
  it('is the median over the pairs of how many times the base the other takes', async () => {
    const { clock, taking } = workshop();
    const { ratio, baseMs, pairs } = await compare(taking(10), taking(12, 12, 1000, 12), 300, clock);
    expect(ratio).toBeCloseTo(1.2);
    expect(baseMs).toBe(10);
    expect(pairs).toBeGreaterThanOrEqual(5);
  });

  it('changes who comes first with every pair', async () => {
    const { clock, taking, log } = workshop();
    await compare(taking(1), taking(2), 0, clock);
    expect(log).toEqual(['1', '2', '2', '1', '1', '2', '2', '1', '1', '2']);
  });

  it('goes on for as long as it was asked to', async () => {
    const { clock, taking } = workshop();
    expect((await compare(taking(1), taking(1), 100, clock)).pairs).toBe(50);
  });

  it('waits for work that is not done when it returns', async () => {
    let now = 0;
    const later = (time: number) => async (): Promise<void> => {
      await Promise.resolve();
      now += time;
    };
    expect((await compare(later(10), later(11), 0, () => now)).ratio).toBeCloseTo(1.1);
  });
});

describe('warmUp', () => {
  it('goes on until nothing gets quicker', async () => {
    const { clock, taking, log } = workshop();
    const quick = 8;
    await warmUp([taking(...Array.from({ length: 40 }, (_, at) => 100 - at), quick), taking(10)], 100_000, clock);
    expect(log.filter((time) => time === `${quick}`).length).toBeGreaterThan(5);
  });

  it('ends when its time is over although something still gets quicker', async () => {
    const { clock, taking, log } = workshop();
    await warmUp([taking(...Array.from({ length: 1_000 }, (_, at) => 1_000 * 0.99 ** at))], 10_000, clock);
    expect(log.length).toBeLessThan(30);
  });

  it('takes at least half of its time', async () => {
    const { clock, taking } = workshop();
    await warmUp([taking(1)], 400, clock);
    expect(clock()).toBeGreaterThanOrEqual(200);
  });
});

describe('threadCpuMs', () => {
  it('moves with work, finer than the system ticks', () => {
    const start = threadCpuMs();
    const readings = new Set<number>();
    for (let at = 0; at < 200 || threadCpuMs() - start < 2; at++) readings.add(threadCpuMs());
    expect(threadCpuMs() - start).toBeGreaterThanOrEqual(2);
    expect(readings.size).toBeGreaterThan(20);
  });
});
