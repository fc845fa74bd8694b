import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openConnections } from '../../../bench/ready-connections.ts';
import { ClosedLoop } from '../../../bench/traffic-closed.ts';
import { OpenLoopTraffic } from '../../../bench/traffic-open.ts';
import { isIn, TrafficRecord, type Window } from '../../../bench/traffic-record.ts';
import type { Connection } from '../../../src/lab/connection.ts';
import { answerName, errorsOf, type ClosedTraffic, type OpenTraffic } from '../../../bench/traffic.ts';

const ALWAYS: Window = { beginMs: 0, endMs: Infinity };
const NEVER: Window = { beginMs: Infinity, endMs: Infinity };
const OK = { status: 200, outcome: '', head: '', body: '' };
const LIGHT: OpenTraffic = { kind: 'open', name: 'light', host: 'a.localhost', path: '/', perSecond: 500 };
const LANES: ClosedTraffic = {
  kind: 'closed',
  name: 'lanes',
  hosts: ['a', 'b'],
  path: '/next',
  firstPaths: ['/first-0', '/first-1', '/first-2'],
  lanes: 3,
  repeat: 'always',
  pauseMs: 0,
};

const closers: (() => void)[] = [];

async function serverOf(listener: RequestListener): Promise<number> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

async function lanesTo(port: number, count: number): Promise<Connection[]> {
  const connections = await openConnections(port, count);
  closers.push(() => connections.forEach((connection) => connection.close()));
  return connections;
}

/** Notes requests as `host path`, answers with `status`, and settles once there are `count`. */
function noted(count: number, status = 200): { listener: RequestListener; all: string[]; reached: Promise<void> } {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const all: string[] = [];
  const listener: RequestListener = (request, response) => {
    all.push(`${request.headers.host} ${request.url}`);
    if (all.length === count) resolve();
    response.writeHead(status, { 'content-length': 0 }).end();
  };
  return { listener, all, reached };
}

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe('a window', () => {
  it('has its begin and not its end', () => {
    const window = { beginMs: 10, endMs: 20 };
    expect([9, 10, 19, 20].map((atMs) => isIn(window, atMs))).toEqual([false, true, true, false]);
  });
});

describe('TrafficRecord', () => {
  it('counts answers by status and outcome, and times those that are right', () => {
    const record = new TrafficRecord('x');
    for (let sent = 0; sent < 4; sent++) record.sent(0.5);
    record.answered(OK, 3);
    record.answered({ ...OK, status: 503, outcome: 'cpu_limit' }, 50);
    record.lost();
    expect(record.open).toBe(1);
    expect(record.result()).toMatchObject({
      count: 4,
      answers: { '200': 1, '503 cpu_limit': 1 },
      lost: 2,
      latenciesMs: [3],
      latenessMs: [0.5, 0.5, 0.5, 0.5],
    });
  });

  it('takes only right answers for throughput', () => {
    const record = new TrafficRecord('x');
    record.inTime(OK);
    record.inTime({ ...OK, status: 503 });
    expect(record.result().answeredInTime).toBe(1);
  });
});

describe('errors', () => {
  it('are answers other than 200, and requests without one', () => {
    const record = new TrafficRecord('x');
    for (let sent = 0; sent < 3; sent++) record.sent(null);
    record.answered(OK, 1);
    record.answered({ ...OK, status: 502, outcome: 'backend_error' }, 1);
    expect(errorsOf(record.result())).toBe(2);
    expect(answerName(502, 'backend_error')).toBe('502 backend_error');
  });
});

describe('openConnections', () => {
  it('opens none where nobody listens', async () => {
    const port = await serverOf(() => undefined);
    for (const close of closers.splice(0)) close();
    await expect(openConnections(port, 1)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('ClosedLoop', () => {
  it('gives lanes their hosts in turn, their first path once and then the common one', async () => {
    const { listener, all, reached } = noted(12);
    const connections = await lanesTo(await serverOf(listener), 3);
    const loop = new ClosedLoop(LANES, ALWAYS);
    loop.start(connections);
    await reached;
    loop.stop();
    expect(new Set(all)).toEqual(new Set(['a /first-0', 'b /first-1', 'a /first-2', 'a /next', 'b /next']));
    expect(all.filter((line) => line.includes('first'))).toHaveLength(3);
    expect(loop.record.result().answers['200']).toBeGreaterThanOrEqual(6);
  });

  it('counts nothing outside its time', async () => {
    const { listener, reached } = noted(6);
    const connections = await lanesTo(await serverOf(listener), 3);
    const loop = new ClosedLoop(LANES, NEVER);
    loop.start(connections);
    await reached;
    loop.stop();
    expect(loop.record.result().count).toBe(0);
    expect(loop.owed).toBe(0);
  });

  it('asks once where it is told to, and owes what is not answered', async () => {
    const waiting: (() => void)[] = [];
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const port = await serverOf((_request, response) => {
      waiting.push(() => void response.writeHead(200, { 'content-length': 0 }).end());
      if (waiting.length === 3) resolve();
    });
    const connections = await lanesTo(port, 3);
    const loop = new ClosedLoop({ ...LANES, repeat: 'once' }, NEVER);
    loop.start(connections);
    await reached;
    expect(loop.owed).toBe(3);
    for (const answer of waiting) answer();
    await expect.poll(() => loop.owed).toBe(0);
    expect(loop.record.result()).toMatchObject({ count: 3, answers: { '200': 3 } });
    expect(waiting).toHaveLength(3);
  });
});

describe('OpenLoopTraffic', () => {
  it('keeps sending while nothing is answered, and counts from when a request was due', async () => {
    const waiting: (() => void)[] = [];
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const port = await serverOf((_request, response) => {
      waiting.push(() => void response.writeHead(200, { 'content-length': 0 }).end());
      if (waiting.length === 5) resolve();
    });
    const loop = new OpenLoopTraffic(LIGHT, port, ALWAYS, await lanesTo(port, 1));
    await reached;
    loop.stop();
    expect(loop.owed).toBeGreaterThanOrEqual(5);
    expect(loop.record.result().lost).toBe(loop.owed);
    const timer = setInterval(() => waiting.splice(0).forEach((answer) => answer()), 1);
    await expect.poll(() => loop.owed).toBe(0);
    clearInterval(timer);
    const { latenciesMs, latenessMs, lost } = loop.record.result();
    expect(lost).toBe(0);
    expect(latenciesMs).toHaveLength(latenessMs.length);
    // The fifth was due 8 ms after the first, which waited for it.
    expect(Math.max(...latenciesMs)).toBeGreaterThanOrEqual(8);
  });

  it('counts what is given up as lost, with the time that it has waited', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    let count = 0;
    const port = await serverOf(() => {
      count += 1;
      if (count === 3) resolve();
    });
    const loop = new OpenLoopTraffic(LIGHT, port, ALWAYS, await lanesTo(port, 3));
    await reached;
    loop.stop();
    loop.giveUp();
    const { latenciesMs, lost } = loop.record.result();
    expect(lost).toBeGreaterThanOrEqual(3);
    expect(latenciesMs).toHaveLength(lost);
    expect(Math.max(...latenciesMs)).toBeGreaterThanOrEqual(4);
  });

  it('counts wrong answers and broken connections as errors', async () => {
    let count = 0;
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const port = await serverOf((request, response) => {
      count += 1;
      if (count >= 4) resolve();
      if (count % 2 === 0) request.socket.end('HTTP/1.1 200 OK');
      else response.writeHead(503, { 'content-length': 0 }).end();
    });
    const loop = new OpenLoopTraffic(LIGHT, port, ALWAYS, await lanesTo(port, 2));
    await reached;
    loop.stop();
    await expect.poll(() => loop.owed).toBe(0);
    const result = loop.record.result();
    expect(errorsOf(result)).toBe(result.count);
    expect(result.lost).toBeGreaterThanOrEqual(1);
    expect(result.latenciesMs).toEqual([]);
  });
});
