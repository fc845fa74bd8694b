import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MAX_SLEEP_MS } from '../../../../src/abi/wasi/limits.ts';
import { Sleep } from '../../../../src/abi/wasi/sleep.ts';

let sleep: Sleep;

beforeEach(() => {
  vi.useFakeTimers();
  sleep = new Sleep();
});

afterEach(() => {
  vi.useRealTimers();
});

/** What became of a promise: `pending` until it settles. */
function watch(promise: Promise<unknown>): { state: unknown } {
  const seen: { state: unknown } = { state: 'pending' };
  promise.then(
    (value) => (seen.state = value),
    (error: unknown) => (seen.state = error),
  );
  return seen;
}

describe('a sleep', () => {
  test('is over after its time and never before', async () => {
    const seen = watch(sleep.for(20));
    await vi.advanceTimersByTimeAsync(20);
    expect(seen.state).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(seen.state).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('may follow another', async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      const seen = watch(sleep.for(5));
      await vi.advanceTimersByTimeAsync(6);
      expect(seen.state).toBe(0);
    }
  });

  test('of the longest time allowed ends well', async () => {
    const seen = watch(sleep.for(MAX_SLEEP_MS));
    await vi.advanceTimersByTimeAsync(MAX_SLEEP_MS + 1);
    expect(seen.state).toBe(0);
  });

  test.each([[MAX_SLEEP_MS + 1], [2 ** 31], [18_446_744_073_710]])(
    'of %i ms ends the guest at the limit',
    async (ms) => {
      const seen = watch(sleep.for(ms));
      await vi.advanceTimersByTimeAsync(MAX_SLEEP_MS);
      expect(seen.state).toBe('pending');
      await vi.advanceTimersByTimeAsync(1);
      expect(seen.state).toMatchObject({ name: 'GuestFault', outcome: 'wall_limit' });
    },
  );

  test('in a sleep ends the guest', () => {
    void sleep.for(5);
    expect(() => sleep.for(5)).toThrow(/sleeps in another call/);
    expect(vi.getTimerCount()).toBe(1);
  });
});

describe('cancelling', () => {
  test('rejects at once and leaves no timer', async () => {
    const seen = watch(sleep.for(1000));
    sleep.cancel();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.state).toMatchObject({ name: 'GuestFault' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('with nobody left to hear of it is no unhandled rejection', async () => {
    const unhandled = vi.fn<() => void>();
    process.once('unhandledRejection', unhandled);
    void sleep.for(1000);
    sleep.cancel();
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('is nothing when there is no sleep, and one can follow', async () => {
    sleep.cancel();
    void sleep.for(1000);
    sleep.cancel();
    sleep.cancel();
    const seen = watch(sleep.for(1));
    await vi.advanceTimersByTimeAsync(2);
    expect(seen.state).toBe(0);
  });
});

test('a sleeping guest does not keep the process alive', () => {
  vi.useRealTimers();
  const unref = vi.spyOn(globalThis, 'setTimeout');
  void sleep.for(1000);
  const timer = unref.mock.results[0]?.value as NodeJS.Timeout;
  expect(timer.hasRef()).toBe(false);
  sleep.cancel();
  unref.mockRestore();
});
