/** HTTP/1.1 as clients see it: connections, framing, and routing, over the real server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guest, RESPONSE, STATUS_GUEST, URI_GUEST, writePieces } from '../guests.ts';
import { startEdge, type Edge } from './edge.ts';
import { RawClient } from './raw-client.ts';

/** Answers with its own name. */
function named(name: string): Uint8Array {
  return guest((text) => ({ handle: `(call $write ${RESPONSE} ${text(name)}) (i64.const 0)` }));
}

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({
    apps: {
      uri: { module: URI_GUEST },
      status: { module: STATUS_GUEST },
      deaf: { module: guest(() => ({})) },
      streams: { module: guest(() => ({ handle: `${writePieces(32, 65_536)} (i64.const 0)` })) },
      endless: { module: guest(() => ({ handle: `${writePieces(4096, 65_536)} (i64.const 0)` })) },
      trap: { module: guest(() => ({ handle: 'unreachable' })) },
      any: { module: named('any'), manifest: 'hosts = ["*.example.com"]' },
      exact: { module: named('exact'), manifest: 'hosts = ["www.example.com"]' },
      api: { module: named('api'), manifest: 'hosts = ["www.example.com"]\npath = "/api"' },
      deep: { module: named('deep'), manifest: 'hosts = ["www.example.com"]\npath = "/api/v2"' },
    },
  });
});
afterAll(() => edge.stop());

/** Sends bytes on a connection of their own; settles with what comes back until the text `last`. */
async function exchange(bytes: string, last: string): Promise<string> {
  const client = await RawClient.open(edge);
  try {
    client.send(bytes);
    return await client.until((text) => text.includes(last));
  } finally {
    client.leave();
  }
}

function head(method: string, app: string, path: string, fields = ''): string {
  return `${method} ${path} HTTP/1.1\r\nHost: ${app}.localhost\r\n${fields}\r\n`;
}

/** A request after which nothing else is expected on the connection. */
const END = head('GET', 'uri', '/the-end');

describe('connections', () => {
  it('are kept after a response, and serve the next request', async () => {
    const client = await RawClient.open(edge);
    client.get('uri.localhost', '/first');
    await client.until((text) => text.endsWith('/first'));
    client.get('uri.localhost', '/second');
    const text = await client.until((all) => all.endsWith('/second'));
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(client.ended).toBe(false);
    client.leave();
  });

  it('answer pipelined requests in their order, each with its own length', async () => {
    const paths = Array.from({ length: 20 }, (_, i) => `/${'p'.repeat(i)}${i}`);
    const text = await exchange(paths.map((path) => head('GET', 'uri', path)).join(''), paths.at(-1) ?? '');
    const bodies = text.split(/HTTP\/1\.1 200 OK\r\n[\s\S]*?\r\n\r\n/).slice(1);
    expect(bodies).toEqual(paths);
  });

  it('never mix up responses when a request is pipelined behind one that waits', async () => {
    // The transport gives the connection up: RFC 9112 section 9.3.2 has clients repeat what was not answered.
    const client = await RawClient.open(edge);
    client.socket.pause();
    client.send(head('GET', 'endless', '/') + END);
    const line = await edge.untilLogged((one) => one['tenant'] === 'endless');
    expect(line['outcome']).toBe('client_closed');
    client.socket.resume();
    const text = await client.closed();
    expect(text.includes('/the-end')).toBe(false);
    expect(text.match(/HTTP\/1\.1/g)?.length ?? 0).toBeLessThanOrEqual(1);
  });

  it('close on `Connection: close`', async () => {
    const client = await RawClient.open(edge);
    client.get('uri.localhost', '/last', 'Connection: close\r\n');
    expect(await client.closed()).toMatch(/\r\n\r\n\/last$/);
  });

  it('close after HTTP/1.0, which is not served', async () => {
    const client = await RawClient.open(edge);
    client.send('GET /old HTTP/1.0\r\nHost: uri.localhost\r\n\r\n');
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 505 /);
  });

  it('go on after a request body that nobody read', async () => {
    const body = 'b'.repeat(700_000);
    const text = await exchange(
      `${head('POST', 'deaf', '/', `Content-Length: ${body.length}\r\n`)}${body}${END}`,
      '/the-end',
    );
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  it('go on after a guest that trapped', async () => {
    const text = await exchange(head('GET', 'trap', '/') + END, '/the-end');
    expect(text).toMatch(/^HTTP\/1\.1 500 Internal Server Error/);
  });

  it('close after a request that is not valid HTTP', async () => {
    const client = await RawClient.open(edge);
    client.send('GET / HTTP/1.1\r\nHost: uri.localhost\r\nHost: other.localhost\r\n\r\n');
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('responses without content', () => {
  it.each([
    ['HEAD', 200, 'Content-Length: 4'],
    ['HEAD', 404, 'Content-Length: 4'],
    ['GET', 204, null],
    ['GET', 304, null],
    ['HEAD', 204, null],
    ['HEAD', 304, null],
  ] as const)('%s with %i has no body and a length of %s', async (method, status, length) => {
    const text = await exchange(head(method, 'status', `/${status}`) + END, '/the-end');
    const [first = '', second = ''] = text.split('\r\n\r\n');
    expect(first).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(first).toContain('x-app: yes');
    expect(second, 'the next response follows at once').toMatch(/^HTTP\/1\.1 200 OK/);
    const lengths = first.match(/content-length: .*/gi);
    expect(lengths).toEqual(length === null ? null : [length]);
    expect(first).not.toMatch(/transfer-encoding/i);
  });

  it('a guest that streams to HEAD sends only the head', async () => {
    const text = await exchange(head('HEAD', 'streams', '/'), '\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
    await new Promise(setImmediate);
    expect(text).toMatch(/\r\n\r\n$/);
  });

  it('problems answer HEAD with the length that GET would have', async () => {
    const get = await exchange(head('GET', 'trap', '/') + END, '/the-end');
    const text = await exchange(head('HEAD', 'trap', '/') + END, '/the-end');
    const length = /content-length: (\d+)/i.exec(text)?.[1];
    expect(length).toBe(/content-length: (\d+)/i.exec(get)?.[1]);
    expect(text.split('\r\n\r\n')[1]).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});

describe('every response', () => {
  it('has one Date and one framing', async () => {
    for (const app of ['uri', 'trap', 'nobody']) {
      const { headers } = await edge.fetch(app);
      expect(typeof headers['date']).toBe('string');
      expect(headers['content-length']).toMatch(/^\d+$/);
    }
  });

  it("in the guest's stead is a problem that says the outcome and nothing of the inside", async () => {
    const { status, headers, text } = await edge.fetch('trap', '/secret?token=1');
    expect(status).toBe(500);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(headers['kerb-outcome']).toBe('guest_trap');
    expect(headers['cache-control']).toBe('no-store');
    const problem = JSON.parse(text) as Record<string, unknown>;
    expect(problem).toMatchObject({ status: 500, outcome: 'guest_trap', type: 'about:blank' });
    expect(text).not.toMatch(/unreachable|token|wasm/);
  });
});

describe('routing', () => {
  it.each([
    ['www.example.com', '/', 'exact'],
    ['WWW.EXAMPLE.COM', '/', 'exact'],
    ['www.example.com:8080', '/', 'exact'],
    ['shop.example.com', '/', 'any'],
    ['shop.example.com', '/api', 'any'],
    ['www.example.com', '/api', 'api'],
    ['www.example.com', '/api?q=/api/v2', 'api'],
    ['www.example.com', '/api/', 'api'],
    ['www.example.com', '/apix', 'exact'],
    ['www.example.com', '/api/v2/x', 'deep'],
    ['www.example.com', '/api/v20', 'api'],
  ])('%s%s goes to %s', async (host, path, app) => {
    expect((await edge.fetch(host, path)).text).toBe(app);
  });

  it.each(['example.com', 'a.b.example.com', 'example.org', 'nobody.localhost'])("%s is nobody's", async (host) => {
    const response = await edge.fetch(host);
    expect([response.status, response.headers['kerb-outcome']]).toEqual([404, 'unknown_host']);
  });
});

describe('the access log', () => {
  it('has one line per request with its outcome, status and cost', async () => {
    await edge.fetch('uri', '/logged?x=1');
    const line = await edge.untilLogged((one) => one['target'] === '/logged?x=1');
    expect(line).toMatchObject({
      kind: 'access',
      tenant: 'uri',
      client: '127.0.0.1',
      method: 'GET',
      host: 'uri.localhost',
      status: 200,
      outcome: 'ok',
    });
    expect(line['wall_ms']).toBeGreaterThan(0);
    expect(line['memory_kb']).toBe(256);
  });

  it('says why a request was refused', async () => {
    await exchange(head('BREW', 'uri', '/coffee'), '\r\n\r\n');
    const line = await edge.untilLogged((one) => one['target'] === '/coffee');
    expect(line).toMatchObject({ tenant: null, outcome: 'bad_request', status: 400 });
    expect(line['detail']).toMatch(/the method is not one of/);
  });
});
