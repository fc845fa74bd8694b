import { afterEach, describe, expect, it } from 'vitest';
import type { Exchange } from '../../../src/abi/abi.ts';
import { runChain } from '../../../src/runtime/chain.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { Engine, type Run } from '../../../src/runtime/engine.ts';
import type { Task } from '../../../src/runtime/task.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { WatchdogLink } from '../../../src/runtime/watchdog.ts';
import { filter, PAUSE, type FilterCode, type FilterText } from '../../filters.ts';
import { guest, RESPONSE } from '../../guests.ts';
import { NotingBackend, readAll } from '../abi/http-wasm/direct-guest.ts';
import { deploymentOf, exchange, processBudgets, watchdogShare } from './harness.ts';

const lines: string[] = [];
const engines: Engine[] = [];
let budgets = processBudgets();

function engine(): Engine {
  const made = new Engine({
    watchdog: new WatchdogLink(watchdogShare(), 0),
    budgets,
    counters: TenantCounters.create(10),
    threads: 1,
    log: { keeps: () => true, write: (_tenant, _level, message) => void lines.push(message) },
  });
  engines.push(made);
  return made;
}

afterEach(() => {
  for (const one of engines.splice(0)) one.close();
  budgets = processBudgets();
  lines.length = 0;
});

function link(code: (text: FilterText) => FilterCode, changes: Partial<Deployment> = {}): Deployment {
  return deploymentOf(filter(code), { name: 'f', ...changes });
}

const HELLO = guest((text) => ({ handle: `(call $write ${RESPONSE} ${text('hello')}) (i64.const 0)` }));

function app(filters: readonly Deployment[], module = HELLO, changes: Partial<Deployment> = {}): Deployment {
  return deploymentOf(module, { filters, ...changes });
}

/** Runs an exchange as the edge does: the exchange's signal is that of the account. */
function run(
  on: Engine,
  deployment: Deployment,
  changes: Partial<Exchange> = {},
  seen?: (task: Task) => void,
): Promise<Run> {
  const task = on.open(deployment);
  seen?.(task);
  return runChain(on, deployment, task, exchange({ signal: task.signal, ...changes }));
}

async function textOf(result: Run): Promise<string> {
  if (result.outcome === 'failed') return `${result.failure.outcome}: ${result.failure.detail}`;
  const { reply } = result;
  if (reply.kind === 'streamed') return 'streamed';
  return reply.kind === 'whole' ? Buffer.from(reply.body).toString() : readAll(reply.body);
}

/** Nothing of a request is left. */
function expectIdle(on: Engine): void {
  expect([on.usage().tasks, budgets.read('requests').used]).toEqual([0, 0]);
}

describe('a chain', () => {
  it('has an account for each guest, all closed at its end, and costs what they cost together', async () => {
    const on = engine();
    const result = await run(on, app([link(() => ({})), link(() => ({ requestHeaders: '' }))]));
    expect(await textOf(result)).toBe('hello');
    expect(result.cost.memoryBytes).toBe((64 + 64 + 4) * 65_536);
    expectIdle(on);
  });

  it('closes the account of an app that was never asked', async () => {
    const on = engine();
    const answering = link((text) => ({ requestHeaders: `(call $answer (i32.const 200) ${text('mine')}) ${PAUSE}` }));
    expect(await textOf(await run(on, app([answering])))).toBe('mine');
    expectIdle(on);
  });

  it('ends as a whole when its request does, and says why', async () => {
    const on = engine();
    const waiting = link(() => ({
      configure: '(drop (call $set_tick_period_milliseconds (i32.const 60000)))',
      requestHeaders: PAUSE,
    }));
    const running = run(on, app([waiting]), {}, (task) => setImmediate(() => on.scheduler.cancel(task, 'draining')));
    expect(await textOf(await running)).toMatch(/^draining: /);
    expectIdle(on);
  });

  it('says which guest has failed', async () => {
    const on = engine();
    const failing = link(() => ({ requestHeaders: 'unreachable' }), { name: 'bad' });
    expect(await textOf(await run(on, app([link(() => ({}), { failureMode: 'open' }), failing])))).toMatch(
      /^guest_trap: bad: /,
    );
    expectIdle(on);
  });

  it('is refused when there is no room for the account of a filter', async () => {
    budgets = processBudgets({ requests: 1 });
    const on = engine();
    expect(await textOf(await run(on, app([link(() => ({}))])))).toMatch(/^capacity: /);
    expectIdle(on);
  });
});

describe('a guest that may be skipped', () => {
  it('is, and the log says so', async () => {
    const on = engine();
    const failing = link(() => ({ requestBody: 'unreachable' }), { name: 'bad', failureMode: 'open' });
    const origin = new NotingBackend();
    const echo = guest(() => ({ handle: '(i64.const 1)' }));
    const body = { read: readOnce('the body'), cancel: () => {} };
    expect(await textOf(await run(on, app([failing], echo), { origin, body }))).toBe('from origin');
    expect(origin.asked[0]?.text).toBe('the body');
    expect(lines).toEqual([expect.stringMatching(/^bad was skipped: guest_trap: /)]);
    expectIdle(on);
  });

  it('may be the app itself', async () => {
    const on = engine();
    const broken = guest(() => ({ handle: 'unreachable' }));
    const result = await run(on, app([], broken, { failureMode: 'open' }), { origin: new NotingBackend() });
    expect(await textOf(result)).toBe('from origin');
    expect(await textOf(await run(on, app([], broken, { failureMode: 'open' })))).toMatch(/^guest_trap: /);
    expectIdle(on);
  });

  it('is not for what the origin does', async () => {
    const on = engine();
    const failing = new NotingBackend(new Error('the origin is broken'));
    const result = await run(
      on,
      app(
        [link(() => ({}), { failureMode: 'open' })],
        guest(() => ({ handle: '(i64.const 1)' })),
      ),
      {
        origin: failing,
      },
    );
    expect(failing.asked).toHaveLength(1);
    expect(await textOf(result)).toMatch(/^internal_error: /);
    expectIdle(on);
  });
});

function readOnce(text: string): () => Uint8Array | null {
  let left: Uint8Array | null = Buffer.from(text);
  return () => {
    const chunk = left;
    left = null;
    return chunk;
  };
}
