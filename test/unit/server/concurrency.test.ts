import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { Concurrency } from '../../../src/server/concurrency.ts';
import { CONCURRENCY_POLL_MS, CONCURRENCY_WAIT_MS, MAX_WAITING } from '../../../src/server/limits.ts';

let counters: TenantCounters;
let concurrency: Concurrency;

beforeEach(() => {
  vi.useFakeTimers();
  counters = TenantCounters.create(2);
  concurrency = new Concurrency(counters);
});
afterEach(() => {
  vi.useRealTimers();
});

/** Notes in `order` who gets in, and `-who` for who is refused. */
async function noting(order: string[], who: string, room: boolean | Promise<boolean>): Promise<void> {
  order.push((await room) ? who : `-${who}`);
}

describe('a place', () => {
  it('is given at once while there is room', () => {
    expect([concurrency.enter(0, 2), concurrency.enter(0, 2)]).toEqual([true, true]);
    expect(counters.read(0).inFlight).toBe(2);
  });

  it('is waited for, first come, first served', async () => {
    void concurrency.enter(0, 1);
    const order: string[] = [];
    const waits = ['a', 'b', 'c'].map((who) => noting(order, who, concurrency.enter(0, 1)));
    for (let i = 0; i < 3; i++) {
      concurrency.leave(0);
      await vi.advanceTimersByTimeAsync(0);
    }
    await Promise.all(waits);
    expect(order).toEqual(['a', 'b', 'c']);
    expect(counters.read(0).inFlight).toBe(1);
  });

  it('is not taken by a newcomer before those who wait', async () => {
    void concurrency.enter(0, 1);
    const order: string[] = [];
    const first = noting(order, 'first', concurrency.enter(0, 1));
    counters.leave(0);
    const second = noting(order, 'second', concurrency.enter(0, 1));
    await vi.advanceTimersByTimeAsync(CONCURRENCY_POLL_MS);
    concurrency.leave(0);
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  it('that another thread gives up is found', async () => {
    void concurrency.enter(0, 1);
    const room = concurrency.enter(0, 1);
    counters.leave(0);
    await vi.advanceTimersByTimeAsync(CONCURRENCY_POLL_MS);
    expect(await room).toBe(true);
  });

  it("of one tenant does not depend on another's", () => {
    expect(concurrency.enter(0, 1)).toBe(true);
    expect(concurrency.enter(1, 1)).toBe(true);
  });
});

describe('a refusal', () => {
  it('comes when the wait has been too long, and counts nobody in', async () => {
    void concurrency.enter(0, 1);
    const room = concurrency.enter(0, 1);
    await vi.advanceTimersByTimeAsync(CONCURRENCY_WAIT_MS - CONCURRENCY_POLL_MS);
    let settled = false;
    void Promise.resolve(room).then(() => {
      settled = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(2 * CONCURRENCY_POLL_MS);
    expect(await room).toBe(false);
    expect(counters.read(0).inFlight).toBe(1);
  });

  it('comes at once when too many wait', () => {
    void concurrency.enter(0, 1);
    for (let i = 0; i < MAX_WAITING; i++) expect(concurrency.enter(0, 1)).toBeInstanceOf(Promise);
    expect(concurrency.enter(0, 1)).toBe(false);
    expect(concurrency.enter(1, 1)).toBe(true);
  });

  it('leaves the queue usable', async () => {
    void concurrency.enter(0, 1);
    const late = concurrency.enter(0, 1);
    await vi.advanceTimersByTimeAsync(2 * CONCURRENCY_WAIT_MS);
    expect(await late).toBe(false);
    concurrency.leave(0);
    expect(concurrency.enter(0, 1)).toBe(true);
  });
});

it('nothing is polled while nobody waits', async () => {
  void concurrency.enter(0, 1);
  void concurrency.enter(0, 1);
  expect(vi.getTimerCount()).toBe(1);
  concurrency.leave(0);
  await vi.advanceTimersByTimeAsync(2 * CONCURRENCY_POLL_MS);
  expect(vi.getTimerCount()).toBe(0);
});
