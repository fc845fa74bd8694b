import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROGRAM } from '../../e2e/kerb.ts';
import { TestProcess } from '../../e2e/process.ts';
import { FakeControl, TOKEN, respond } from './fake-control.ts';
import { kerb, keyboard, silence } from './kerb.ts';

let server: FakeControl;

beforeEach(async () => {
  server = new FakeControl();
  await server.listen();
  server.addTenant('hello');
});

afterEach(async () => server.close());

const RECORD = {
  time: '2026-01-31T12:00:00.123Z',
  method: 'GET',
  host: 'h',
  target: '/a',
  status: 503,
  outcome: 'cpu_limit',
};
const EVENTS = [
  `event: request\ndata: ${JSON.stringify({ ...RECORD, detail: 'too long', wall_ms: 60, cpu_ms: 50.5 })}\n\n`,
  `event: request\ndata: ${JSON.stringify({ ...RECORD, status: 200, outcome: 'ok', detail: null, wall_ms: 1, cpu_ms: 0.5 })}\n\n`,
  `event: guest\ndata: ${JSON.stringify({ timeMs: 0, level: 'warn', text: 'one\ntwo\u001b[2J' })}\n\n`,
  'event: dropped\ndata: {"count":3}\n\n',
  'event: guest\ndata: no json\n\n',
].join('');

/** Streams `text` to the next request and keeps the connection, or ends it. */
function streamNext(text: string, end = false): void {
  server.instead.push((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(text);
    if (end) response.end();
  });
}

describe('kerb tail', () => {
  it('shows requests and lines until Ctrl-C', async () => {
    const { press, onInterrupt } = keyboard();
    streamNext(EVENTS);
    const onWrite = (text: string): void => (text.includes('no json') ? press() : undefined);
    const line = 'tail hello --status 5xx --outcome cpu_limit --method GET --path /a --contains x';
    const ran = await kerb(server.url, line.split(' '), { onInterrupt, onWrite });
    expect(ran.code).toBe(130);
    expect(server.last.query).toEqual({
      status: '5xx',
      outcome: 'cpu_limit',
      method: 'GET',
      path: '/a',
      contains: 'x',
    });
    expect(ran.stdout.split('\n')).toEqual([
      '12:00:00.123 GET h/a 503 cpu_limit (50.5 ms cpu, 60 ms) too long',
      '12:00:00.123 GET h/a 200 (0.5 ms cpu, 1 ms)',
      '00:00:00.000 warn one',
      '00:00:00.000 warn two\\x1b[2J',
      '--:--:--.--- info no json',
      '',
    ]);
    expect(ran.stderr).toContain('events are left out');
  });

  it('writes an object a line with --json, and connects again', async () => {
    const { press, onInterrupt } = keyboard();
    streamNext(
      'retry: 20\nid: 4\nevent: guest\ndata: {"text":"a"}\n\nevent: end\ndata: {"reason":"draining"}\n\n',
      true,
    );
    streamNext('event: guest\ndata: {"text":"b"}\n\n');
    const onWrite = (text: string): void => (text.includes('"b"') ? press() : undefined);
    const ran = await kerb(server.url, ['tail', 'hello', '--json'], { onInterrupt, onWrite });
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { data: unknown }).data),
    ).toEqual([{ text: 'a' }, { reason: 'draining' }, { text: 'b' }]);
    expect(ran.stderr).toContain('trying again');
    expect(server.last.headers['last-event-id']).toBe('4');
  });

  it('fails for a tenant that is not there, and where nobody streams', async () => {
    expect((await kerb(server.url, ['tail', 'nobody'])).code).toBe(1);
    server.instead.push((_, response) => respond(response, 200, {}));
    const ran = await kerb(server.url, ['tail', 'hello']);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('it sends no events')]);
  });
});

describe('kerb top', () => {
  it('prints one table with --once, the busiest first', async () => {
    const figures = { requests: 1, inFlight: 0, memoryPages: 16, outcomes: { ok: 1 }, version: 1, canary: null };
    const tenants = [
      { tenant: 'idle', cpuUs: 5, ...figures },
      { tenant: 'busy', cpuUs: 5_000_000, ...figures, outcomes: { ok: 1, cpu_limit: 2 } },
    ];
    server.instead.push((_, response) => respond(response, 200, { tenants }));
    const ran = await kerb(server.url, ['top', '--once']);
    const rows = ran.stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s{2,}/));
    expect(rows).toEqual([
      ['TENANT', 'VERSION', 'CANARY', 'REQ/S', 'CPU/S', 'IN FLIGHT', 'REQUESTS', 'CPU', 'MEMORY', 'NOT OK'],
      ['busy', '1', '-', '-', '-', '0', '1', '5.0 s', '1.0 MiB', '2'],
      ['idle', '1', '-', '-', '-', '0', '1', '5 us', '1.0 MiB', '0'],
    ]);
    expect(JSON.parse((await kerb(server.url, ['top', '--once', '--json'])).stdout)).toMatchObject({
      tenants: [{ tenant: 'hello', requests: 100 }],
    });
  });

  it('draws over itself at a terminal, with rates from the second look on, until Ctrl-C', async () => {
    const { press, onInterrupt } = keyboard();
    const onWrite = (text: string): void => {
      if (/hello +- +- +0\.0 /.test(text)) press();
    };
    const ran = await kerb(server.url, ['top', '--interval', '1'], { terminal: true, onInterrupt, onWrite });
    expect(ran.code).toBe(130);
    expect(ran.stdout.split('\u001b[H\u001b[J')).toHaveLength(3);
    expect(server.requests.length).toBe(2);
  });
});

describe('Ctrl-C', () => {
  it('ends waiting for an answer', async () => {
    const { press, onInterrupt } = keyboard();
    server.instead.push(press);
    const ran = await kerb(server.url, ['tenant', 'list', '--json'], { onInterrupt });
    expect([ran.code, ran.stdout]).toEqual([130, '']);
  });

  it('ends waiting for input', async () => {
    const { press, onInterrupt } = keyboard();
    const ran = await kerb(server.url, ['secret', 'put', 'hello', 'A'], { onInterrupt, stdin: silence(press) });
    expect(ran.code).toBe(130);
    expect(server.requests).toEqual([]);
  });
});

describe('the process', () => {
  const start = (...argv: string[]): TestProcess =>
    new TestProcess(PROGRAM, argv, { env: { KERB_CONTROL_URL: server.url, KERB_TOKEN: TOKEN } });

  it('ends with 130 on a real SIGINT while it follows', async () => {
    streamNext(EVENTS);
    const tail = start('tail', 'hello');
    await tail.until(() => tail.stdout !== '');
    expect(await tail.end('SIGINT')).toBe(130);
  });

  it('ends well when its reader goes away', async () => {
    streamNext(EVENTS);
    server.instead.push((_, response) => respond(response, 404, {}));
    const { process: child } = start('tail', 'hello');
    child.stdout?.once('data', () => {
      child.stdout?.destroy();
      // What comes now finds nobody who reads.
      for (const response of streams) response.write(EVENTS);
    });
    const streams = [await answered()];
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('ends by itself when it is done, with an answer that was read', async () => {
    const whoami = start('token', 'whoami', '--json');
    expect(await whoami.ended).toBe(0);
    expect(JSON.parse(whoami.stdout)).toMatchObject({ subject: 'ops' });
  });

  /** The response of the next stream, once it is being sent. */
  async function answered(): Promise<{ write: (text: string) => void }> {
    return new Promise((resolve) => {
      const [respondNext] = server.instead;
      if (respondNext === undefined) throw new Error('nothing is streamed');
      server.instead[0] = (request, response) => {
        respondNext(request, response);
        resolve({ write: (text) => void response.write(text) });
      };
    });
  }
});
