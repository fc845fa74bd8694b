/** Proxy-Wasm filters that attack the host, their tenant's other requests and other tenants. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import {
  callOut,
  callStatus,
  filter,
  PAUSE,
  REQUEST_HEADERS,
  RESPONSE_HEADERS,
  type FilterCode,
  type FilterText,
} from '../filters.ts';
import { besideBystander } from './bystander.ts';
import { BYSTANDER } from './guests.ts';

const MEGABYTE = 1024 * 1024;
let origin: Server;
let edge: Edge;
let port = 0;
let asked = 0;

async function startOrigin(): Promise<number> {
  origin = createServer((request, response) => {
    asked += 1;
    request.resume();
    if (request.url === '/hang') return;
    if (request.url !== '/huge') return void response.end('from origin');
    const send = (left: number): void => {
      if (left === 0) response.end();
      else if (response.write(Buffer.alloc(MEGABYTE))) send(left - 1);
      else response.once('drain', () => send(left - 1));
    };
    send(20);
  });
  await new Promise<void>((listening) => origin.listen(0, '127.0.0.1', listening));
  return (origin.address() as AddressInfo).port;
}

function app(code: (text: FilterText) => FilterCode, limits = 'cpu_ms = 100\nwall_ms = 5000'): TestApp {
  const backend = `[backends.site]\nurl = "http://127.0.0.1:${port}"`;
  return { module: filter(code), manifest: `origin = "site"\n[limits]\n${limits}\n${backend}` };
}

const LOOP = '(loop $for_ever (br $for_ever))';
/** Calls a function until it answers other than 0, and says how often it answered 0. */
const UNTIL_REFUSED = (call: string): string =>
  `(loop $again (if (i32.eqz ${call}) (then (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $again))))
   (call $say (local.get $n)) ${PAUSE}`;

/** Reads a property, which has the host allocate in the guest; says what that answers. */
const READ = (text: FilterText): string => `(call $say (call $property ${text('plugin_name')})) ${PAUSE}`;

/** An endless loop in each callback, with what gets the filter there. */
const LOOPS: Readonly<Record<string, (text: FilterText) => FilterCode>> = {
  initialize: () => ({ fields: `(func (export "_initialize") ${LOOP})` }),
  main: () => ({
    fields: `(func (export "_initialize")) (func (export "main") (param i32 i32) (result i32) ${LOOP} (i32.const 0))`,
  }),
  create: () => ({ create: LOOP }),
  'vm-start': () => ({ vmStart: LOOP }),
  configure: () => ({ configure: LOOP }),
  'request-headers': () => ({ requestHeaders: LOOP }),
  'request-body': () => ({ requestBody: LOOP }),
  'response-headers': () => ({ responseHeaders: LOOP }),
  'response-body': () => ({ responseBody: LOOP }),
  'call-response': (text) => ({ requestHeaders: `${callOut(text, 'site')} ${PAUSE}`, callResponse: LOOP }),
  tick: () => ({
    configure: '(drop (call $set_tick_period_milliseconds (i32.const 1)))',
    requestHeaders: PAUSE,
    tick: LOOP,
  }),
  'queue-ready': (text) => ({
    configure: `(drop (call $register_shared_queue ${text('q')} (i32.const 12)))`,
    requestHeaders: `(drop (call $enqueue_shared_queue (i32.load (i32.const 12)) ${text('m')})) ${PAUSE}`,
    queueReady: LOOP,
  }),
  done: () => ({ done: LOOP }),
  log: () => ({ ended: LOOP }),
  delete: () => ({ deleted: LOOP }),
  allocate: (text) => ({ requestHeaders: READ(text), allocate: `${LOOP} (i32.const 0)` }),
};

/** Allocators that lie, and what the hostcall then answers. */
const LIES: Readonly<Record<string, string>> = {
  'lie-null': '(i32.const 0)',
  'lie-beyond': '(i32.const 0x7fffffff)',
  'lie-last': '(i32.const -1)',
  'lie-across': `(i32.const ${64 * 65_536 - 2})`,
};

/** Allocators that do what the host cannot let them. */
const FATAL: Readonly<Record<string, (text: FilterText) => Partial<FilterCode>>> = {
  'fatal-reenter': (text) => ({ allocate: `(drop (call $property ${text('plugin_name')})) (i32.const 1024)` }),
  'fatal-trap': () => ({ allocate: 'unreachable' }),
  'fatal-throw': () => ({ fields: '(tag $oops)', allocate: '(throw $oops)' }),
  'fatal-recurse': () => ({
    fields: '(func $deep (param $n i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get $n))))',
    allocate: '(call $deep (i32.const 1))',
  }),
  'fatal-wait': () => ({
    imports: `(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))`,
    // A subscription to a clock, for ten seconds.
    allocate: `(i64.store (i32.const 528) (i64.const 0)) (i32.store (i32.const 528) (i32.const 1))
      (i64.store (i32.const 536) (i64.const 10000000000))
      (drop (call $poll (i32.const 512) (i32.const 1024) (i32.const 1) (i32.const 2048))) (i32.const 1024)`,
  }),
};

const OTHERS: Readonly<Record<string, () => TestApp>> = {
  'flood-calls': () => app((text) => ({ requestHeaders: UNTIL_REFUSED(callStatus(text, 'site', '/hang')) })),
  'flood-budget': () =>
    app(
      (text) => ({
        fields:
          '(global $left (mut i32) (i32.const 50)) (global $failed (mut i32) (i32.const 0)) (global $stream (mut i32) (i32.const 0))',
        requestHeaders: `(global.set $stream (local.get $id)) ${callOut(text, 'site')} ${PAUSE}`,
        callResponse: `(if (i32.eqz (local.get $count)) (then (global.set $failed (i32.add (global.get $failed) (i32.const 1)))))
          (global.set $left (i32.sub (global.get $left) (i32.const 1)))
          (if (i32.eqz (global.get $left))
            (then (drop (call $set_effective_context (global.get $stream))) (call $say (global.get $failed)))
            (else ${callOut(text, 'site')}))`,
      }),
      'cpu_ms = 1000\nsubrequests = 5',
    ),
  'flood-data': () =>
    app(
      () => ({
        requestHeaders: UNTIL_REFUSED(
          '(block (result i32) (i32.store (i32.const 16) (local.get $n)) (call $set_shared_data (i32.const 16) (i32.const 4) (i32.const 0) (i32.const 4096) (i32.const 0)))',
        ),
      }),
      'cpu_ms = 5000',
    ),
  'flood-queue': () =>
    app(
      (text) => ({
        configure: `(drop (call $register_shared_queue ${text('q')} (i32.const 12)))`,
        requestHeaders: UNTIL_REFUSED(
          '(call $enqueue_shared_queue (i32.load (i32.const 12)) (i32.const 0) (i32.const 1))',
        ),
      }),
      'cpu_ms = 5000',
    ),
  'flood-queues': () =>
    app(() => ({
      requestHeaders: UNTIL_REFUSED(
        '(block (result i32) (i32.store (i32.const 16) (local.get $n)) (call $register_shared_queue (i32.const 16) (i32.const 4) (i32.const 12)))',
      ),
    })),
  'flood-metrics': () =>
    app(() => ({
      requestHeaders: UNTIL_REFUSED(
        `(block (result i32) (i32.store8 (i32.const 16) (i32.add (i32.const 33) (local.get $n)))
          (call $define_metric (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 12)))`,
      ),
    })),
  'flood-properties': () =>
    app(() => ({
      requestHeaders: UNTIL_REFUSED(
        '(block (result i32) (i32.store (i32.const 16) (local.get $n)) (call $set_property (i32.const 16) (i32.const 4) (i32.const 0) (i32.const 9)))',
      ),
    })),
  'flood-fields': () =>
    app((text) => ({
      requestHeaders: UNTIL_REFUSED(`(call $add_header_map_value ${REQUEST_HEADERS} ${text('x')} ${text('v')})`),
    })),
  'flood-field-bytes': () =>
    app((text) => ({
      requestHeaders: `(memory.fill (i32.const 1024) (i32.const 120) (i32.const 30000))
        ${UNTIL_REFUSED(`(call $add_header_map_value ${REQUEST_HEADERS} ${text('x')} (i32.const 1024) (i32.const 30000))`)}`,
    })),
  'hold-request': () => app(() => ({ requestBody: PAUSE }), 'request_body_mb = 64\ncpu_ms = 5000'),
  'hold-response': () => app(() => ({ responseBody: PAUSE }), 'cpu_ms = 5000'),
  'grow-body': () =>
    app(
      () => ({
        requestBody: UNTIL_REFUSED(
          '(call $set_buffer_bytes (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 1000000))',
        ),
      }),
      'cpu_ms = 5000',
    ),
  foreign: () =>
    app(() => ({
      requestHeaders: `(call $say (i32.add
          (i32.mul (call $set_effective_context (i32.add (local.get $id) (i32.const 1))) (i32.const 100))
          (i32.add (i32.mul (call $set_effective_context (i32.const 0)) (i32.const 10))
            (call $set_effective_context (i32.const -1))))) ${PAUSE}`,
    })),
  split: () =>
    app((text) => ({
      requestHeaders: `(call $say (i32.add (i32.mul (i32.const 10)
          (call $add_header_map_value ${REQUEST_HEADERS} ${text('x')} ${text('a\r\nb: c')}))
          (call $replace_header_map_value ${REQUEST_HEADERS} ${text(':path')} ${text('/a HTTP/1.1\r\nx: y')}))) ${PAUSE}`,
    })),
  status: () =>
    app((text) => ({
      responseHeaders: `(call $say (call $replace_header_map_value ${RESPONSE_HEADERS} ${text(':status')} ${text('101')})) ${PAUSE}`,
    })),
  secret: () =>
    app((text) => ({
      requestHeaders: `(drop (call $set_shared_data ${text('key')} ${text('a secret')} (i32.const 0)))
        (drop (call $register_shared_queue ${text('jobs')} (i32.const 12)))
        (drop (call $enqueue_shared_queue (i32.load (i32.const 12)) ${text('a secret')}))
        (call $say (i32.load (i32.const 12))) ${PAUSE}`,
    })),
  thief: () =>
    app((text) => ({
      requestHeaders: `(call $say (i32.add
          (i32.mul (call $get_shared_data ${text('key')} (i32.const 0) (i32.const 4) (i32.const 8)) (i32.const 100))
          (i32.add (i32.mul (call $resolve_shared_queue ${text('secret')} ${text('jobs')} (i32.const 8)) (i32.const 10))
            (call $dequeue_shared_queue (i32.const 1) (i32.const 0) (i32.const 4))))) ${PAUSE}`,
    })),
};

beforeAll(async () => {
  port = await startOrigin();
  edge = await startEdge({
    apps: {
      bystander: BYSTANDER,
      ...Object.fromEntries(Object.entries(LOOPS).map(([name, code]) => [`loop-${name}`, app(code)])),
      ...Object.fromEntries(
        Object.entries(LIES).map(([name, allocate]) => [
          name,
          app((text) => ({ requestHeaders: READ(text), allocate })),
        ]),
      ),
      ...Object.fromEntries(
        Object.entries(FATAL).map(([name, more]) => [
          name,
          app((text) => ({ requestHeaders: READ(text), ...more(text) })),
        ]),
      ),
      ...Object.fromEntries(Object.entries(OTHERS).map(([name, make]) => [name, make()])),
    },
    flags: ['--allow-backend', '127.0.0.0/8'],
  });
});
afterAll(async () => {
  await edge.stop();
  origin.closeAllConnections();
  origin.close();
});

/** What a filter says of itself. */
async function said(name: string): Promise<string> {
  return (await besideBystander(edge, () => edge.fetch(name))).text;
}

describe('an endless loop', () => {
  it.each(Object.keys(LOOPS))('in %s ends its request alone', async (name) => {
    const { headers } = await besideBystander(edge, () =>
      edge.fetch(`loop-${name}`, '/', { method: 'POST', body: 'b' }),
    );
    expect(headers['kerb-outcome']).toBe('cpu_limit');
  });

  it('in an allocator does not hold the thread for longer than an allocation may take', async () => {
    await edge.fetch('loop-allocate');
    const { cpu_ms: cpuMs } = await edge.untilLogged(
      ({ tenant, kind }) => tenant === 'loop-allocate' && kind === 'access',
    );
    // Budget 100 ms: it was ended after 10, give or take the ticks of the watchdog.
    expect(cpuMs).toBeLessThan(60);
  });
});

describe('an allocator', () => {
  it.each(Object.keys(LIES))('that answers memory which is not there gets no bytes: %s', async (name) => {
    expect(await said(name)).toBe('6');
  });

  it.each(Object.keys(FATAL))('that does what it cannot ends its guest: %s', async (name) => {
    const { headers } = await besideBystander(edge, () => edge.fetch(name));
    expect(headers['kerb-outcome']).toBe(name === 'fatal-recurse' ? 'stack_limit' : 'guest_trap');
  });
});

describe('a flood', () => {
  it.each([
    ['of calls that are never answered', 'flood-calls', 16],
    ['of queues', 'flood-queues', 16],
    ['of metrics', 'flood-metrics', 64],
    ['of properties', 'flood-properties', 32],
  ])('%s ends at its cap', async (_, name, cap) => {
    expect(await said(name)).toBe(String(cap));
  });

  it('of fields ends where no message has more', async () => {
    expect(Number(await said('flood-fields'))).toBeLessThan(200);
    expect(await said('flood-field-bytes')).toBe('2');
  });

  it('of shared values and of messages ends at the cap of their tenant, for all its requests', async () => {
    expect(Number(await said('flood-data'))).toBeGreaterThan(200);
    expect(Number(await said('flood-data'))).toBeLessThan(300);
    // One call has registered the queue.
    const sent = [await said('flood-queue'), await said('flood-queue'), await said('flood-queue')].map(Number);
    expect(sent).toEqual([999, 999, 2_047 - 2 * 999]);
    expect(await said('flood-queue')).toBe('0');
  });

  it('of calls after one another ends with the budget of subrequests', async () => {
    const before = asked;
    expect(await said('flood-budget')).toBe('45');
    expect(asked - before).toBe(5);
  });
});

describe('a body that is held back', () => {
  it('beyond what may be kept ends its request', async () => {
    const body = Buffer.alloc(20 * MEGABYTE);
    const { headers } = await besideBystander(edge, () => edge.fetch('hold-request', '/', { method: 'POST', body }));
    expect(headers['kerb-outcome']).toBe('body_limit');
  });

  it('of the origin, its response', async () => {
    const { headers } = await besideBystander(edge, () => edge.fetch('hold-response', '/huge'));
    expect(headers['kerb-outcome']).toBe('backend_error');
  });

  it('cannot be made larger by its filter', async () => {
    const { text } = await besideBystander(edge, () => edge.fetch('grow-body', '/', { method: 'POST', body: 'b' }));
    expect(text).toBe('16');
  });
});

describe('a filter cannot', () => {
  it('make contexts the effective one that are not its own', async () => {
    expect(await said('foreign')).toBe('222');
  });

  it('split a request or its start line', async () => {
    expect(await said('split')).toBe('22');
  });

  it('answer with a status that is not final', async () => {
    expect(await said('status')).toBe('2');
  });

  it('read the values and messages of another tenant', async () => {
    expect(await said('secret')).toBe('1');
    expect(await said('thief')).toBe('111');
  });
});
