/* oxlint-disable vitest/valid-expect -- what is refused later is expected before the clock moves, and awaited after */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Interrupt } from '../../../src/instrument/sandbox-imports.ts';
import { LIGHT_MS } from '../../../src/runtime/limits.ts';
import { DEADLINE_CHECK_MS, Scheduler, SLICE_MS } from '../../../src/runtime/scheduler.ts';
import type { Task } from '../../../src/runtime/task.ts';
import { TRAP_ERROR } from '../../../src/runtime/trap.ts';
import { FIRST_ACTIVE, WatchdogLink, type WatchdogShare } from '../../../src/runtime/watchdog.ts';
import { TestClock, watchdogShare } from './harness.ts';

let clock: TestClock;
let share: WatchdogShare;
let scheduler: Scheduler;

beforeEach(() => {
  clock = new TestClock();
  share = watchdogShare();
  scheduler = new Scheduler(new WatchdogLink(share, 0), { clock });
});

afterEach(() => {
  for (const task of scheduler.tasks) scheduler.close(task);
  vi.useRealTimers();
});

function open(cpuMs = 50, wallMs = 1000): Task {
  return scheduler.open({ cpuMs, wallMs }, 0);
}

function epochWord(): Int32Array {
  return new Int32Array(new WatchdogLink(share, 0).epoch.buffer, 0, 1);
}

/** One turn of the event loop, and the microtasks after it. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('a slice', () => {
  it('arms the watchdog while it lasts', () => {
    const task = open();
    scheduler.begin(task);
    expect(share.control[FIRST_ACTIVE]).toBe(1);
    scheduler.end(task);
    expect(share.control[FIRST_ACTIVE]).toBe(0);
  });

  it('has what is charged beside it on the same account, and ends when both are too much', () => {
    const used: number[] = [];
    scheduler = new Scheduler(new WatchdogLink(share, 0), { clock, onCpu: (_, ms) => used.push(ms) });
    const task = open(2);
    scheduler.begin(task);
    clock.run(0.5);
    scheduler.charge(task, 1);
    expect([task.cpuMs, task.verdict]).toEqual([1, null]);
    clock.run(0.5);
    expect(scheduler.interrupt(task)).toBe(Interrupt.kill);
    expect(task.verdict).toBe('cpu_limit');
    scheduler.end(task);
    expect([task.cpuMs, used]).toEqual([2, [1, 1]]);
  });

  it('puts the time on the account of its task', () => {
    const task = open();
    scheduler.begin(task);
    clock.run(1.5);
    scheduler.end(task);
    clock.run(100);
    scheduler.begin(task);
    clock.run(0.5);
    scheduler.end(task);
    expect(task.cpuMs).toBe(2);
  });

  it('without a check counts two ticks at most: a guest that ran for longer would have come to one', () => {
    const task = open();
    scheduler.begin(task);
    clock.wall += 500;
    scheduler.end(task);
    expect(task.cpuMs).toBe(2);
  });

  it('for work without checks counts the CPU time of the thread, all of it and nothing else', () => {
    const task = open();
    scheduler.beginWork(task);
    clock.run(30);
    clock.wall += 500;
    scheduler.end(task);
    expect(task.cpuMs).toBe(30);
  });

  it("ends once: ending it again, or another task's, costs nothing", () => {
    const [task, other] = [open(), open()];
    scheduler.begin(task);
    clock.run(2);
    scheduler.end(other);
    scheduler.end(task);
    clock.run(9);
    scheduler.end(task);
    expect([task.cpuMs, other.cpuMs]).toEqual([2, 0]);
  });

  it('of another task ends the one before', () => {
    const [first, second] = [open(), open()];
    scheduler.begin(first);
    clock.run(2);
    scheduler.begin(second);
    clock.run(1);
    scheduler.end(second);
    expect([first.cpuMs, second.cpuMs]).toEqual([2, 1]);
  });

  it("counts the thread's CPU time from its first check on: a thread that was not run charges nobody", () => {
    const task = open();
    scheduler.begin(task);
    clock.run(1);
    scheduler.interrupt(task);
    clock.wall += 500;
    clock.cpu += 1;
    scheduler.end(task);
    expect(task.cpuMs).toBe(2);
  });

  it('closes with its task', () => {
    const task = open();
    scheduler.begin(task);
    clock.run(2);
    scheduler.close(task);
    expect(task.cpuMs).toBe(2);
    expect(scheduler.tasks.size).toBe(0);
    expect(share.control[FIRST_ACTIVE]).toBe(0);
  });
});

describe('what is left to do for a request that has ended early', () => {
  it('has an account of its own, in place of the first', () => {
    const task = open(50);
    scheduler.cancel(task, 'client_closed');
    const rest = scheduler.openRest(task);
    expect([...scheduler.tasks]).toEqual([rest]);
    if (rest === null) return;
    scheduler.begin(rest);
    clock.run(1);
    scheduler.end(rest);
    expect([task.cpuMs, rest.cpuMs]).toEqual([0, 1]);
  });

  it('is nothing when its time is over', () => {
    const task = open(50, 10);
    clock.run(10);
    expect(scheduler.openRest(task)).toBeNull();
    expect(scheduler.tasks.size).toBe(0);
  });
});

describe('an interrupt', () => {
  it('clears the epoch word before anything else', () => {
    const task = open();
    scheduler.begin(task);
    epochWord()[0] = 1;
    scheduler.interrupt(task);
    expect(epochWord()[0]).toBe(0);
  });

  it('goes on within the slice and yields at its end', () => {
    const task = open();
    scheduler.begin(task);
    clock.run(SLICE_MS - 1);
    expect(scheduler.interrupt(task)).toBe(Interrupt.goOn);
    clock.run(0.5);
    expect(scheduler.interrupt(task)).toBe(Interrupt.yield);
  });

  it('kills at the CPU budget, over all slices together', () => {
    const task = open(10);
    for (let slice = 0; slice < 4; slice++) {
      scheduler.begin(task);
      clock.run(2);
      expect(scheduler.interrupt(task)).toBe(Interrupt.yield);
      scheduler.end(task);
    }
    scheduler.begin(task);
    clock.run(2);
    expect(scheduler.interrupt(task)).toBe(Interrupt.kill);
    expect(task.verdict).toBe('cpu_limit');
  });

  it('does not kill for time in which the system ran others', () => {
    const task = open(10);
    scheduler.begin(task);
    clock.run(1);
    scheduler.interrupt(task);
    clock.wall += 200;
    expect(scheduler.interrupt(task)).toBe(Interrupt.yield);
    expect(task.verdict).toBeNull();
  });

  it('kills at the deadline', () => {
    const task = open(1000, 5);
    scheduler.begin(task);
    clock.wall += 5;
    expect(scheduler.interrupt(task)).toBe(Interrupt.kill);
    expect(task.verdict).toBe('wall_limit');
  });

  it('kills a request that was condemned meanwhile, and keeps the first verdict', () => {
    const task = open(1);
    scheduler.begin(task);
    scheduler.cancel(task, 'client_closed');
    clock.run(100);
    expect(scheduler.interrupt(task)).toBe(Interrupt.kill);
    expect(task.verdict).toBe('client_closed');
  });
});

describe('a yield', () => {
  it('resumes in a later turn, in a slice of its own', async () => {
    const task = open();
    scheduler.begin(task);
    clock.run(2);
    let resumed = false;
    const yielded = scheduler.yield(task).then(() => {
      resumed = true;
    });
    expect(share.control[FIRST_ACTIVE]).toBe(0);
    await Promise.resolve();
    expect(resumed).toBe(false);
    await yielded;
    clock.run(1);
    scheduler.end(task);
    expect(task.cpuMs).toBe(3);
  });

  /** Guests that have yielded and will run for `ms` each when it is their turn; answers who has run so far. */
  function inTurn(names: readonly string[], ms: number): readonly string[] {
    const order: string[] = [];
    for (const name of names) {
      const task = open();
      void scheduler.yield(task).then(() => {
        clock.run(ms);
        order.push(name);
        scheduler.end(task);
      });
    }
    return order;
  }

  it('of a guest leaves the next one to another turn of the event loop, and the turn after it to the sockets', async () => {
    const order = inTurn(['a', 'b', 'c'], SLICE_MS);
    const seen: number[] = [];
    for (let turns = 1; turns <= 6; turns++) {
      await turn();
      seen.push(order.length);
    }
    expect(order).toEqual(['a', 'b', 'c']);
    expect(seen).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it('that is short lets the next ones go on in the same turn, until a slice was used', async () => {
    const order = inTurn(['a', 'b', 'c', 'd', 'e', 'f', 'g'], SLICE_MS / 4);
    await turn();
    expect(order).toEqual(['a', 'b', 'c', 'd']);
    await turn();
    await turn();
    expect(order).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  it('used up in this turn makes an arrival wait for the next', async () => {
    const task = open();
    expect(scheduler.admit(task)).toBeUndefined();
    scheduler.begin(task);
    clock.run(LIGHT_MS);
    scheduler.end(task);
    const late = open();
    const place = scheduler.admit(late);
    expect(place).toBeInstanceOf(Promise);
    await place;
    expect(scheduler.admit(open())).toBeUndefined();
  });
});

describe('a wait', () => {
  it("answers what the work answers, and moves the guest's clock", async () => {
    const task = open();
    scheduler.begin(task);
    const waiting = scheduler.wait(task, Promise.resolve('value'));
    clock.wall += 40;
    expect(await waiting).toBe('value');
    expect(task.clockMs).toBe(1040);
    scheduler.end(task);
  });

  it.each(['answered', 'failed', 'cancelled'])('that is %s is on the account of its request', async (end) => {
    const task = open(50, 1_000_000);
    const work = Promise.withResolvers<string>();
    scheduler.begin(task);
    const waiting = scheduler.wait(task, work.promise).catch(() => undefined);
    clock.wall += 40;
    if (end === 'answered') work.resolve('value');
    else if (end === 'failed') work.reject(new Error('broken'));
    else scheduler.cancel(task, 'client_closed');
    await waiting;
    clock.wall += 1_000;
    scheduler.close(task);
    expect(task.waitMs).toBe(40);
  });

  it('costs no CPU while it lasts', async () => {
    const task = open();
    scheduler.begin(task);
    clock.run(1);
    let finish: (value: number) => void = () => {};
    const waiting = scheduler.wait(
      task,
      new Promise<number>((resolve) => {
        finish = resolve;
      }),
    );
    clock.run(500);
    finish(7);
    await waiting;
    clock.run(1);
    scheduler.end(task);
    expect(task.cpuMs).toBe(2);
  });

  it('whose work fails traps, uncatchably, and keeps the fault', async () => {
    const task = open();
    const fault = new Error('backend');
    await expect(scheduler.wait(task, Promise.reject(fault))).rejects.toBe(TRAP_ERROR);
    expect(task.fault).toBe(fault);
    scheduler.end(task);
  });

  it('keeps the first fault', async () => {
    const task = open();
    task.fault = new Error('first');
    await expect(scheduler.wait(task, Promise.reject(new Error('second')))).rejects.toBe(TRAP_ERROR);
    expect(task.fault).toEqual(new Error('first'));
    scheduler.end(task);
  });
});

describe('a cancellation', () => {
  it('that came while the guest ran ends the wait that it begins afterwards', async () => {
    const task = open();
    scheduler.begin(task);
    scheduler.cancel(task, 'client_closed');
    await expect(scheduler.wait(task, new Promise(() => {}))).rejects.toBe(TRAP_ERROR);
    expect(task.sleep).toBeNull();
  });

  it('unwinds a guest that waits, at once, and aborts its host calls', async () => {
    const task = open();
    const { signal } = task;
    const waiting = scheduler.wait(task, new Promise(() => {}));
    scheduler.cancel(task, 'client_closed');
    await expect(waiting).rejects.toBe(TRAP_ERROR);
    expect([task.verdict, signal.aborted]).toEqual(['client_closed', true]);
  });

  it('unwinds a guest in the queue, and its turn passes to the next', async () => {
    const [first, second] = [open(), open()];
    const cancelled = scheduler.yield(first);
    const waiting = scheduler.yield(second);
    scheduler.cancel(first, 'draining');
    await expect(cancelled).rejects.toBe(TRAP_ERROR);
    await waiting;
    scheduler.end(second);
    expect(first.cpuMs).toBe(0);
  });

  it('happens once: a second verdict changes nothing', () => {
    const task = open();
    scheduler.cancel(task, 'wall_limit');
    scheduler.cancel(task, 'client_closed');
    expect(task.verdict).toBe('wall_limit');
  });

  it('makes a wake-up that comes later stale: it begins no slice', async () => {
    const task = open();
    let finish: () => void = () => {};
    const waiting = scheduler.wait(
      task,
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
    );
    scheduler.cancel(task, 'client_closed');
    await expect(waiting).rejects.toBe(TRAP_ERROR);
    finish();
    await turn();
    await turn();
    expect(share.control[FIRST_ACTIVE]).toBe(0);
  });
});

describe('deadlines', () => {
  it('end guests that sleep past them, and only those', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const [late, early] = [open(50, 20), open(50, 500)];
    const waiting = scheduler.wait(late, new Promise(() => {}));
    const refused = expect(waiting).rejects.toBe(TRAP_ERROR);
    clock.wall += 19;
    vi.advanceTimersByTime(DEADLINE_CHECK_MS);
    expect(late.verdict).toBeNull();
    clock.wall += 1;
    vi.advanceTimersByTime(DEADLINE_CHECK_MS);
    await refused;
    expect([late.verdict, early.verdict]).toEqual(['wall_limit', null]);
  });

  it('are looked at only while there are requests', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const task = open();
    expect(vi.getTimerCount()).toBe(1);
    scheduler.close(task);
    vi.advanceTimersByTime(DEADLINE_CHECK_MS);
    expect(vi.getTimerCount()).toBe(0);
  });
});
