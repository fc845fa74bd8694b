import { afterEach, describe, expect, it } from 'vitest';
import { KvError, NO_KV, type KvSource } from '../../../src/capability/kv.ts';
import { NO_FILES } from '../../../src/capability/files.ts';
import { NO_STORES } from '../../../src/capability/stores.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { Engine, type Run } from '../../../src/runtime/engine.ts';
import type { GuestLogSink } from '../../../src/runtime/guest-host.ts';
import { type ProcessBudgets } from '../../../src/runtime/process-budgets.ts';
import { CapacityError } from '../../../src/runtime/refusal.ts';
import type { Task } from '../../../src/runtime/task.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { WatchdogLink } from '../../../src/runtime/watchdog.ts';
import { filter, type FilterCode } from '../../filters.ts';
import { guest, RESPONSE, type GuestCode, type Text } from '../../guests.ts';
import { deploymentOf, exchange, processBudgets, watchdogShare } from './harness.ts';

const engines: Engine[] = [];
let counters = TenantCounters.create(10);

const SILENCE: GuestLogSink = { keeps: () => false, write: () => {} };

function engine(budgets: ProcessBudgets = processBudgets(), kv: KvSource = NO_KV, log: GuestLogSink = SILENCE): Engine {
  const made = new Engine({
    watchdog: new WatchdogLink(watchdogShare(), 0),
    budgets,
    counters,
    threads: 1,
    log,
    kv,
  });
  engines.push(made);
  return made;
}

afterEach(() => {
  for (const one of engines.splice(0)) one.close();
  counters = TenantCounters.create(10);
});

function app(code: (text: Text) => GuestCode, changes: Partial<Deployment> = {}): Deployment {
  return deploymentOf(guest(code), changes);
}

function run(on: Engine, deployment: Deployment): Promise<Run> {
  return on.run(deployment, on.open(deployment), exchange());
}

const HELLO = (text: Text): GuestCode => ({ handle: `(call $write ${RESPONSE} ${text('hello')}) (i64.const 0)` });

describe('a rehearsal', () => {
  it('starts an instance, tells what that cost, and keeps nothing', async () => {
    const on = engine();
    const result = await on.rehearse(app(HELLO));
    expect(result).toMatchObject({ outcome: 'ok', cost: { memoryBytes: 4 * 65_536, instance: 'fresh' } });
    expect(on.usage()).toMatchObject({ tasks: 0, idleBytes: 0 });
  });

  it.each([
    ['guest_trap', 'unreachable'],
    ['stack_limit', '(call $begin)'],
  ])('says %s of start-up code that ends so', async (outcome, start) => {
    const on = engine();
    const fields = `(func $begin ${start}) (start $begin)`;
    const code = (): GuestCode => ({ fields, handle: '(i64.const 0)' });
    expect(await on.rehearse(app(code))).toMatchObject({ outcome: 'failed', failure: { outcome } });
    expect(on.usage().tasks).toBe(0);
  });

  it('gives back what the host held for start-up code that ended while it waited', async () => {
    const budgets = processBudgets();
    const asked = Promise.withResolvers<void>();
    const on = engine(budgets, (_home, _store, signal) => ({
      ...NO_KV({ tenant: 'tenant', madeMs: null }, 'main', signal),
      put: () => {
        asked.resolve();
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new KvError('aborted'))));
      },
    }));
    const imports = `(import "kerb_kv" "open" (func $open (param i32 i32) (result i32)))
      (import "kerb_kv" "put" (func $put (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i64)))`;
    const code = (text: Text): GuestCode => ({
      imports,
      fields: `(func $begin (drop (call $put (call $open ${text('main')}) ${text('k')}
        (i32.const 0) (i32.const 131072) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0)))) (start $begin)`,
    });
    const stores = { ...NO_STORES, kv: ['main'] };
    const rehearsing = on.rehearse(
      app(code, { grants: { config: new Uint8Array(0), env: {}, files: NO_FILES, stores, geo: false } }),
    );
    await asked.promise;
    expect(budgets.read('memory_pages').used).toBe(4 + 2);
    on.close();
    expect(await rehearsing).toMatchObject({ outcome: 'failed', failure: { outcome: 'draining' } });
    expect([counters.read(0).memoryPages, budgets.read('memory_pages').used]).toEqual([4, 4]);
  });

  it('says that there is no room', async () => {
    const budgets = processBudgets();
    const on = engine(budgets);
    budgets.set('mappings', 1e6);
    expect(await on.rehearse(app(HELLO))).toMatchObject({ outcome: 'failed', failure: { outcome: 'capacity' } });
  });
});

describe('a filter whose request ends early', () => {
  const QUIET = { origin: null };

  /** A filter that logs the callbacks which end its stream, and what it has logged. */
  function logging(code: FilterCode): { on: Engine; deployment: Deployment; lines: string[] } {
    const lines: string[] = [];
    const log = { keeps: () => true, write: (_tenant: string, _level: string, line: string) => void lines.push(line) };
    const made = filter((text) => {
      const say = (what: string): string => `(drop (call $log (i32.const 2) ${text(what)}))`;
      return { done: say('done'), ended: say('log'), deleted: say('delete'), ...code };
    });
    return { on: engine(processBudgets(), NO_KV, log), deployment: deploymentOf(made), lines };
  }

  it('is told so when the client has gone, on its own account, which is closed', async () => {
    const { on, deployment, lines } = logging({ requestHeaders: '(return (i32.const 0))' });
    const asked = Promise.withResolvers<void>();
    const task = on.open(deployment);
    const silent = { fetch: () => (asked.resolve(), new Promise<never>(() => {})) };
    const running = on.run(deployment, task, { ...exchange(), signal: task.signal, origin: silent });
    await asked.promise;
    on.scheduler.cancel(task, 'client_closed');
    expect(await running).toMatchObject({
      outcome: 'failed',
      failure: { outcome: 'client_closed' },
      cost: { hostcalls: 3 },
    });
    expect(lines).toEqual(['done', 'log', 'delete']);
    expect(on.usage()).toMatchObject({ tasks: 0, idleBytes: 0 });
  });

  it('cannot keep the request from ending by what it does then', async () => {
    const { on, deployment, lines } = logging({ done: 'unreachable' });
    const ended = await on.run(deployment, on.open(deployment), { ...exchange(), ...QUIET });
    expect(ended).toMatchObject({ outcome: 'failed', failure: { outcome: 'no_response' } });
    expect([lines, on.usage().tasks]).toEqual([[], 0]);
  });

  it('is not told so when it has failed itself, or has nothing left of its budgets', async () => {
    const trapping = logging({ requestHeaders: 'unreachable' });
    const slow = logging({});
    const late = { ...slow.deployment, budgets: { ...slow.deployment.budgets, wallMs: 0 } };
    expect(
      (await trapping.on.run(trapping.deployment, trapping.on.open(trapping.deployment), exchange())).outcome,
    ).toBe('failed');
    expect((await slow.on.run(late, slow.on.open(late), { ...exchange(), ...QUIET })).outcome).toBe('failed');
    expect([...trapping.lines, ...slow.lines]).toEqual([]);
  });
});

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

describe('the budgets of the process', () => {
  it('bound the requests in flight, and each that ends makes room, however it ends', async () => {
    const budgets = processBudgets({ requests: 2 });
    const on = engine(budgets);
    const [good, bad] = [app(HELLO), app(() => ({ handle: 'unreachable' }))];
    const tasks = [on.open(good), on.open(bad)] as const;
    expect(() => on.open(good)).toThrow('requests: 2 of at most 2');
    await Promise.all([on.run(good, tasks[0], exchange()), on.run(bad, tasks[1], exchange())]);
    expect(budgets.read('requests')).toEqual({ used: 0, ceiling: 2, refused: 1 });
    expect(await run(on, good)).toMatchObject({ outcome: 'ok' });
  });

  it('keep the last places for tenants with few requests in flight', () => {
    const on = engine(processBudgets({ requests: 80 }));
    const [many, few] = [app(HELLO, { slot: 1 }), app(HELLO, { slot: 2 })];
    for (let place = 0; place < 70; place++) {
      counters.tryEnter(1, 100);
      on.open(many);
    }
    counters.tryEnter(1, 100);
    expect(() => on.open(many)).toThrow('requests: 70 of at most 80');
    counters.tryEnter(2, 100);
    expect(() => on.open(few)).not.toThrow();
  });

  it('bound the linear memories: the request that finds no room ends as capacity', async () => {
    const on = engine(processBudgets({ memories: 1 }));
    const [one, other] = [app(HELLO), app(HELLO)];
    expect(await run(on, one)).toMatchObject({ outcome: 'ok' });
    expect(await run(on, other)).toMatchObject({ outcome: 'failed', failure: { outcome: 'capacity' } });
  });

  it.each(['resident_mib', 'mappings'] as const)('begin no request while %s is used up', (budget) => {
    const budgets = processBudgets({ [budget]: 100 });
    const on = engine(budgets);
    on.open(app(HELLO));
    budgets.set(budget, 100);
    expect(() => on.open(app(HELLO))).toThrow(CapacityError);
    expect(budgets.read(budget).refused).toBe(1);
    expect(budgets.read('requests').used).toBe(1);
    budgets.set(budget, 99);
    expect(() => on.open(app(HELLO))).not.toThrow();
  });

  it('serve one request at a time while resident memory is used up by nobody’s', () => {
    const budgets = processBudgets({ resident_mib: 100 });
    const on = engine(budgets);
    budgets.set('resident_mib', 150);
    expect(() => on.open(app(HELLO))).not.toThrow();
    expect(() => on.open(app(HELLO))).toThrow(CapacityError);
  });

  it('let no app begin that has not run here while there is no room for code; the others go on', async () => {
    const budgets = processBudgets({ code_mib: 100 });
    const on = engine(budgets);
    const [warm, cold] = [app(HELLO), app(HELLO)];
    await run(on, warm);
    budgets.set('code_mib', 100);
    expect(await run(on, warm)).toMatchObject({ outcome: 'ok' });
    expect(() => on.open(cold)).toThrow('code_mib: 100 of at most 100');
  });
});

describe('pressure on memory', () => {
  const MIB = 1024 * 1024;

  /** An open request of a tenant that holds so much. */
  function holding(on: Engine, slot: number, bytes: number): Task {
    const task = on.open(app(HELLO, { slot }));
    task.holder = { memoryBytes: bytes };
    return task;
  }

  it('drops all idle memory', async () => {
    const on = engine();
    await run(on, app(HELLO));
    expect(on.usage().idleBytes).toBeGreaterThan(0);
    on.relieve({ bytes: 1, measure: 'shrink' });
    expect(on.usage().idleBytes).toBe(0);
  });

  it('is kept off by having what nobody uses collected', async () => {
    const on = engine();
    for (let i = 0; i < 3; i++)
      await run(
        on,
        app(() => ({ handle: 'unreachable' })),
      );
    expect(on.usage().memories).toBe(3);
    on.tidy();
    await expect.poll(() => on.usage().memories).toBe(0);
  });

  it('refuses new requests of the tenant that holds most, and of nobody else, until it is over', () => {
    const budgets = processBudgets();
    const on = engine(budgets);
    const [greedy, modest] = [holding(on, 1, 90 * MIB), holding(on, 2, 10 * MIB)];
    on.relieve({ bytes: 50 * MIB, measure: 'shrink' });
    expect([greedy.verdict, modest.verdict]).toEqual([null, null]);
    expect(() => on.open(app(HELLO, { slot: 1 }))).toThrow(CapacityError);
    expect(() => on.open(app(HELLO, { slot: 2 }))).not.toThrow();
    on.relieve({ bytes: 0, measure: 'none' });
    expect(() => on.open(app(HELLO, { slot: 1 }))).not.toThrow();
  });

  it('ends the largest requests of the tenant that holds most when it comes to that, and no more than needed', () => {
    const on = engine();
    const [large, small, modest] = [holding(on, 1, 60 * MIB), holding(on, 1, 30 * MIB), holding(on, 2, 80 * MIB)];
    on.relieve({ bytes: 50 * MIB, measure: 'end' });
    expect([large.verdict, small.verdict, modest.verdict]).toEqual(['capacity', null, null]);
  });

  it('counts what the host keeps for a request too', () => {
    const on = engine();
    const [honest, buffering] = [holding(on, 2, 10 * MIB), holding(on, 1, MIB)];
    buffering.heldPages = 1_000;
    on.relieve({ bytes: 50 * MIB, measure: 'end' });
    expect([buffering.verdict, honest.verdict]).toEqual(['capacity', null]);
  });

  it('with nobody who holds anything harms nobody', () => {
    const on = engine();
    const task = on.open(app(HELLO, { slot: 1 }));
    on.relieve({ bytes: 50 * MIB, measure: 'end' });
    expect(task.verdict).toBeNull();
    expect(() => on.open(app(HELLO, { slot: 1 }))).not.toThrow();
  });
});

describe('a heap that fills up', () => {
  /** An open request of a tenant that has used so much CPU time. */
  function worker(on: Engine, slot: number, cpuMs: number): Task {
    const task = on.open(app(HELLO, { slot }));
    task.cpuMs = cpuMs;
    return task;
  }

  it('ends those requests first that have used most, of the tenant that has used most, until half is gone', () => {
    const on = engine();
    const [one, two, three, modest] = [worker(on, 1, 40), worker(on, 1, 30), worker(on, 1, 5), worker(on, 2, 45)];
    on.lookAtHeap({ used_heap_size: 60, heap_size_limit: 100 });
    expect([one, two, three, modest].map(({ verdict }) => verdict)).toEqual(['capacity', 'capacity', null, null]);
  });

  it('below the ceiling ends nobody', () => {
    const on = engine();
    const task = worker(on, 1, 40);
    on.lookAtHeap({ used_heap_size: 59, heap_size_limit: 100 });
    expect(task.verdict).toBeNull();
  });
});

describe('the engine', () => {
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
