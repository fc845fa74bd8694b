import { afterEach, describe, expect, it } from 'vitest';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { Engine, type Run } from '../../../src/runtime/engine.ts';
import { MAX_TASKS } from '../../../src/runtime/limits.ts';
import { CapacityError } from '../../../src/runtime/live-memories.ts';
import { WatchdogLink } from '../../../src/runtime/watchdog.ts';
import { guest, RESPONSE, type GuestCode, type Text } from '../../guests.ts';
import { deploymentOf, exchange, watchdogShare } from './harness.ts';

const engines: Engine[] = [];

function engine(threads = 1): Engine {
  const log = { keeps: () => false, write: () => {} };
  const made = new Engine({ watchdog: new WatchdogLink(watchdogShare(), 0), threads, log });
  engines.push(made);
  return made;
}

afterEach(() => {
  for (const one of engines.splice(0)) one.close();
});

function app(code: (text: Text) => GuestCode, changes: Partial<Deployment> = {}): Deployment {
  return deploymentOf(guest(code), changes);
}

function run(on: Engine, deployment: Deployment): Promise<Run> {
  return on.run(deployment, on.open(deployment), exchange());
}

const HELLO = (text: Text): GuestCode => ({ handle: `(call $write ${RESPONSE} ${text('hello')}) (i64.const 0)` });

describe('a run', () => {
  it('answers the reply and what it cost, and closes the account', async () => {
    const on = engine();
    const result = await run(on, app(HELLO));
    expect(result).toMatchObject({
      outcome: 'ok',
      reply: { kind: 'whole' },
      cost: { memoryBytes: 4 * 65_536, instance: 'fresh' },
    });
    expect(result.cost.cpuMs).toBeGreaterThanOrEqual(0);
    expect(on.usage()).toEqual({ tasks: 0, memories: 1, idleBytes: 4 * 65_536 });
  });

  it('never rejects: every failure is a value', async () => {
    const on = engine();
    const failing: [string, (text: Text) => GuestCode][] = [
      ['guest_trap', () => ({ handle: 'unreachable' })],
      ['guest_trap', () => ({ fields: '(tag $t)', handle: '(throw $t)' })],
      ['guest_trap', () => ({ handle: '(call $setStatus (i32.const 0)) (i64.const 0)' })],
      ['no_response', () => ({ handle: '(i64.const 1)' })],
      ['memory_limit', () => ({ handle: '(drop (memory.grow (i32.const 60000))) unreachable' })],
      ['guest_trap', () => ({ fields: '(func $s unreachable) (start $s)' })],
      ['stack_limit', () => ({ fields: '(func $f (call $f) (call $f))', handle: '(call $f) (i64.const 0)' })],
    ];
    for (const [outcome, code] of failing) {
      const result = await run(on, app(code));
      expect(result).toMatchObject({ outcome: 'failed', failure: { outcome } });
    }
    expect(on.usage()).toMatchObject({ tasks: 0, idleBytes: 0 });
  });

  it('reuses an instance only where the tenant asked for it', async () => {
    const on = engine();
    for (const [isolation, instance] of [
      ['request', 'fresh'],
      ['reuse', 'reused'],
    ] as const) {
      const deployment = app(HELLO, { isolation });
      await run(on, deployment);
      expect((await run(on, deployment)).cost.instance).toBe(instance);
    }
  });

  it('never reuses an instance that failed', async () => {
    const on = engine();
    const deployment = app(
      () => ({
        fields: '(global $count (mut i32) (i32.const 0))',
        handle:
          '(global.set $count (i32.add (global.get $count) (i32.const 1))) (if (i32.eq (global.get $count) (i32.const 2)) (then unreachable)) (i64.const 0)',
      }),
      { isolation: 'reuse' },
    );
    const seen = [];
    for (let i = 0; i < 4; i++) {
      const { outcome, cost } = await run(on, deployment);
      seen.push([outcome, cost.instance]);
    }
    expect(seen).toEqual([
      ['ok', 'fresh'],
      ['failed', 'reused'],
      ['ok', 'fresh'],
      ['failed', 'reused'],
    ]);
  });
});

/** Guests that leave a mark where only a new instance is without it, and answer `1` when they find theirs. */
const MARKS: Readonly<Record<string, (text: Text) => GuestCode>> = {
  'a byte of memory': () => ({
    handle: `(i32.store8 (i32.const 0) (i32.add (i32.const 48) (i32.load8_u (i32.const 99)))) (i32.store8 (i32.const 99) (i32.const 1))
      (call $write ${RESPONSE} (i32.const 0) (i32.const 1)) (i64.const 0)`,
  }),
  'a changed data segment': (text) => ({
    handle: `(call $write ${RESPONSE} ${text('0')}) (i32.store8 (i32.const 32768) (i32.const 49)) (i64.const 0)`,
  }),
  'a global': () => ({
    fields: '(global $g (mut i64) (i64.const 48))',
    handle: `(i64.store8 (i32.const 0) (global.get $g)) (global.set $g (i64.const 49))
      (call $write ${RESPONSE} (i32.const 0) (i32.const 1)) (i64.const 0)`,
  }),
  'an exported global': () => ({
    fields: '(global $g (export "g") (mut f64) (f64.const 48))',
    handle: `(i32.store8 (i32.const 0) (i32.trunc_f64_u (global.get $g))) (global.set $g (f64.const 49))
      (call $write ${RESPONSE} (i32.const 0) (i32.const 1)) (i64.const 0)`,
  }),
  'an entry of a table': () => ({
    fields: `(table $t 2 funcref) (elem (i32.const 0) $zero $one) (type $digit (func (result i32)))
      (func $zero (result i32) (i32.const 48)) (func $one (result i32) (i32.const 49))`,
    handle: `(i32.store8 (i32.const 0) (call_indirect $t (type $digit) (i32.const 0)))
      (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 1))
      (call $write ${RESPONSE} (i32.const 0) (i32.const 1)) (i64.const 0)`,
  }),
  'a dropped data segment': () => ({
    fields: '(data $d "0")',
    handle: `(memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop $d)
      (call $write ${RESPONSE} (i32.const 0) (i32.const 1)) (i64.const 0)`,
  }),
  'a grown memory': () => ({
    handle: `(i32.store8 (i32.const 0) (i32.add (i32.const 44) (memory.size))) (drop (memory.grow (i32.const 1)))
      (call $write ${RESPONSE} (i32.const 0) (i32.const 1)) (i64.const 0)`,
  }),
};

describe('with a fresh instance for each request', () => {
  it.each(Object.entries(MARKS))('%s of one request is not there for the next', async (_, code) => {
    const on = engine();
    const deployment = app(code);
    for (let round = 0; round < 4; round++) {
      const result = await run(on, deployment);
      const reply = result.outcome === 'ok' ? result.reply : null;
      expect(reply?.kind === 'whole' ? Buffer.from(reply.body).toString() : result).toBe('0');
    }
  });
});

describe('the engine', () => {
  it('refuses more requests than its thread may carry', () => {
    const on = engine(MAX_TASKS / 2);
    const deployment = app(HELLO);
    const tasks = [on.open(deployment), on.open(deployment)];
    expect(() => on.open(deployment)).toThrow(CapacityError);
    for (const task of tasks) on.scheduler.close(task);
    expect(() => on.scheduler.close(on.open(deployment))).not.toThrow();
  });

  it('drops what a retired deployment keeps', async () => {
    const on = engine();
    const deployment = app(HELLO);
    await run(on, deployment);
    on.retire(deployment.id);
    expect(on.usage().idleBytes).toBe(0);
    on.retire(deployment.id);
  });

  it('closes by ending everything as draining', async () => {
    const on = engine();
    const deployment = app(() => ({
      handle: '(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1))) (i64.const 0)',
    }));
    const task = on.open(deployment);
    const body = { read: () => new Promise<null>(() => {}), cancel: () => {} };
    const running = on.run(deployment, task, exchange({ body }));
    on.close();
    expect(await running).toMatchObject({ outcome: 'failed', failure: { outcome: 'draining' } });
  });
});
