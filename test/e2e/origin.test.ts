/** Middleware in front of a real origin: what goes out, what comes back, and what happens when nothing does. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guest, PASS_GUEST, REQUEST, RESPONSE, type GuestCode, type Text } from '../guests.ts';
import { startEdge, type Edge, type TestApp } from './edge.ts';
import { RawClient } from './raw-client.ts';

/** What the origin was asked. */
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const asked: Asked[] = [];
let server: Server;
let edge: Edge;

/** The answers of the origin, by path. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split('?')[0] ?? '/';
  if (path === '/base/hangs') return;
  let body = '';
  for await (const chunk of request) body += String(chunk);
  asked.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
  response.setHeader('X-Origin', 'yes');
  response.setHeader('Set-Cookie', ['o=1', 'p=2']);
  if (path === '/base/hop')
    response.writeHead(200, { 'Keep-Alive': 'timeout=9', Connection: 'x-private', 'X-Private': 'p' });
  if (path === '/base/empty') response.writeHead(304, { etag: '"e"' });
  if (path === '/base/cut')
    return void response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
  if (path === '/base/stream') return stream(response);
  response.end(request.method === 'HEAD' || path === '/base/empty' ? '' : `origin got ${body.length}`);
}

/** Sends a part, waits for somebody to let the rest go, and sends that. */
let letGo: () => void = () => {};
function stream(response: ServerResponse): void {
  response.write('first part,');
  letGo = () => response.end('last part');
  response.on('close', () => streamClosed?.());
}
let streamClosed: (() => void) | null = null;

function app(code: (text: Text) => GuestCode, url = origin()): TestApp {
  return { module: guest(code), manifest: manifestFor(url) };
}

function manifestFor(url: string): string {
  return `origin = "main"\n[backends.main]\nurl = "${url}"`;
}

function origin(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
}

/** Enables features in `handle_request` and goes on. */
function enable(bits: number): string {
  return `(drop (call $features (i32.const ${bits})))`;
}

/** Puts the context and the error bit of `handle_response` into the log. */
const NOTE_RESPONSE = (text: Text): string => `
  (if (local.get $isError) (then (call $log (i32.const 0) ${text('handle_response: error')})))
  (if (i32.eq (local.get $context) (i32.const 77)) (then (call $log (i32.const 0) ${text('handle_response: context 77')})))`;

async function closedPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}

beforeAll(async () => {
  server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const context = `(i64.or (i64.shl (i64.const 77) (i64.const 32)) (i64.const 1))`;
  edge = await startEdge({
    flags: ['--allow-backend', '127.0.0.0/8'],
    apps: {
      pass: { module: PASS_GUEST, manifest: manifestFor(origin()) },
      down: app(
        (text) => ({ handle: context, response: NOTE_RESPONSE(text) }),
        `http://127.0.0.1:${await closedPort()}`,
      ),
      denied: app(() => ({ handle: '(i64.const 1)' }), 'http://10.255.255.1:9'),
      edits: app((text) => ({
        handle: `(call $setMethod ${text('PUT')}) (call $setUri ${text('/changed?by=guest')})
          (call $set ${REQUEST} ${text('X-Added')} ${text('grün')}) (call $remove ${REQUEST} ${text('x-removed')})
          (call $set ${REQUEST} ${text('X-Forwarded-For')} ${text('6.6.6.6')})
          (call $set ${REQUEST} ${text('Content-Length')} ${text('9999')})
          (call $write ${REQUEST} ${text('replaced')}) ${context}`,
        response: NOTE_RESPONSE(text),
      })),
      replay: app(() => ({
        handle: `${enable(1)} (drop (call $read ${REQUEST} (i32.const 0) (i32.const 4))) (i64.const 1)`,
      })),
      consume: app(() => ({ handle: `(drop (call $read ${REQUEST} (i32.const 0) (i32.const 4))) (i64.const 1)` })),
      mixed: app((text) => ({
        handle: `${enable(1)} (call $write ${REQUEST} ${text('new')})
          (drop (call $read ${REQUEST} (i32.const 0) (i32.const 100))) (i64.const 1)`,
      })),
      rewrites: app((text) => ({
        handle: `${enable(2)} (i64.const 1)`,
        response: `(local.set $l (call $read ${RESPONSE} (i32.const 100) (i32.const 4096)))
          (call $setStatus (i32.const 203)) (call $set ${RESPONSE} ${text('x-guest')} ${text('was here')})
          (call $write ${RESPONSE} ${text('[')})
          (call $write ${RESPONSE} (i32.const 100) (i32.wrap_i64 (local.get $l)))
          (call $write ${RESPONSE} ${text(']')})`,
      })),
      merges: app((text) => ({
        handle: `(call $set ${RESPONSE} ${text('x-origin')} ${text('guest')})
          (call $set ${RESPONSE} ${text('x-early')} ${text('kept')})
          (call $add ${RESPONSE} ${text('set-cookie')} ${text('g=3')})
          (call $write ${RESPONSE} ${text('first, ')}) (i64.const 1)`,
      })),
      late: app((text) => ({ handle: '(i64.const 1)', response: `(call $setUri ${text('/late')})` })),
      unbuffered: app(() => ({ handle: '(i64.const 1)', response: '(call $setStatus (i32.const 201))' })),
      traps: app(() => ({ handle: '(i64.const 1)', response: 'unreachable' })),
      swallows: app(() => ({ handle: `${enable(2)} (i64.const 1)`, response: '(call $setStatus (i32.const 204))' })),
    },
  });
});

afterAll(async () => {
  await edge.stop();
  server.closeAllConnections();
  server.close();
});

function lastAsked(): Asked {
  const last = asked.at(-1);
  if (last === undefined) throw new Error('the origin was not asked');
  return last;
}

describe('the request to the origin', () => {
  it("has the client's method, path under the base, fields and body", async () => {
    const { status, text, headers } = await edge.fetch('pass', '/a/b?c=%20d', {
      method: 'POST',
      headers: { 'x-mine': ['1', '2'], accept: 'text/x' },
      body: 'client body',
    });
    expect([status, text]).toEqual([200, 'origin got 11']);
    expect(headers['x-origin']).toBe('yes');
    expect(headers['set-cookie']).toEqual(['o=1', 'p=2']);
    expect(lastAsked()).toMatchObject({ method: 'POST', url: '/base/a/b?c=%20d', body: 'client body' });
    expect(lastAsked().headers).toMatchObject({ 'x-mine': '1, 2', accept: 'text/x', 'content-length': '11' });
  });

  it('says who asks, whatever the client claims, and marks its way', async () => {
    await edge.fetch('pass', '/', {
      headers: { 'x-forwarded-for': '6.6.6.6', 'x-forwarded-host': 'evil', forwarded: 'for=evil' },
    });
    const { headers } = lastAsked();
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(headers['x-forwarded-proto']).toBe('http');
    expect(headers['x-forwarded-host']).toBe('pass.localhost');
    expect(headers['forwarded']).toBe('for=127.0.0.1;host="pass.localhost";proto=http');
    expect(headers['cdn-loop']).toMatch(/kerb/i);
    expect(headers['via']).toMatch(/^1\.1 /);
    expect(headers.host).toBe(origin().slice('http://'.length, -'/base'.length));
  });

  it("has no field of the client's hop", async () => {
    const client = await RawClient.open(edge);
    client.get(
      'pass.localhost',
      '/hop',
      'Connection: keep-alive, X-Nominated\r\nX-Nominated: n\r\nTE: trailers\r\nKeep-Alive: 1\r\nX-Kept: k\r\n',
    );
    await client.until((text) => text.includes('origin got 0'));
    client.leave();
    const { headers } = lastAsked();
    expect(headers).not.toHaveProperty('x-nominated');
    expect(headers).not.toHaveProperty('te');
    expect(headers['keep-alive']).not.toBe('1');
    expect(headers['x-kept']).toBe('k');
  });

  it('that has come round is refused', async () => {
    await edge.fetch('pass');
    const mark = String(lastAsked().headers['cdn-loop']);
    const before = asked.length;
    const response = await edge.fetch('pass', '/', { headers: { 'cdn-loop': Array(20).fill(mark).join(', ') } });
    expect(response.status).toBe(400);
    expect(asked.length).toBe(before);
  });

  it("is the guest's where the guest changed it, but not in what the host answers for", async () => {
    const { status } = await edge.fetch('edits', '/old', {
      method: 'POST',
      body: 'x'.repeat(50_000),
      headers: { 'x-removed': '1' },
    });
    expect(status).toBe(200);
    expect(lastAsked()).toMatchObject({ method: 'PUT', url: '/base/changed?by=guest', body: 'replaced' });
    const { headers } = lastAsked();
    expect(headers['content-length']).toBe('8');
    expect(Buffer.from(String(headers['x-added']), 'latin1').toString()).toBe('grün');
    expect(headers).not.toHaveProperty('x-removed');
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    await edge.untilLogged((line) => line['message'] === 'handle_response: context 77');
    expect(edge.log.some((line) => line['message'] === 'handle_response: error')).toBe(false);
  });

  it.each([
    ['replay', 'the whole body'],
    ['consume', 'whole body'],
    ['mixed', 'new'],
  ])('of %s, whose guest read of the body, has the body %j', async (name, body) => {
    const sent = name === 'consume' ? 'the whole body' : 'the whole body';
    const { status } = await edge.fetch(name, '/', { method: 'POST', body: sent });
    expect(status).toBe(200);
    expect(lastAsked().body).toBe(body);
  });

  it('replays a body of 3 MB that came in many pieces', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 300; i++) yield Buffer.alloc(10_000, String.fromCharCode(97 + (i % 26)));
    }
    const { text } = await edge.fetch('replay', '/', { method: 'POST', body: pieces() });
    expect(text).toBe('origin got 3000000');
    expect(lastAsked().body.slice(0, 10_001)).toBe(`${'a'.repeat(10_000)}b`);
  });
});

describe('the answer of the origin', () => {
  it('loses the fields of its hop', async () => {
    const { headers } = await edge.fetch('pass', '/hop');
    expect(headers['x-origin']).toBe('yes');
    expect(headers).not.toHaveProperty('x-private');
    expect(headers).not.toHaveProperty('keep-alive');
  });

  it('is streamed: its first part arrives before it is complete', async () => {
    const client = await RawClient.open(edge);
    client.get('pass.localhost', '/stream');
    expect(await client.until((text) => text.includes('first part,'))).not.toContain('last part');
    letGo();
    await client.until((text) => text.endsWith('0\r\n\r\n'));
    client.leave();
  });

  it('is given up when the client goes, also while the origin says nothing', async () => {
    const client = await RawClient.open(edge);
    client.get('pass.localhost', '/stream?gone');
    await client.until((text) => text.includes('first part,'));
    const closed = new Promise<void>((resolve) => {
      streamClosed = resolve;
    });
    client.leave();
    await closed;
    expect((await edge.untilLogged((line) => line['target'] === '/stream?gone'))['outcome']).toBe('client_closed');
  });

  it('with a status that has no body stays without', async () => {
    const { status, headers, text } = await edge.fetch('pass', '/empty', { headers: { 'if-none-match': '"e"' } });
    expect([status, headers['etag'], text]).toEqual([304, '"e"', '']);
    expect((await edge.fetch('pass', '/', { method: 'HEAD' })).text).toBe('');
    expect(lastAsked().method).toBe('HEAD');
  });

  it('that breaks off is cut for the client too', async () => {
    await expect(edge.fetch('pass', '/cut')).rejects.toThrow(/./);
    expect((await edge.untilLogged((line) => line['target'] === '/cut'))['outcome']).toBe('backend_error');
  });

  it('is rewritten by a guest that buffers it', async () => {
    const { status, headers, text } = await edge.fetch('rewrites', '/', { method: 'POST', body: 'abc' });
    expect([status, text]).toEqual([203, '[origin got 3]']);
    expect(headers['x-guest']).toBe('was here');
    expect(headers['content-length']).toBe(String(text.length));
  });

  it('follows what the guest wrote before, and its fields win', async () => {
    const { headers, text } = await edge.fetch('merges');
    expect(text).toBe('first, origin got 0');
    expect(headers['x-origin']).toBe('yes');
    expect(headers['x-early']).toBe('kept');
    expect(headers['set-cookie']).toEqual(['o=1', 'p=2', 'g=3']);
  });

  it('whose guest makes it a 204 is sent without its body', async () => {
    const { status, text } = await edge.fetch('swallows');
    expect([status, text]).toEqual([204, '']);
  });
});

describe('an origin that cannot be reached', () => {
  it('is a backend_error, after the guest was told', async () => {
    const { status, headers, text } = await edge.fetch('down');
    expect([status, headers['kerb-outcome']]).toEqual([502, 'backend_error']);
    expect(text).not.toMatch(/127\.0\.0\.1|ECONN/);
    await edge.untilLogged((line) => line.kind === 'access' && line['tenant'] === 'down');
    const messages = edge.log
      .filter((line) => line['tenant'] === 'down' && line.kind === 'guest')
      .map((line) => line['message']);
    expect(messages).toEqual(['handle_response: error', 'handle_response: context 77']);
  });

  it('because the tenant may not reach it, is one too', async () => {
    const { headers } = await edge.fetch('denied');
    expect(headers['kerb-outcome']).toBe('backend_error');
    expect((await edge.untilLogged((line) => line['tenant'] === 'denied'))['detail']).toMatch(/10\.255\.255\.1/);
  });

  it('that never answers is given up with the client', async () => {
    const client = await RawClient.open(edge);
    client.get('pass.localhost', '/hangs');
    await once(server, 'request');
    client.leave();
    expect((await edge.untilLogged((line) => line['target'] === '/hangs'))['outcome']).toBe('client_closed');
  });
});

describe('after "next"', () => {
  it.each(['late', 'unbuffered', 'traps'])('%s ends as guest_trap', async (name) => {
    // More often than the origin has connections: what a failed guest leaves behind goes back.
    for (let i = 0; i < 3; i++) {
      const { status, headers } = await edge.fetch(name, '/');
      expect([status, headers['kerb-outcome']]).toEqual([500, 'guest_trap']);
    }
    const line = await edge.untilLogged((one) => one['tenant'] === name);
    expect(line['detail']).toMatch(/after the next handler|unreachable/);
  });

  it("a guest that traps gives the origin's body up", async () => {
    const closed = new Promise<void>((resolve) => {
      streamClosed = resolve;
    });
    expect((await edge.fetch('traps', '/stream')).status).toBe(500);
    await closed;
  });
});
