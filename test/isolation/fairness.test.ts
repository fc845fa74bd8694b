/** Tenants that want all the time there is: what each gets is decided by a scheduler and a clock that the test drives, not by luck. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Interrupt } from '../../src/instrument/sandbox-imports.ts';
import { Scheduler, SLICE_MS } from '../../src/runtime/scheduler.ts';
import type { Task } from '../../src/runtime/task.ts';
import { WatchdogLink } from '../../src/runtime/watchdog.ts';
import { TestClock, watchdogShare } from '../unit/runtime/harness.ts';

/** Time between two checks of a guest that computes. */
const STEP_MS = 0.5;

let clock: TestClock;
let scheduler: Scheduler;
/** CPU time that each tenant has used, as the scheduler told. */
let used: Map<number, number>;
/** Tenants in the order in which their light requests ended. */
let ended: number[];

beforeEach(() => {
  clock = new TestClock();
  used = new Map();
  ended = [];
  scheduler = new Scheduler(new WatchdogLink(watchdogShare(), 0), {
    clock,
    onCpu: (tenant, ms) => void used.set(tenant, (used.get(tenant) ?? 0) + ms),
  });
});

afterEach(() => {
  for (const task of scheduler.tasks) scheduler.cancel(task, 'draining');
});

/** A guest that computes for `ms`, with checks, exactly as a rewritten one does: it stops when it is told to. */
async function compute(task: Task, ms: number): Promise<void> {
  scheduler.begin(task);
  for (let done = 0; done < ms; done += STEP_MS) {
    clock.run(Math.min(STEP_MS, ms - done));
    const answer = scheduler.interrupt(task);
    if (answer === Interrupt.kill) break;
    if (answer === Interrupt.yield) await scheduler.yield(task);
  }
  scheduler.end(task);
}

/** A request of a tenant, from its arrival to its end. */
async function request(tenant: number, ms: number, cpuWeight = 100): Promise<void> {
  const task = scheduler.open({ cpuMs: 1e6, wallMs: 1e9, cpuWeight }, tenant);
  try {
    const place = scheduler.admit(task);
    if (place !== undefined) await place;
    await compute(task, ms);
    ended.push(tenant);
  } catch (error) {
    if (task.verdict === null) throw error;
  } finally {
    scheduler.close(task);
  }
}

/** A tenant that keeps `width` requests in flight that never end. */
function hog(tenant: number, width: number, cpuWeight = 100): void {
  for (let one = 0; one < width; one++) void request(tenant, 1e6, cpuWeight);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What each tenant got of all the time that was used, in percent. */
function shares(): Map<number, number> {
  const all = [...used.values()].reduce((sum, ms) => sum + ms, 0);
  return new Map([...used].map(([tenant, ms]) => [tenant, Math.round((100 * ms) / all)]));
}

describe('a tenant with a hundred requests', () => {
  it('gets no more than one with a single one', async () => {
    hog(1, 100);
    hog(2, 1);
    await turns(1_000);
    used.clear();
    await turns(2_000);
    expect(shares()).toEqual(
      new Map([
        [1, 50],
        [2, 50],
      ]),
    );
  });

  it('gets everything while nobody else wants any', async () => {
    const before = clock.cpu;
    hog(1, 100);
    await turns(500);
    expect(clock.cpu - before - (used.get(1) ?? 0)).toBeLessThanOrEqual(SLICE_MS);
  });
});

describe('weights', () => {
  it('divide the time among those who want it', async () => {
    hog(1, 5, 100);
    hog(2, 5, 300);
    hog(3, 5, 600);
    await turns(500);
    used.clear();
    await turns(3_000);
    expect(shares()).toEqual(
      new Map([
        [1, 10],
        [2, 30],
        [3, 60],
      ]),
    );
  });

  it('leave nothing unused when the heaviest rests', async () => {
    hog(1, 3, 100);
    hog(2, 3, 900);
    await turns(100);
    for (const task of scheduler.tasks) if (task.tenant === 2) scheduler.cancel(task, 'client_closed');
    await turns(10);
    used.clear();
    const before = clock.cpu;
    await turns(200);
    expect([...used.keys()]).toEqual([1]);
    expect(clock.cpu - before - (used.get(1) ?? 0)).toBeLessThanOrEqual(SLICE_MS);
  });
});

describe('a light request beside thirty-two hogs', () => {
  it('is over within one slice of somebody else, whenever it comes', async () => {
    for (let tenant = 1; tenant <= 32; tenant++) hog(tenant, 4);
    await turns(1_500);
    for (let time = 0; time < 50; time++) {
      const before = clock.cpu;
      await request(99, 0.3);
      expect(clock.cpu - before).toBeLessThanOrEqual(SLICE_MS + STEP_MS + 0.3);
      await turns(7);
    }
    expect(ended).toHaveLength(50);
  });
});

describe('a tenant that cuts its work into short requests', () => {
  it.each([1, 10])('%i at a time gets no more than one with a long one', async (width) => {
    hog(1, 1);
    let going = true;
    const choppers = Array.from({ length: width }, async () => {
      while (going) {
        await request(2, 1);
        await turns(1);
      }
    });
    await turns(2_000);
    used.clear();
    await turns(4_000);
    expect(shares().get(2)).toBeLessThanOrEqual(53);
    expect(shares().get(2)).toBeGreaterThan(20);
    going = false;
    await Promise.all(choppers);
  });
});

describe('a request that waits for its turn', () => {
  it('and is given up meanwhile never begins', async () => {
    hog(2, 1);
    for (let short = 0; short < 40; short++) await request(1, 1);
    hog(1, 1);
    const waiting = scheduler.open({ cpuMs: 10, wallMs: 1e9 }, 1);
    const place = scheduler.admit(waiting);
    expect(place).toBeInstanceOf(Promise);
    scheduler.cancel(waiting, 'client_closed');
    await expect(place).rejects.toThrow(WebAssembly.RuntimeError);
    await turns(20);
    expect([waiting.cpuMs, waiting.slices]).toEqual([0, 0]);
    scheduler.close(waiting);
  });
});

describe('the response of a light request', () => {
  it('is on its way before anybody else’s slice begins', async () => {
    hog(1, 1);
    hog(2, 1);
    await turns(20);
    for (let time = 0; time < 20; time++) {
      const light = request(99, 0.3);
      let cpuAtEnd = Number.NaN;
      // What the server does after a guest has ended takes some microtasks until the response is written.
      const written = light
        .then(() => (cpuAtEnd = clock.cpu))
        .then(async () => {
          for (let hop = 0; hop < 20; hop++) await Promise.resolve();
          return clock.cpu;
        });
      expect((await written) - cpuAtEnd).toBe(0);
      await turns(3);
    }
  });
});

describe('a request heavier than the others of its tenant', () => {
  it('comes to its turn although its tenant sends more light ones than its share would allow', async () => {
    for (let tenant = 1; tenant <= 32; tenant++) hog(tenant, 1);
    await turns(200);
    let going = true;
    const light = (async (): Promise<void> => {
      while (going) {
        await request(99, 1);
        await turns(2);
      }
    })();
    await turns(500);
    const before = clock.cpu;
    await request(99, 4);
    going = false;
    // It needs a few slices of its own, each after at most some rounds of the others.
    expect(clock.cpu - before).toBeLessThan(32 * 20 * SLICE_MS);
    await light;
  });
});
