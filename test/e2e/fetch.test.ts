/** Guests that fetch from their backends, over real sockets, with origins that are slow, die, or say nothing. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRNO } from '../../src/abi/kerb/errno.ts';
import { echoBody, guest, KERB_FETCH, RESPONSE, type Text } from '../guests.ts';
import { startEdge, type Edge, type TestApp } from './edge.ts';
import { RawClient } from './raw-client.ts';

let server: Server;
let edge: Edge;
/** Requests that wait for the test, by path. */
const held = new Map<string, ServerResponse>();
/** Paths of requests whose connection was closed before they were answered. */
const givenUp: string[] = [];
const watchers = new Set<() => void>();

/** Settles when `look` says so; asked after each event at the origin. */
async function atOrigin(look: () => boolean): Promise<void> {
  while (!look()) await new Promise<void>((resolve) => watchers.add(resolve));
}

function notify(): void {
  for (const wake of watchers) wake();
  watchers.clear();
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? '/';
  response.on('close', () => {
    if (!response.writableEnded) givenUp.push(url);
    notify();
  });
  const action = url.split(/[/?]/)[2];
  if (action === 'held' || action === 'hang') held.set(url, response);
  if (action === 'dies') return void request.socket.destroy();
  if (action === 'half')
    return void response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
  if (action === 'begins') response.write('beginning ');
  notify();
  if (action === 'held' || action === 'hang' || action === 'begins') return;
  let body = '';
  for await (const chunk of request) body += String(chunk);
  response.setHeader('x-length', body.length);
  response.statusCode = action === 'teapot' ? 418 : 200;
  response.end(
    action === 'big' ? 'x'.repeat(3_000_000) : `${request.method} ${url} ${String(request.headers['x-mine'])}`,
  );
}

/** Functions of test guests: `$report` makes a status of an answer, 300 and the errno's size for one that is negative. */
const FIELDS = `
  (func $report (param $n i32) (call $setStatus
    (select (i32.sub (i32.const 300) (local.get $n)) (local.get $n) (i32.lt_s (local.get $n) (i32.const 0)))))
  (func $copy (param $handle i32) (local $n i32)
    (loop $more
      (local.set $n (call $take (local.get $handle) (i32.const 8192) (i32.const 8192)))
      (if (i32.gt_s (local.get $n) (i32.const 0)) (then
        (call $write ${RESPONSE} (i32.const 8192) (local.get $n)) (br $more)))
      (if (i32.lt_s (local.get $n) (i32.const 0)) (then (call $report (local.get $n))))))`;

function app(handle: (text: Text) => string, manifest = ''): TestApp {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
  return {
    module: guest((text) => ({ imports: KERB_FETCH, fields: FIELDS, handle: `${handle(text)} (i64.const 0)` })),
    manifest: `${manifest}\n[backends.main]\nurl = "${url}"\n[backends.down]\nurl = "http://127.0.0.1:9"`,
  };
}

/** Begins a GET of the request's own path, into `$n`. */
const begin = (text: Text, backend = 'main', method = 'GET'): string => `
  (local.set $n (call $fetch ${text(backend)} ${text(method)} (i32.const 0) (call $uri (i32.const 0) (i32.const 4096))))`;

const FOREVER = '(i32.const -1)';
const WAIT = `(local.set $i (call $wait (call $send (local.get $n)) ${FOREVER}))`;

const PASSES = (text: Text): string => `${begin(text)}
  (drop (call $field (local.get $n) ${text('x-mine')} ${text('yes')}))
  ${WAIT} (call $report (local.get $i))
  (if (i32.gt_s (local.get $i) (i32.const 0)) (then (call $copy (local.get $n))))`;

/** Eight fetches, whose tickets lie from 16384 on. */
const START_EIGHT = (text: Text): string => `(local.set $i (i32.const 0))
  (loop $next
    (i32.store (i32.add (i32.const 16384) (i32.mul (local.get $i) (i32.const 4)))
      (call $send (call $fetch ${text('main')} ${text('GET')} ${text('/held')})))
    (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))`;

beforeAll(async () => {
  server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  edge = await startEdge({
    // Each fetch is to reach the origin, and to leave it with whoever made it.
    flags: ['--allow-backend', '127.0.0.0/8', '--cache', '0'],
    apps: {
      passes: app(PASSES),
      down: app((text) => `${begin(text, 'down')} ${WAIT} (call $report (local.get $i))`),
      ungranted: app((text) => `${begin(text, 'nobody')} (call $report (local.get $n))`),
      posts: app(
        (text) => `${begin(text, 'main', 'POST')}
          (loop $more
            (local.set $l (call $read (i32.const 0) (i32.const 8192) (i32.const 8192)))
            (drop (call $content (local.get $n) (i32.const 8192) (i32.wrap_i64 (local.get $l))))
            (br_if $more (i64.eqz (i64.shr_u (local.get $l) (i64.const 32)))))
          ${WAIT} (call $report (local.get $i))
          (call $write ${RESPONSE} (i32.const 64) (call $value (local.get $n) ${text('x-length')} (i32.const 64) (i32.const 64)))`,
      ),
      responds: app(
        (text) => `${begin(text)} ${WAIT}
          (local.set $j (call $respond (local.get $n))) (if (local.get $j) (then (call $report (local.get $j))))
          (call $set ${RESPONSE} ${text('x-guest')} ${text('yes')})`,
      ),
      impatient: app((text) => `${begin(text)} (call $report (call $wait (call $send (local.get $n)) (i32.const 30)))`),
      eight: app(
        (text) => `${START_EIGHT(text)}
          (local.set $i (call $waitAny (i32.const 16384) (i32.const 8) ${FOREVER}))
          (call $report (call $wait (i32.load (i32.add (i32.const 16384) (i32.mul (local.get $i) (i32.const 4)))) (i32.const 0)))`,
      ),
      frugal: app(
        (text) =>
          `${begin(text)} (drop (call $send (local.get $n))) ${begin(text)} ${WAIT} (call $report (local.get $i))`,
        '[limits]\nsubrequests = 1',
      ),
      thrifty: app(
        (text) =>
          `${begin(text)} (local.set $j (local.get $n)) (i32.store (i32.const 16384) (call $send (local.get $j)))
          ${begin(text)} ${WAIT} (call $report (local.get $i))
          (drop (call $wait (i32.load (i32.const 16384)) ${FOREVER})) (call $copy (local.get $j))`,
        '[limits]\nsubrequests = 1',
      ),
      overdue: app((text) => `${begin(text)} ${WAIT}`, '[limits]\nwall_ms = 200'),
      'overdue-read': app((text) => `${begin(text)} ${WAIT} (call $copy (local.get $n))`, '[limits]\nwall_ms = 200'),
      traps: app((text) => `${begin(text)} (drop (call $send (local.get $n))) ${echoBody(100)} unreachable`),
      forgets: app((text) => `${begin(text)} (drop (call $send (local.get $n))) ${echoBody(100)}`),
      nothing: { module: guest((text) => ({ imports: KERB_FETCH, handle: `${begin(text)} (i64.const 0)` })) },
    },
  });
});

afterAll(async () => {
  await edge.stop();
  server.closeAllConnections();
  server.close();
});

/** The status that `$report` makes of an errno. */
const failed = (errno: keyof typeof ERRNO): number => 300 - ERRNO[errno];

describe('a fetch', () => {
  it('reaches the backend below its base path, and its answer comes back', async () => {
    const { status, text } = await edge.fetch('passes', '/teapot?a=b');
    expect([status, text]).toEqual([418, 'GET /base/teapot?a=b yes']);
  });

  it('of a large answer gets all of it, in pieces', async () => {
    const { status, body } = await edge.fetch('passes', '/big');
    expect([status, body.length]).toEqual([200, 3_000_000]);
  });

  it('sends a body of any size with its length', async () => {
    for (const size of [0, 1, 300_000]) {
      const { status, text } = await edge.fetch('posts', '/x', { method: 'POST', body: 'y'.repeat(size) });
      expect([status, text]).toEqual([200, `${size}\0`]);
    }
  });

  it('of a backend that is not granted is refused', async () => {
    expect((await edge.fetch('ungranted')).status).toBe(failed('not_granted'));
  });

  it('of a backend that is down says so, and the tenant’s log says why', async () => {
    expect((await edge.fetch('down')).status).toBe(failed('unreachable'));
    const line = await edge.untilLogged((one) => one['tenant'] === 'down' && one.kind === 'guest');
    expect(line['message']).toMatch(/^kerb_fetch: 127\.0\.0\.1:9: .*ECONNREFUSED/);
  });

  it('of an origin that dies is tried once more, and fails as unreachable', async () => {
    let dying = 0;
    server.on('request', ({ url }) => (dying += url === '/base/dies' ? 1 : 0));
    const { status } = await edge.fetch('passes', '/dies');
    expect([status, dying]).toEqual([failed('unreachable'), 2]);
  });

  it('of an answer that breaks off says so after what came', async () => {
    const { status, text } = await edge.fetch('passes', '/half');
    expect([status, text]).toEqual([failed('broken'), 'half']);
  });

  it('beyond the budget fails alone', async () => {
    const { status, text } = await edge.fetch('thrifty', '/first');
    expect([status, text]).toEqual([failed('budget'), 'GET /base/first undefined']);
  });

  it('waits no longer than it is told', async () => {
    expect((await edge.fetch('impatient', '/hang/impatient')).status).toBe(failed('timeout'));
    await atOrigin(() => givenUp.includes('/base/hang/impatient'));
  });
});

describe('eight at once', () => {
  it('are all under way before the first one is waited for, and the first answer ends the wait', async () => {
    const seen: ServerResponse[] = [];
    server.on('request', (_, response) => seen.push(response));
    const answering = edge.fetch('eight');
    await atOrigin(() => seen.length === 8);
    seen[5]?.writeHead(226).end();
    expect((await answering).status).toBe(226);
    server.removeAllListeners('request').on('request', (request, response) => {
      answer(request, response).catch(() => response.destroy());
    });
    await atOrigin(() => givenUp.filter((url) => url === '/base/held').length === 7);
  });
});

describe('respond', () => {
  it('carries the answer to the client, and the guest is done before it is', async () => {
    const client = await RawClient.open(edge);
    client.get('responds.localhost', '/begins/relay');
    const head = await client.until((text) => text.includes('beginning '));
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(head.toLowerCase()).toContain('x-guest: yes');
    client.leave();
    await atOrigin(() => givenUp.includes('/base/begins/relay'));
    expect((await edge.untilLogged((line) => line['target'] === '/begins/relay'))['outcome']).toBe('client_closed');
  });

  it('of a large answer costs the guest no memory', async () => {
    const { status, body, headers } = await edge.fetch('responds', '/big');
    expect([status, body.length, headers['x-guest']]).toEqual([200, 3_000_000, 'yes']);
  });

  it('of an answer that breaks off is cut for the client too', async () => {
    await expect(edge.fetch('responds', '/half')).rejects.toThrow(/./);
    expect(
      (await edge.untilLogged((line) => line['target'] === '/half' && line['tenant'] === 'responds'))['outcome'],
    ).toBe('backend_error');
  });
});

describe('whatever is open is given up', () => {
  it('when the request takes too long, in a wait', async () => {
    const { headers } = await edge.fetch('overdue', '/hang/overdue');
    expect(headers['kerb-outcome']).toBe('wall_limit');
    await atOrigin(() => givenUp.includes('/base/hang/overdue'));
  });

  it('when the request takes too long, in a read', async () => {
    const { headers } = await edge.fetch('overdue-read', '/begins/overdue');
    expect(headers['kerb-outcome']).toBe('wall_limit');
    await atOrigin(() => givenUp.includes('/base/begins/overdue'));
  });

  it('when the client leaves', async () => {
    const client = await RawClient.open(edge);
    client.get('passes.localhost', '/hang/left');
    await atOrigin(() => held.has('/base/hang/left'));
    client.leave();
    await atOrigin(() => givenUp.includes('/base/hang/left'));
    expect((await edge.untilLogged((line) => line['target'] === '/hang/left'))['outcome']).toBe('client_closed');
  });

  it.each(['traps', 'forgets'])('when the guest %s', async (name) => {
    const path = `/hang/${name}`;
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x');
      await atOrigin(() => held.has(`/base${path}`));
    }
    const { status } = await edge.fetch(name, path, { method: 'POST', body: body() });
    expect(status).toBe(name === 'traps' ? 500 : 200);
    await atOrigin(() => givenUp.includes(`/base${path}`));
  });

  it('and after many requests nothing is left: no connection and no request', async () => {
    const connections = (): Promise<number> =>
      new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
    const ended = (): number => givenUp.filter((url) => url === '/base/hang/many').length;
    await Promise.all(Array.from({ length: 40 }, () => edge.fetch('impatient', '/hang/many')));
    await atOrigin(() => ended() === 40);
    expect((await edge.fetch('passes', '/ok')).status).toBe(200);
    expect(await connections()).toBeLessThan(20);
    expect(await edge.inFlight('impatient')).toBe(0);
  });

  it('and nothing of it stays on the account', async () => {
    const requests = 40;
    for (let i = 0; i < requests; i++) await edge.fetch('frugal', '/hang/account');
    // Three pages for each fetch would be 15 MiB by now; an idle instance has four.
    expect(await edge.metric('kerb_memory_bytes{tenant="frugal"}')).toBeLessThan(requests * 65_536);
  });
});

describe('a module that imports kerb_fetch', () => {
  it('is refused at deploy when its manifest grants no backend, with every import named', async () => {
    await edge.untilSaid(/import kerb_fetch\.request is not granted; add \[backends/);
    await edge.untilSaid(/import kerb_fetch\.close is not granted/);
    expect((await edge.fetch('nothing')).status).toBe(404);
  });
});
