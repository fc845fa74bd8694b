import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TickTimer } from '../../../../src/abi/proxy-wasm/tick-timer.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a timer', () => {
  it('ticks as long as it is started', () => {
    const timer = new TickTimer();
    let ticks = 0;
    timer.setPeriod(100);
    timer.start(() => void ticks++);
    vi.advanceTimersByTime(350);
    expect(ticks).toBe(3);
    timer.stop();
    vi.advanceTimersByTime(1_000);
    expect(ticks).toBe(3);
  });

  it('tells once of ticks that were missed', () => {
    const timer = new TickTimer();
    timer.setPeriod(100);
    expect(timer.takeMissed()).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect([timer.takeMissed(), timer.takeMissed()]).toEqual([true, false]);
  });

  it('has a shortest period, and none at all with 0', () => {
    const timer = new TickTimer();
    let ticks = 0;
    timer.start(() => void ticks++);
    timer.setPeriod(1);
    vi.advanceTimersByTime(100);
    expect(ticks).toBe(10);
    timer.setPeriod(0);
    vi.advanceTimersByTime(100);
    expect([ticks, timer.runs]).toEqual([10, false]);
  });

  it('takes the largest period without ticking at once', () => {
    const timer = new TickTimer();
    let ticks = 0;
    timer.start(() => void ticks++);
    timer.setPeriod(0xffff_ffff);
    vi.advanceTimersByTime(10_000);
    expect(ticks).toBe(0);
    timer.clear();
  });
});
