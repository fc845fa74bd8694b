/** The way of a request, step by step, with an engine that does what a test says. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { BackendError, type BackendRequest } from '../../../src/capability/backend.ts';
import { BodyError, BytesSource, type BodySource } from '../../../src/http/body.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import type { Outcome } from '../../../src/outcome.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { Waking } from '../../../src/server/waking.ts';
import type { Engine, Run } from '../../../src/runtime/engine.ts';
import { CapacityError } from '../../../src/runtime/refusal.ts';
import { Task } from '../../../src/runtime/task.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { VersionCounters } from '../../../src/runtime/version-counters.ts';
import { Concurrency } from '../../../src/server/concurrency.ts';
import { Edge } from '../../../src/server/edge.ts';
import type { ServedDeployments } from '../../../src/server/served.ts';
import { NO_BACKENDS } from '../../../src/server/subrequests.ts';
import type { TransportRequest } from '../../../src/server/transport.ts';
import type { Visit } from '../../../src/server/visit.ts';
import type { AccessRecord } from '../../../src/telemetry/access-log.ts';
import { WebSockets } from '../../../src/server/websockets.ts';
import { processBudgets } from '../runtime/harness.ts';
import { FakeTransport } from './fake-transport.ts';

const COST = { cpuMs: 1, waitMs: 0, slices: 1, hostcalls: 3, memoryBytes: 65_536, instance: 'fresh' } as const;
const DEPLOYMENT = {
  id: 1,
  module: null,
  tenant: 'acme',
  version: 'v1',
  slot: 0,
  figuresSlot: null,
  onFailure: [],
  budgets: { cpuMs: 10, wallMs: 100, concurrency: 1, requestBodyBytes: 100, subrequests: 1 },
} as unknown as Deployment;

let open: () => Task;
let run: (visit: Visit) => Promise<Run>;
let records: AccessRecord[];
let reports: string[];
let counters: TenantCounters;
let versions: VersionCounters;
let deployment: Deployment;
let wants: (tenant: string | null) => boolean;
let left: number;
let freed: Task[];
let cancelled: Outcome[];
let edge: Edge;

beforeEach(() => {
  [run, records, reports, left, freed, cancelled] = [() => Promise.resolve(whole('hello')), [], [], 0, [], []];
  open = () => new Task({ cpuMs: 1, wallMs: 1 }, 0, 0);
  [counters, versions] = [TenantCounters.create(1), VersionCounters.create(2)];
  [deployment, wants] = [DEPLOYMENT, () => true];
  const engine = {
    open: () => open(),
    free: (task: Task) => void freed.push(task),
    run: (_deployment: Deployment, _task: Task, visit: Visit) => run(visit),
    scheduler: { cancel: (_task: Task, outcome: Outcome) => void cancelled.push(outcome) },
  };
  const served = {
    match: (host: string) => (host === 'acme.test' ? deployment : null),
    enter: () => NO_BACKENDS,
    leave: () => void (left += 1),
  };
  edge = new Edge({
    webSockets: new WebSockets(counters, processBudgets()),
    waking: new Waking(() => undefined),
    engine: engine as unknown as Engine,
    served: served as unknown as ServedDeployments,
    counters,
    concurrency: new Concurrency(counters),
    versions,
    log: { wants: (tenant) => wants(tenant), request: (record) => void records.push(record) },
    report: (message) => void reports.push(message),
  });
});

function whole(text: string, fields: [string, string][] = []): Run {
  const head = { status: 200, headers: HeaderList.from(fields) };
  return { outcome: 'ok', reply: { kind: 'whole', head, body: Buffer.from(text) }, cost: COST };
}

function relayed(body: BodySource, fields: [string, string][] = []): Run {
  return {
    outcome: 'ok',
    reply: { kind: 'relay', head: { status: 200, headers: HeaderList.from(fields) }, body },
    cost: COST,
  };
}

function failed(outcome: Outcome, detail = 'why'): Run {
  return { outcome: 'failed', failure: { outcome, detail }, cost: COST };
}

/** A response channel that can also take a body. */
class Channel extends FakeTransport {
  onDataHandler: ((chunk: ArrayBuffer, last: boolean) => void) | null = null;

  onData(handler: (chunk: ArrayBuffer, last: boolean) => void): this {
    this.onDataHandler = handler;
    return this;
  }

  getRemoteAddress(): ArrayBuffer {
    if (this.ended !== null || this.closed) throw new Error('the address of a connection whose response is over');
    return new Uint8Array([192, 0, 2, 1]).buffer;
  }

  getRemotePort(): number {
    return 1;
  }
}

function send(fields: [string, string][] = [['host', 'acme.test']], method = 'GET'): Channel {
  const channel = new Channel();
  const request = {
    getCaseSensitiveMethod: () => method,
    getUrl: () => '/t',
    getQuery: () => '',
    forEach: (visit: (name: string, value: string) => void) => {
      for (const [name, value] of fields) visit(name, value);
    },
  };
  edge.handle(channel.response, request as unknown as TransportRequest);
  return channel;
}

function outcomeOf(channel: Channel): string | undefined {
  return channel.fields.find(([name]) => name === 'kerb-outcome')?.[1];
}

async function settled(): Promise<void> {
  await new Promise(setImmediate);
}

describe('a request', () => {
  it('is answered, counted, logged and forgotten', async () => {
    const channel = send();
    expect(edge.visits).toBe(1);
    await settled();
    expect([channel.status, channel.body]).toEqual(['', 'hello']);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      tenant: 'acme',
      outcome: 'ok',
      status: 200,
      client: '192.0.2.1',
      target: '/t',
      ...COST,
    });
    expect(counters.read(0)).toMatchObject({ inFlight: 0, outcomes: { ok: 1 } });
    expect([edge.visits, left]).toEqual([0, 1]);
  });

  it.each([
    ['bad_request', [], true],
    [
      'bad_request',
      [
        ['host', 'acme.test'],
        ['host', 'acme.test'],
      ],
      true,
    ],
    ['unknown_host', [['host', 'nobody.test']], false],
    [
      'body_limit',
      [
        ['host', 'acme.test'],
        ['content-length', '101'],
      ],
      true,
    ],
  ] as const)('that is refused as %s with %j reaches no guest', async (outcome, fields, close) => {
    run = () => Promise.reject(new Error('the engine was asked'));
    const channel = send(
      fields.map(([name, value]): [string, string] => [name, value]),
      'POST',
    );
    await settled();
    expect([outcomeOf(channel), channel.ended?.close]).toEqual([outcome, close]);
    expect(records[0]).toMatchObject({ outcome });
    expect([reports, left, edge.visits]).toEqual([[], 0, 0]);
  });

  it.each(['guest_trap', 'cpu_limit', 'memory_limit', 'wall_limit', 'no_response'] as const)(
    'whose guest ends as %s says so',
    async (outcome) => {
      run = () => Promise.resolve(failed(outcome));
      const channel = send();
      await settled();
      expect(outcomeOf(channel)).toBe(outcome);
      expect(records[0]).toMatchObject({ outcome, detail: 'why' });
    },
  );

  it("beyond its tenant's concurrency waits for the one before", async () => {
    let finish: (value: Run) => void = () => {};
    run = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const [first, second] = [send(), send()];
    await settled();
    expect(counters.read(0).inFlight).toBe(1);
    finish(whole('first'));
    await settled();
    finish(whole('second'));
    await settled();
    expect([first.body, second.body, counters.read(0).inFlight]).toEqual(['first', 'second', 0]);
  });

  it('for which the thread has no room is capacity, and may be tried again', async () => {
    open = () => {
      throw new CapacityError('full');
    };
    const channel = send();
    await settled();
    expect(outcomeOf(channel)).toBe('capacity');
    expect(channel.fields).toContainEqual(['retry-after', '1']);
    expect([reports, counters.read(0).inFlight]).toEqual([[], 0]);
  });
});

describe('something that goes wrong inside', () => {
  it('is internal_error to the client, and told to the operator alone', async () => {
    run = () => Promise.reject(new Error('secret path'));
    const channel = send();
    await settled();
    expect(outcomeOf(channel)).toBe('internal_error');
    expect(channel.body).not.toContain('secret');
    expect(reports[0]).toContain('secret path');
    expect([edge.visits, counters.read(0).inFlight]).toEqual([0, 0]);
  });

  it('in the handler itself never throws: the connection is closed', () => {
    const channel = new Channel();
    const request = {
      getCaseSensitiveMethod: () => {
        throw new Error('in the transport');
      },
    };
    edge.handle(channel.response, request as unknown as TransportRequest);
    expect([channel.closed, reports.length]).toEqual([true, 1]);
  });
});

describe('a response', () => {
  it("that breaks HTTP is no_response, and the origin's body is given up", async () => {
    const body = new BytesSource(Buffer.from('x'));
    const cancel = vi.spyOn(body, 'cancel');
    run = () => Promise.resolve(relayed(body, [['a b', 'c']]));
    const channel = send();
    await settled();
    expect(outcomeOf(channel)).toBe('no_response');
    expect(cancel).toHaveBeenCalledWith();
  });

  it('whose origin breaks off is cut, as backend_error', async () => {
    const body = { read: () => Promise.reject(new BodyError('closed')), cancel: () => {} };
    run = () => Promise.resolve(relayed(body));
    const channel = send();
    await settled();
    expect([channel.closed, channel.ended]).toEqual([true, null]);
    expect(records[0]).toMatchObject({ outcome: 'backend_error', status: 200 });
  });
});

describe('a client that goes', () => {
  it('cancels its guest', async () => {
    run = () => new Promise(() => {});
    const channel = send();
    await settled();
    channel.abort();
    expect(cancelled).toEqual(['client_closed']);
  });

  it('ends a relay that waits for its origin', async () => {
    let give: (chunk: null) => void = () => {};
    const body = {
      read: () =>
        new Promise<null>((resolve) => {
          give = resolve;
        }),
      cancel: () => give(null),
    };
    run = () => Promise.resolve(relayed(body));
    const channel = send();
    await settled();
    channel.abort();
    await settled();
    expect(records[0]).toMatchObject({ outcome: 'client_closed' });
    expect(edge.visits).toBe(0);
  });

  it('while it sends its body is not handed to a guest', async () => {
    run = () => Promise.reject(new Error('the engine was asked'));
    const channel = send(
      [
        ['host', 'acme.test'],
        ['content-length', '10'],
      ],
      'POST',
    );
    channel.abort();
    await settled();
    expect(records[0]).toMatchObject({ outcome: 'client_closed', status: 0 });
    expect([reports, edge.visits]).toEqual([[], 0]);
  });
});

describe('a drain', () => {
  it('settles when the last request has ended, and closes every connection from then on', async () => {
    await edge.drain();
    let finish: (value: Run) => void = () => {};
    run = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const channel = send();
    let drained = false;
    const draining = edge.drain().then(() => {
      drained = true;
    });
    await settled();
    expect(drained).toBe(false);
    finish(whole('last'));
    await draining;
    expect(channel.ended?.close).toBe(true);
  });
});

describe('a guest that fails, whose app wants a page', () => {
  const page = { bytes: Buffer.from('sorry'), type: 'text/plain', status: 503 };

  beforeEach(() => {
    const rule = { path: '/', on: ['trap'] as const, serve: ['page'] as const, page };
    deployment = { ...DEPLOYMENT, figuresSlot: 1, onFailure: [rule] };
  });

  it('has its client shown the page, and is counted, logged and forgotten as a failure', async () => {
    run = () => Promise.resolve(failed('guest_trap'));
    const channel = send();
    await settled();
    expect([channel.body, outcomeOf(channel)]).toEqual(['sorry', 'guest_trap']);
    expect(records).toMatchObject([{ outcome: 'guest_trap', detail: 'why', served: 'page', status: 503 }]);
    expect(records[0]?.client).toBe('192.0.2.1');
    expect(counters.read(0)).toMatchObject({ inFlight: 0, outcomes: { guest_trap: 1 } });
    expect(versions.read(1)).toMatchObject({ requests: 1, guestFaults: 1 });
    expect([edge.visits, left, reports]).toEqual([0, 1, []]);
  });

  it('by a response that breaks HTTP has it shown too', async () => {
    run = () => Promise.resolve(whole('x', [['a b', 'c']]));
    const channel = send();
    await settled();
    expect([channel.body, outcomeOf(channel)]).toEqual(['sorry', 'no_response']);
  });

  it('in a way that no rule names is the error', async () => {
    run = () => Promise.resolve(failed('cpu_limit'));
    const channel = send();
    await settled();
    expect(channel.fields).not.toContainEqual(['kerb-served', 'page']);
    expect(records[0]).toMatchObject({ outcome: 'cpu_limit', served: null });
  });

  it('has given back what the host kept for it before anybody else is asked', async () => {
    let seen: unknown;
    run = (visit) => {
      visit.backends = {
        ...NO_BACKENDS,
        stored: () => {
          seen = [freed.length, visit.task];
          return Promise.resolve(null);
        },
      };
      return Promise.resolve(failed('guest_trap'));
    };
    const rule = { path: '/', on: ['trap'] as const, serve: ['stale', 'page'] as const, page };
    deployment = { ...DEPLOYMENT, onFailure: [rule] };
    const channel = send();
    await settled();
    expect([channel.body, seen]).toEqual(['sorry', [1, null]]);
  });

  it('is waited for by a drain while others are asked', async () => {
    const { promise, resolve } = Promise.withResolvers<null>();
    run = (visit) => {
      visit.backends = { ...NO_BACKENDS, stored: () => promise };
      return Promise.resolve(failed('guest_trap'));
    };
    const rule = { path: '/', on: ['trap'] as const, serve: ['stale', 'page'] as const, page };
    deployment = { ...DEPLOYMENT, onFailure: [rule] };
    const channel = send();
    await settled();
    expect([edge.visits, counters.read(0).inFlight, channel.ended]).toEqual([1, 1, null]);
    const drained = edge.drain();
    resolve(null);
    await drained;
    expect([channel.body, channel.ended?.close]).toEqual(['sorry', true]);
  });

  it('by its response, with no log to read the address for, has its origin told of the client all the same', async () => {
    wants = () => false;
    const asked: BackendRequest[] = [];
    const fetch = (request: BackendRequest): Promise<never> => {
      asked.push(request);
      return Promise.reject(new BackendError('connect', 'refused'));
    };
    run = (visit) => {
      visit.backends = { ...NO_BACKENDS, origin: { fetch } };
      return Promise.resolve(whole('x', [['a b', 'c']]));
    };
    deployment = { ...DEPLOYMENT, onFailure: [{ path: '/', on: ['trap'], serve: ['origin', 'page'], page }] };
    const channel = send();
    await settled();
    expect(channel.body).toBe('sorry');
    expect(asked[0]?.forwarded).toMatchObject({ for: '192.0.2.1', host: 'acme.test' });
  });

  it('after which Kerb fails too is an internal error, and told', async () => {
    run = (visit) => {
      visit.backends = { ...NO_BACKENDS, stored: () => Promise.reject(new TypeError('a mistake')) };
      return Promise.resolve(failed('guest_trap'));
    };
    deployment = { ...DEPLOYMENT, onFailure: [{ path: '/', on: ['trap'], serve: ['stale', 'page'], page }] };
    const channel = send();
    await settled();
    expect([outcomeOf(channel), reports.length, edge.visits]).toEqual(['internal_error', 1, 0]);
    expect(channel.fields.filter(([name]) => name === 'kerb-served')).toEqual([]);
    expect(records[0]).toMatchObject({ outcome: 'internal_error', served: null });
  });
});

it('a guest changes neither whom its requests are for nor the marks of their way', async () => {
  let told: unknown;
  run = (visit) => {
    visit.request.headers.set('host', 'forged.test');
    visit.request.headers.delete('cdn-loop');
    told = visit.forwarded;
    return Promise.resolve(whole('x'));
  };
  send([
    ['host', 'acme.test'],
    ['cdn-loop', 'kerb'],
  ]);
  await settled();
  expect(told).toMatchObject({ host: 'acme.test', cdnLoop: 'kerb' });
  expect(records[0]).toMatchObject({ host: 'acme.test' });
});

describe('the figures of a version', () => {
  beforeEach(() => {
    deployment = { ...DEPLOYMENT, figuresSlot: 1 };
  });

  it('have the request, its CPU time, and whether its guest failed', async () => {
    send();
    await settled();
    run = () => Promise.resolve(failed('guest_trap'));
    send();
    await settled();
    expect(versions.read(1)).toEqual({ requests: 2, guestFaults: 1, cpuUs: 2000 });
    expect(versions.read(0)).toEqual({ requests: 0, guestFaults: 0, cpuUs: 0 });
  });

  it('have nothing of requests that no guest got, so that no client can spoil them', async () => {
    send([
      ['host', 'acme.test'],
      ['content-length', '101'],
    ]);
    open = () => {
      throw new CapacityError('full');
    };
    send();
    await settled();
    expect(versions.read(1).requests).toBe(0);
    expect(counters.read(0).outcomes).toMatchObject({ body_limit: 1, capacity: 1 });
  });

  it('have a response that broke HTTP as a fault', async () => {
    run = () => Promise.resolve(whole('x', [['a b', 'c']]));
    send();
    await settled();
    expect(versions.read(1)).toMatchObject({ requests: 1, guestFaults: 1 });
  });
});

describe('a record that nobody wants', () => {
  it("is not made, and the client's address is not read for it", async () => {
    const asked: (string | null)[] = [];
    wants = (tenant) => asked.push(tenant) < 0;
    const channel = new Channel();
    channel.getRemoteAddress = () => {
      throw new Error('the address was read');
    };
    const request = {
      getCaseSensitiveMethod: () => 'GET',
      getUrl: () => '/',
      getQuery: () => '',
      forEach: (visit: (name: string, value: string) => void) => visit('host', 'acme.test'),
    };
    edge.handle(channel.response, request as unknown as TransportRequest);
    await settled();
    expect([channel.body, records, reports, new Set(asked)]).toEqual(['hello', [], [], new Set(['acme'])]);
  });

  it('of no tenant is asked for as such', async () => {
    const asked: (string | null)[] = [];
    wants = (tenant) => asked.push(tenant) < 0;
    send([['host', 'nobody.test']]);
    await settled();
    expect([new Set(asked), records]).toEqual([new Set([null]), []]);
  });
});
