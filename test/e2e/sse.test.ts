/** Server-sent events: each one arrives before the next is sent, whoever is in between. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { guest, KERB_FETCH, PASS_GUEST, RESPONSE } from '../guests.ts';
import { startEdge, type Edge } from './edge.ts';
import { RawClient } from './raw-client.ts';

const MIB = 1024 * 1024;

let server: Server;
let edge: Edge;
let waiting: ((stream: ServerResponse) => void) | null = null;

/** The stream that the next request to the origin opens. */
function nextStream(): Promise<ServerResponse> {
  return new Promise((resolve) => {
    waiting = resolve;
  });
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.url !== '/events') return void response.end('an ordinary page');
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  waiting?.(response);
}

/** Asks the origin for its events; `then` goes on with the answer in `$i`. */
function fetching(then: string): Uint8Array {
  return guest((text) => ({
    imports: KERB_FETCH,
    handle: `(local.set $i (call $fetch ${text('main')} ${text('GET')} ${text('/events')}))
      (drop (call $wait (call $send (local.get $i)) (i32.const 5000)))
      (call $set ${RESPONSE} ${text('content-type')} ${text('text/event-stream')})
      ${then} (i64.const 0)`,
  }));
}

/** Copies what comes, as it comes. */
const COPYING = fetching(`(block $end (loop $more
  (br_if $end (i32.le_s (local.tee $n (call $take (local.get $i) (i32.const 0) (i32.const 4096))) (i32.const 0)))
  (call $write ${RESPONSE} (i32.const 0) (local.get $n))
  (br $more)))`);

beforeAll(async () => {
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const manifest = `origin = "main"\n[backends.main]\nurl = "${url}"`;
  const looks = guest((text) => ({ handle: '(i64.const 1)', response: `(call $log (i32.const 0) ${text('seen')})` }));
  edge = await startEdge({
    flags: ['--allow-backend', '127.0.0.0/8'],
    apps: {
      passes: { module: PASS_GUEST, manifest },
      looks: { module: looks, manifest },
      copies: { module: COPYING, manifest },
      responds: { module: fetching('(drop (call $respond (local.get $i)))'), manifest },
    },
  });
});

afterEach(() => server.closeAllConnections());
afterAll(async () => {
  await edge.stop();
  server.close();
});

const APPS = ['passes', 'looks', 'copies', 'responds'] as const;

async function opened(app: string): Promise<{ client: RawClient; stream: ServerResponse }> {
  const opening = nextStream();
  const client = await RawClient.open(edge);
  client.get(`${app}.localhost`, '/events');
  return { client, stream: await opening };
}

describe.each(APPS)('through a guest that %s', (app) => {
  it('each event arrives before the next one is sent', async () => {
    const { client, stream } = await opened(app);
    for (let number = 0; number < 20; number += 1) {
      stream.write(`id: ${number}\ndata: event ${number}\n\n`);
      await client.until((all) => all.includes(`data: event ${number}\n\n`));
    }
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(client.received).toMatch(/\r\ncontent-type: text\/event-stream\r\n/i);
    stream.end();
    await client.until((all) => all.endsWith('\r\n0\r\n\r\n'));
    client.leave();
  });

  it('a client that leaves closes the connection to the origin', async () => {
    const { client, stream } = await opened(app);
    stream.write('data: one\n\n');
    await client.until((all) => all.includes('data: one\n\n'));
    const began = performance.now();
    client.leave();
    if (!stream.destroyed) await once(stream, 'close');
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('a client that does not read makes the origin wait, not the edge remember', async () => {
    const opening = nextStream();
    const socket = connect({ port: edge.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.pause();
    socket.write(`GET /events HTTP/1.1\r\nHost: ${app}.localhost\r\n\r\n`);
    const stream = await opening;
    const before = await edge.metric('kerb_resident_bytes');
    const event = `data: ${'x'.repeat(65_536 - 8)}\n\n`;
    for (let number = 0; number < 1_024; number += 1) stream.write(event);
    let left = Number.POSITIVE_INFINITY;
    while (stream.writableLength < left) {
      left = stream.writableLength;
      for (let turn = 0; turn < 20; turn += 1) await edge.fetch('passes');
    }
    expect(left).toBeGreaterThan(32 * MIB);
    expect((await edge.metric('kerb_resident_bytes')) - before).toBeLessThan(24 * MIB);
    socket.destroy();
    if (!stream.destroyed) await once(stream, 'close');
  });
});
