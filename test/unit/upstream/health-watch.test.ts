import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckSlots } from '../../../src/upstream/check-slots.ts';
import type { CheckSign, HealthCheckSpec } from '../../../src/upstream/health-check.ts';
import { HealthWatch } from '../../../src/upstream/health-watch.ts';
import { HEALTH_ATTENTION_MS, MAX_CHECKED_BACKENDS, MAX_CHECKS_PER_SET } from '../../../src/upstream/limits.ts';

const SPEC: HealthCheckSpec = {
  path: '/',
  intervalMs: 10_000,
  timeoutMs: 1_000,
  unhealthy: 3,
  healthy: 2,
  status: 200,
};

let sign: CheckSign;
let checks: number[];
let slots: CheckSlots;
let owner: object;
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  [sign, checks, slots, owner] = ['healthy', [], new CheckSlots(1), {}];
});
afterEach(() => vi.useRealTimers());

/** A watch whose random numbers are all the same. */
function watch({ random = 0.5, ...spec }: Partial<HealthCheckSpec> & { random?: number } = {}): HealthWatch {
  return new HealthWatch({
    spec: { ...SPEC, ...spec },
    check: () => {
      checks.push(Date.now());
      return Promise.resolve(sign);
    },
    slots,
    owner,
    clock: () => Date.now(),
    random: () => random,
  });
}

/** Lets so many intervals pass while somebody asks all the time; answers whether asking is any use then. */
async function asking(health: HealthWatch, intervals: number, spec = SPEC): Promise<boolean> {
  for (let passed = 0; passed < intervals; passed++) {
    health.ask();
    await vi.advanceTimersByTimeAsync(spec.intervalMs);
  }
  return health.ask();
}

describe('checks', () => {
  it('begin with the first request, somewhere within an interval, and go on with some jitter', async () => {
    const health = watch({ random: 0.25 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([checks, vi.getTimerCount()]).toEqual([[], 0]);
    await asking(health, 3);
    expect(checks).toEqual([62_500, 72_000, 81_500]);
  });

  it('end when nobody asks any more, and begin again with who does', async () => {
    const health = watch();
    health.ask();
    await vi.advanceTimersByTimeAsync(HEALTH_ATTENTION_MS + 2 * SPEC.intervalMs);
    expect([checks.length, vi.getTimerCount()]).toEqual([HEALTH_ATTENTION_MS / SPEC.intervalMs, 0]);
    health.ask();
    expect(vi.getTimerCount()).toBe(1);
  });

  it('go on for two intervals where that is longer', async () => {
    watch({ intervalMs: 300_000 }).ask();
    await vi.advanceTimersByTimeAsync(3_000_000);
    expect([checks.length, vi.getTimerCount()]).toEqual([2, 0]);
  });

  it('are one at a time, however slow', async () => {
    const late = Promise.withResolvers<CheckSign>();
    let begun = 0;
    const health = new HealthWatch({
      spec: SPEC,
      check: () => {
        begun += 1;
        return late.promise;
      },
      slots,
      owner,
      clock: () => Date.now(),
    });
    await asking(health, 5);
    expect(begun).toBe(1);
    late.resolve('healthy');
    await asking(health, 2);
    expect(begun).toBeGreaterThan(1);
  });
});

describe('a backend', () => {
  it('is well until so many checks in a row have failed, and then not until so many have succeeded', async () => {
    const health = watch();
    expect(health.ask()).toBe(true);
    sign = 'unhealthy';
    expect([await asking(health, 2), await asking(health, 1)]).toEqual([true, false]);
    sign = 'healthy';
    expect([await asking(health, 1), await asking(health, 1)]).toEqual([false, true]);
  });

  it('needs them in a row', async () => {
    const health = watch();
    for (const next of ['unhealthy', 'unhealthy', 'healthy', 'unhealthy', 'unhealthy'] as const) {
      sign = next;
      expect(await asking(health, 1)).toBe(true);
    }
  });

  it('is not judged by checks that could not be made', async () => {
    const health = watch();
    for (const next of ['unhealthy', 'unknown', 'unhealthy', 'unknown'] as const) {
      sign = next;
      expect(await asking(health, 1)).toBe(true);
    }
    sign = 'unhealthy';
    expect(await asking(health, 1)).toBe(false);
    sign = 'unknown';
    expect(await asking(health, 5)).toBe(false);
  });

  it('that nobody asked for a while is taken to be well again', async () => {
    const health = watch();
    sign = 'unhealthy';
    expect(await asking(health, 3)).toBe(false);
    await vi.advanceTimersByTimeAsync(HEALTH_ATTENTION_MS + 2 * SPEC.intervalMs);
    expect(health.ask()).toBe(true);
  });
});

describe('a watch that is stopped', () => {
  it('has no timer, knows nothing and never begins again', async () => {
    const health = watch();
    sign = 'unhealthy';
    expect(await asking(health, 3)).toBe(false);
    health.stop();
    health.stop();
    expect([health.ask(), vi.getTimerCount(), checks.length]).toEqual([true, 0, 3]);
  });

  it('takes no notice of the check that was under way', async () => {
    const late = Promise.withResolvers<CheckSign>();
    const health = new HealthWatch({
      spec: { ...SPEC, unhealthy: 1 },
      check: () => late.promise,
      slots,
      owner,
      clock: () => Date.now(),
    });
    await asking(health, 1);
    health.stop();
    late.resolve('unhealthy');
    await vi.advanceTimersByTimeAsync(0);
    expect([health.ask(), vi.getTimerCount()]).toEqual([true, 0]);
  });

  it('gives its place to others', () => {
    slots = new CheckSlots(MAX_CHECKED_BACKENDS);
    const [first, second] = [watch(), watch()];
    first.ask();
    second.ask();
    expect(vi.getTimerCount()).toBe(1);
    first.stop();
    second.ask();
    expect(vi.getTimerCount()).toBe(1);
  });
});

it('a check for which there is no place is left out, and says nothing', async () => {
  const health = watch();
  sign = 'unhealthy';
  for (let taken = 0; taken < MAX_CHECKS_PER_SET; taken++) slots.begin(owner);
  expect(await asking(health, 5)).toBe(true);
  expect(checks).toEqual([]);
  slots.end(owner);
  expect(await asking(health, 3)).toBe(false);
});
