import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../src/control/plane.ts';
import type { ApiLimits } from '../../../src/api/limits.ts';
import { RawClient } from '../../e2e/raw-client.ts';
import { ApiServer, type Asked, type Reply } from './api-server.ts';

let server: ApiServer;
const servers: ApiServer[] = [];
const start = async (limits: Partial<ApiLimits> = {}): Promise<void> => {
  server = await ApiServer.start(limits);
  servers.push(server);
};
beforeEach(() => start());
afterEach(async () => {
  for (const each of servers.splice(0)) await each.stop();
});

/** A reader of a stream: its text so far, and what to wait for. */
class Follower {
  readonly response: IncomingMessage;
  text = '';

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => (this.text += chunk));
    response.on('error', () => undefined);
  }

  /** Settles when the text has `part`. */
  async has(part: string): Promise<void> {
    while (!this.text.includes(part)) await once(this.response, 'data');
  }

  /** The names of the events that came. */
  get events(): string[] {
    return [...this.text.matchAll(/^event: ([^\n]*)\n/gm)].map(([, name = '']) => name);
  }

  /** The data of the events that came. */
  get data(): unknown[] {
    return [...this.text.matchAll(/^data: ([^\n]*)\n/gm)].map(([, data = '']) => JSON.parse(data) as unknown);
  }

  leave(): void {
    this.response.destroy();
  }
}

async function follow(line: string, asked: Asked = {}): Promise<Follower> {
  const follower = new Follower(await server.open(line, asked));
  if (follower.response.statusCode === 200) await follower.has(': open');
  return follower;
}

const record = { outcome: 'ok', status: 200, method: 'GET', target: '/shop/1?q', detail: null };
const visit = (more: object = {}, tenant = 'a'): LogEntry => ({
  kind: 'request',
  tenant,
  record: { ...record, ...more },
});
const said = (text: string, tenant = 'a'): LogEntry => ({
  kind: 'guest',
  tenant,
  timeMs: 1,
  version: '2',
  level: 'info',
  text,
});

describe('the logs of a tenant', () => {
  it('come as events, each on one line', async () => {
    const follower = await follow('GET /v1/tenants/a/logs', { token: server.reader });
    expect(follower.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    server.tap.emit(visit());
    server.tap.emit(said('line\r\n\r\nevent: end\ndata: {}\u2028'));
    await follower.has('event: guest');
    expect(follower.events).toEqual(['request', 'guest']);
    expect(follower.data).toEqual([
      record,
      { timeMs: 1, version: '2', level: 'info', text: 'line\r\n\r\nevent: end\ndata: {}\u2028' },
    ]);
  });

  it('are those of the tenant only', async () => {
    const follower = await follow('GET /v1/tenants/a/logs', { token: server.reader });
    server.tap.emit(said('of b', 'b'));
    server.tap.emit(said('of a'));
    await follower.has('of a');
    expect(follower.text).not.toContain('of b');
    const foreign = await server.send('GET /v1/tenants/b/logs', { token: server.reader });
    const absent = await server.send('GET /v1/tenants/none/logs');
    expect([foreign.status, absent.status]).toEqual([403, 404]);
  });

  it.each([
    ['outcome=cpu_limit', { outcome: 'cpu_limit' }],
    ['status=5xx', { status: 503 }],
    ['status=404', { status: 404 }],
    ['method=post', { method: 'POST' }],
    ['path=%2Fadmin', { target: '/admin/x' }],
    ['contains=needle', { target: '/a?needle' }],
    ['contains=needle', { detail: 'a needle' }],
    ['status=5xx&method=PUT', { status: 500, method: 'PUT' }],
  ])('are those that %s lets through', async (query, fitting) => {
    const follower = await follow(`GET /v1/tenants/a/logs?${query}`);
    for (const entry of [visit(), visit({ status: 50 }), { kind: 'request', tenant: 'a', record: null } as const]) {
      server.tap.emit(entry);
    }
    if (!query.startsWith('contains')) server.tap.emit(said('a line without status'));
    server.tap.emit(visit({ ...fitting, last: true }));
    await follower.has('"last":true');
    expect(follower.data).toEqual([{ ...record, ...fitting, last: true }]);
  });

  it('of guests are searched too', async () => {
    const follower = await follow('GET /v1/tenants/a/logs?contains=needle');
    server.tap.emit(said('hay'));
    server.tap.emit(said('a needle'));
    await follower.has('needle');
    expect(follower.events).toEqual(['guest']);
  });

  it.each(['outcome=nope', 'outcome=__proto__', 'status=6xx', 'status=0', 'method=GE%20T', 'path=', 'level=1'])(
    'refuse %s',
    async (query) => {
      expect((await server.send(`GET /v1/tenants/a/logs?${query}`)).status).toBe(400);
    },
  );

  it('need a reader who takes events', async () => {
    const headers = { accept: 'application/json' };
    expect((await server.send('GET /v1/tenants/a/logs', { headers })).status).toBe(406);
  });
});

describe('the events of the server', () => {
  it('are what is done, to whom, by whom', async () => {
    const follower = await follow('GET /v1/events');
    await server.send('POST /v1/tenants', { body: { name: 'fresh' } });
    await follower.has('fresh');
    expect(follower.data).toMatchObject([{ action: 'tenant.create', actor: 'op', tenant: 'fresh' }]);
    expect((await server.send('GET /v1/events', { token: server.deployer })).status).toBe(403);
  });
});

describe('a stream', () => {
  it('is not followed any more when its reader leaves', async () => {
    const follower = await follow('GET /v1/tenants/a/logs');
    expect(server.tap.listeners).toBe(1);
    follower.leave();
    await expect.poll(() => server.tap.listeners).toBe(0);
  });

  it('is kept open by comments', async () => {
    await start({ heartbeatMs: 20 });
    const follower = await follow('GET /v1/tenants/a/logs');
    await follower.has(': alive\n\n: alive');
    expect(follower.events).toEqual([]);
  });

  it('ends when its token does', async () => {
    const token = server.authority.mint('brief', ['tenant:read'], 'a', 300);
    const follower = await follow('GET /v1/tenants/a/logs', { token });
    await once(follower.response, 'end');
    expect(follower.data).toEqual([{ reason: 'token_expired' }]);
    expect(server.tap.listeners).toBe(0);
  });

  it('ends when its token is revoked', async () => {
    await start({ heartbeatMs: 20 });
    const follower = await follow('GET /v1/tenants/a/logs', { token: server.reader });
    server.authority.revoke(server.authority.identity(server.reader).tokenId);
    await once(follower.response, 'end');
    expect(follower.data).toEqual([{ reason: 'token_revoked' }]);
  });

  it('ends when its tenant is deleted', async () => {
    await start({ heartbeatMs: 20 });
    const follower = await follow('GET /v1/tenants/a/logs');
    await server.send('DELETE /v1/tenants/a');
    await once(follower.response, 'end');
    expect(follower.data).toEqual([{ reason: 'gone' }]);
  });

  it('ends when the server shuts down', async () => {
    const follower = await follow('GET /v1/events');
    await server.api.close();
    await once(follower.response, 'end');
    expect([follower.data, server.plane.listeners]).toEqual([[{ reason: 'draining' }], 0]);
  });

  it('drops what a slow reader has no room for, and says how much', async () => {
    await start({ streamBacklogBytes: 1_000 });
    const follower = await follow('GET /v1/tenants/a/logs');
    follower.response.pause();
    const line = 'x'.repeat(100_000);
    const lines = 500;
    for (let sent = 0; sent < lines; sent++) server.tap.emit(said(line));
    follower.response.resume();
    await follower.has('event: dropped');
    await follower.has('\n\n');
    const dropped = follower.data.find((data) => typeof data === 'object' && data !== null && 'count' in data);
    const shown = follower.events.filter((event) => event === 'guest').length;
    expect(shown).toBeLessThan(lines);
    expect(dropped).toEqual({ count: lines - shown });
    server.tap.emit(said('after'));
    await follower.has('"after"');
  });

  it('is cut off when its reader never reads', async () => {
    await start({ streamBacklogBytes: 1_000, heartbeatMs: 20 });
    const follower = await follow('GET /v1/tenants/a/logs');
    follower.response.pause();
    const flooded = (): number => {
      for (let sent = 0; sent < 200; sent++) server.tap.emit(said('x'.repeat(100_000)));
      return server.tap.listeners;
    };
    await expect.poll(flooded, { timeout: 20_000 }).toBe(0);
  });

  it('is one of few, of a tenant and in all', async () => {
    await start({ streamsPerTenant: 1, streams: 2 });
    const first = await follow('GET /v1/tenants/a/logs');
    const refused = await server.send('GET /v1/tenants/a/logs');
    expect([refused.status, refused.json?.['code'], refused.headers['retry-after']]).toEqual([
      429,
      'rate_limited',
      '5',
    ]);
    await follow('GET /v1/tenants/b/logs');
    expect((await server.send('GET /v1/events')).status).toBe(429);
    first.leave();
    await expect.poll(() => server.tap.listeners).toBe(1);
    expect((await follow('GET /v1/tenants/a/logs')).response.statusCode).toBe(200);
  });

  it('does not count as a request under way', async () => {
    await start({ requests: 1 });
    await follow('GET /v1/tenants/a/logs');
    expect((await server.send('GET /v1/whoami')).status).toBe(200);
  });
});

describe('a client that leaves while its token is checked', () => {
  /** Sends a request, and has its client leave before the token is known. */
  async function leaving(line: string, more = ''): Promise<void> {
    const entered = Promise.withResolvers<void>();
    const stop = Promise.withResolvers<void>();
    server.authority.beforeVerify = () => (entered.resolve(), stop.promise);
    const client = await RawClient.open(server);
    client.send(`${server.head(line, more).replaceAll('\n', '\r\n')}\r\n\r\n`);
    await entered.promise;
    client.leave();
    await expect.poll(() => server.connections()).toBe(0);
    server.authority.beforeVerify = () => Promise.resolve();
    stop.resolve();
  }

  it('opens no stream', async () => {
    await start({ streams: 1 });
    await leaving('GET /v1/tenants/a/logs');
    const follower = await follow('GET /v1/tenants/a/logs');
    expect([follower.response.statusCode, server.tap.followed, server.faults]).toEqual([200, 1, []]);
  });

  it('is not waited for, and its body takes no room', async () => {
    await start({ requests: 1, requestsPerCaller: 1, bodyBytesPerCaller: 20 });
    await leaving('POST /v1/tenants', '\nContent-Type: application/json\nContent-Length: 20');
    const made = (): Promise<Reply> => server.send('POST /v1/tenants', { body: { name: 'c' } });
    await expect.poll(async () => (await made()).status, { timeout: 5_000 }).toBe(201);
    await server.api.close();
  });
});
