import { describe, expect, it } from 'vitest';
import { GuestFault } from '../../../src/abi/guest-fault.ts';
import { MAX_CLEARED_BYTES, MAX_PASSED_ON_BYTES } from '../../../src/runtime/limits.ts';
import { Sandbox } from '../../../src/runtime/sandbox.ts';
import type { Task } from '../../../src/runtime/task.ts';
import { guest, RESPONSE, type GuestCode, type Text } from '../../guests.ts';
import { ABI, deploymentOf, exchange, Surroundings, TestClock } from './harness.ts';

const PAGE = 65_536;

interface Made {
  readonly sandbox: Sandbox;
  readonly task: Task;
  readonly surroundings: Surroundings;
}

/** A sandbox with an instance in it, and a request to serve. */
function made(code: (text: Text) => GuestCode, surroundings = new Surroundings()): Made {
  const deployment = deploymentOf(guest(code));
  const sandbox = new Sandbox(deployment, ABI, surroundings);
  const task = surroundings.scheduler.open(deployment.budgets, 0);
  sandbox.assign(task);
  sandbox.renew(ABI);
  return { sandbox, task, surroundings };
}

async function handled({ sandbox, task, surroundings }: Made): Promise<string> {
  try {
    const reply = await sandbox.guest.handle(sandbox.enter, exchange());
    return reply.kind === 'whole' ? Buffer.from(reply.body).toString() : reply.kind;
  } finally {
    surroundings.scheduler.close(task);
  }
}

/** Answers the digits at addresses 64 and 200,000 and in a global, and then sets all three to 1. */
const MARKS = (text: Text): GuestCode => ({
  fields: '(global $mark (mut i32) (i32.const 0))',
  handle: `(i32.store8 (i32.const 0) (i32.add (i32.const 48) (i32.load (i32.const 64))))
    (i32.store8 (i32.const 1) (i32.add (i32.const 48) (i32.load (i32.const 200000))))
    (i32.store8 (i32.const 2) (i32.add (i32.const 48) (global.get $mark)))
    (i32.store (i32.const 64) (i32.const 1)) (i32.store (i32.const 200000) (i32.const 1)) (global.set $mark (i32.const 1))
    (call $write ${RESPONSE} (i32.const 0) (i32.const 3)) (call $write ${RESPONSE} ${text('!')}) (i64.const 0)`,
});

describe('a sandbox', () => {
  it('carries an exchange through its guest', async () => {
    expect(await handled(made((text) => ({ handle: `(call $write ${RESPONSE} ${text('hi')}) (i64.const 0)` })))).toBe(
      'hi',
    );
  });

  it.each(['another instance', 'its first state put back'])(
    'that is wiped leaves nothing to the next request: %s',
    async (way) => {
      const one = made(MARKS);
      const initial = way === 'another instance' ? null : one.sandbox.capture();
      for (let round = 0; round < 3; round++) {
        expect(await handled(one)).toBe('000!');
        expect(one.sandbox.wipe(initial, 'written')).toBe(true);
        expect([one.sandbox.warm, one.sandbox.uses]).toEqual([false, 0]);
        one.sandbox.assign(one.surroundings.scheduler.open({ cpuMs: 1000, wallMs: 1000 }, 0));
        one.sandbox.renew(ABI);
      }
      for (const task of one.surroundings.scheduler.tasks) one.surroundings.scheduler.close(task);
    },
  );

  it('that keeps its instance finds the state of the last request', async () => {
    const one = made(MARKS);
    expect(await handled(one)).toBe('000!');
    one.sandbox.keep();
    one.sandbox.assign(one.task);
    expect(await handled(one)).toBe('111!');
    expect(one.sandbox.uses).toBe(2);
  });

  it('is not kept when its memory has grown', async () => {
    const one = made(() => ({ handle: '(drop (memory.grow (i32.const 1))) (i64.const 0)' }));
    await handled(one);
    expect(one.sandbox.memoryBytes).toBe(5 * PAGE);
    expect(one.sandbox.wipe(null, 'all')).toBe(false);
  });

  it('is not kept when its memory is large: a fresh one is cheaper', async () => {
    const pages = MAX_CLEARED_BYTES / PAGE;
    const [fits, large] = [made(() => ({ pages })), made(() => ({ pages: pages + 1 }))];
    await Promise.all([handled(fits), handled(large)]);
    expect([fits.sandbox.wipe(null, 'all'), large.sandbox.wipe(null, 'all')]).toEqual([true, false]);
  });

  it('that is retired leaves its memory to the next one of its size, all zero, and cannot reach it', async () => {
    const surroundings = new Surroundings();
    const one = made(MARKS, surroundings);
    expect(await handled(one)).toBe('000!');
    one.sandbox.keep();
    one.sandbox.retire();
    expect([surroundings.memories.alive, one.sandbox.made]).toEqual([0, false]);
    const next = made(MARKS, surroundings);
    expect(surroundings.memories.drain()).toBe(0);
    expect(await handled(next)).toBe('000!');
    one.sandbox.assign(surroundings.scheduler.open({ cpuMs: 1000, wallMs: 1000 }, 0));
    expect(() => one.sandbox.enter('handle_request')).toThrow('does not export');
    for (const task of surroundings.scheduler.tasks) surroundings.scheduler.close(task);
  });

  it.each([
    ['has grown', 4, '(drop (memory.grow (i32.const 1))) (i64.const 0)'],
    ['is large', MAX_PASSED_ON_BYTES / PAGE + 1, '(i64.const 0)'],
    [
      'is still in use by a guest that sleeps',
      4,
      '(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1))) (i64.const 0)',
    ],
  ])('that is retired keeps a memory from others that %s', async (_, pages, handle) => {
    const surroundings = new Surroundings();
    const one = made(() => ({ handle, pages }), surroundings);
    const body = { read: () => new Promise<null>(() => {}), cancel: () => {} };
    void one.sandbox.guest.handle(one.sandbox.enter, exchange({ body })).catch(() => undefined);
    await new Promise(setImmediate);
    one.sandbox.retire();
    expect(surroundings.memories.drain()).toBe(0);
    surroundings.scheduler.cancel(one.task, 'draining');
    surroundings.scheduler.close(one.task);
  });

  it('without an assigned request cannot be entered', () => {
    const one = made(() => ({}));
    one.sandbox.keep();
    expect(() => one.sandbox.enter('handle_request')).toThrow(TypeError);
  });

  it('whose request is condemned is not entered', async () => {
    const one = made(() => ({}));
    one.task.condemn('client_closed');
    await expect(one.sandbox.enter('handle_request')).rejects.toMatchObject({ outcome: 'client_closed' });
  });

  it('enters only what the module exports', () => {
    const one = made(() => ({}));
    for (const name of ['missing', 'memory', 'constructor', 'then', '__proto__']) {
      expect(() => one.sandbox.enter(name)).toThrow(GuestFault);
    }
  });

  it('says whether an instance has start-up code, and runs the start section first', async () => {
    const plain = made(() => ({}));
    expect(plain.sandbox.renew(ABI)).toBe(false);
    const starting = made(() => ({
      fields: `(func $start (i32.store8 (i32.const 0) (i32.const 115))) (start $start)
        (func (export "_initialize") (i32.store8 (i32.const 1) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1))))`,
      handle: `(call $write ${RESPONSE} (i32.const 0) (i32.const 2)) (i64.const 0)`,
    }));
    expect(starting.sandbox.renew(ABI)).toBe(true);
    await starting.sandbox.start();
    expect(await handled(starting)).toBe('st');
  });
});

describe('a guest that fails', () => {
  it('in a hostcall rejects with what the host function threw, not with the trap that ended it', async () => {
    const one = made(() => ({ handle: '(call $setStatus (i32.const 1)) (i64.const 0)' }));
    await expect(handled(one)).rejects.toThrow(/a final status is 200 to 599/);
    expect(one.task.fault).toBeInstanceOf(GuestFault);
  });

  it('in a hostcall cannot catch it', async () => {
    const one = made(() => ({
      handle: `(try (do (call $setStatus (i32.const 1))) (catch_all)) (i64.const 0)`,
    }));
    await expect(handled(one)).rejects.toThrow(GuestFault);
  });

  it('by a trap of its own rejects with it', async () => {
    const one = made(() => ({ handle: 'unreachable' }));
    await expect(handled(one)).rejects.toThrow(WebAssembly.RuntimeError);
  });

  it('after a refused growth is marked', async () => {
    const one = made(() => ({ handle: '(drop (memory.grow (i32.const 65000))) unreachable' }));
    await expect(handled(one)).rejects.toThrow(WebAssembly.RuntimeError);
    expect(one.task.growthRefused).toBe('memory_limit');
  });
});

describe('a guest that computes', () => {
  const SPIN = (): GuestCode => ({ handle: '(loop $l (br $l)) (i64.const 0)' });

  it('for ever is killed at its CPU budget by the epoch checks', async () => {
    const clock = new TestClock();
    const one = made(SPIN, new Surroundings(clock));
    clock.run(0);
    // Every look at the clock is a millisecond later, and the epoch word is always set.
    const now = clock.nowMs.bind(clock);
    clock.nowMs = () => {
      clock.run(1);
      one.surroundings.tick();
      return now();
    };
    one.surroundings.tick();
    await expect(handled(one)).rejects.toThrow(WebAssembly.RuntimeError);
    expect(one.task.verdict).toBe('cpu_limit');
    expect(one.task.cpuMs).toBeGreaterThanOrEqual(one.task.cpuBudgetMs);
  });

  it('yields at the end of its slice, so that others get a turn', async () => {
    const clock = new TestClock();
    const one = made(
      () => ({
        handle: `(local.set $i (i32.const 1000)) (loop $l (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
          (i64.const 0)`,
      }),
      new Surroundings(clock),
    );
    one.surroundings.tick();
    const now = clock.nowMs.bind(clock);
    clock.nowMs = () => {
      clock.run(1);
      one.surroundings.tick();
      return now();
    };
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    await handled(one);
    expect(turned).toBe(true);
    expect(one.task.cpuMs).toBeGreaterThan(2);
  });
});

describe('a guest that waits', () => {
  it('for a body that comes later sleeps, and goes on with it', async () => {
    const one = made(() => ({
      handle: `(local.set $l (call $read (i32.const 0) (i32.const 0) (i32.const 100)))
        (call $write ${RESPONSE} (i32.const 0) (i32.wrap_i64 (local.get $l))) (i64.const 0)`,
    }));
    let [give, done]: [(chunk: Uint8Array) => void, boolean] = [() => {}, false];
    const pieces = [
      new Promise<Uint8Array>((resolve) => {
        give = resolve;
      }),
      Promise.resolve(null),
    ];
    const body = { read: () => pieces.shift() ?? null, cancel: () => {} };
    const running = one.sandbox.guest.handle(one.sandbox.enter, exchange({ body })).then((reply) => {
      done = true;
      return reply;
    });
    await new Promise(setImmediate);
    expect([done, one.task.sleep !== null]).toEqual([false, true]);
    give(Buffer.from('late bytes'));
    const reply = await running;
    expect(reply.kind === 'whole' && Buffer.from(reply.body).toString()).toBe('late bytes');
    one.surroundings.scheduler.close(one.task);
  });

  it('unwinds when its request is cancelled', async () => {
    const one = made(() => ({ handle: `(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1))) (i64.const 0)` }));
    const body = { read: () => new Promise<null>(() => {}), cancel: () => {} };
    const running = one.sandbox.guest.handle(one.sandbox.enter, exchange({ body }));
    one.surroundings.scheduler.cancel(one.task, 'draining');
    await expect(running).rejects.toThrow(WebAssembly.RuntimeError);
    one.surroundings.scheduler.close(one.task);
  });
});
