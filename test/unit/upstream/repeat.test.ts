import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { BackendError } from '../../../src/capability/backend.ts';
import { BytesSource } from '../../../src/http/body.ts';
import { CIRCUIT_FAILURES, CIRCUIT_REST_MS } from '../../../src/upstream/limits.ts';
import { mayRepeat } from '../../../src/upstream/repeat.ts';
import { backendAt, errorOf, requestOf, serveSocket, textOf } from './origin.ts';

const LOST = new BackendError('connect', 'lost');
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('a request is repeated', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])('when it is a %s that got nothing', (method) => {
    expect(mayRepeat(requestOf({ method }), LOST, true)).toBe(true);
  });

  it.each(['POST', 'PATCH', 'get', 'PURGE'])('but not when it is a %s', (method) => {
    expect(mayRepeat(requestOf({ method }), LOST, true)).toBe(false);
  });

  it('but not when something came back, it has a body, it was given up, or it failed otherwise', () => {
    expect(mayRepeat(requestOf(), LOST, false)).toBe(false);
    expect(mayRepeat(requestOf({ method: 'PUT', body: new BytesSource(Buffer.from('x')) }), LOST, true)).toBe(false);
    expect(mayRepeat(requestOf({ signal: AbortSignal.abort() }), LOST, true)).toBe(false);
    expect(mayRepeat(requestOf(), new BackendError('timeout', 'late'), true)).toBe(false);
  });
});

/** A server that does `first` with the first requests and answers all others; counts requests. */
async function flaky(first: readonly ((socket: Socket) => void)[]): Promise<{ url: string; count: () => number }> {
  let count = 0;
  const url = await serveSocket((socket) =>
    socket.on('data', () => {
      const act = first[count];
      count += 1;
      if (act === undefined) socket.write(OK);
      else act(socket);
    }),
  );
  return { url, count: () => count };
}

const DIES = (socket: Socket): void => void socket.destroy();
const RESETS = (socket: Socket): void => void socket.resetAndDestroy();
const SAYS_HALF = (socket: Socket): void => void socket.end('HTTP/1.1 200 OK\r\nConte');

describe('a connection that dies', () => {
  it.each([
    ['closes', DIES],
    ['is reset', RESETS],
  ])('and %s before a byte costs a GET nothing', async (_, act) => {
    const { url, count } = await flaky([act]);
    const { body } = await backendAt(url).fetch(requestOf());
    expect([await textOf(body), count()]).toEqual(['ok', 2]);
  });

  it('twice fails, after two requests', async () => {
    const { url, count } = await flaky([DIES, DIES, DIES]);
    expect((await errorOf(backendAt(url).fetch(requestOf()))).fault).toBe('connect');
    expect(count()).toBe(2);
  });

  it('fails a POST, which is sent once', async () => {
    const { url, count } = await flaky([DIES]);
    expect((await errorOf(backendAt(url).fetch(requestOf({ method: 'POST' })))).fault).toBe('connect');
    expect(count()).toBe(1);
  });

  it('gives back its places in the backend, however often', async () => {
    const { url } = await flaky(Array.from({ length: 6 }, () => DIES));
    const backend = backendAt(url, { maxConnections: 1, maxWaiting: 1 });
    for (let i = 0; i < 3; i++) await errorOf(backend.fetch(requestOf()));
    expect(await textOf((await backend.fetch(requestOf())).body)).toBe('ok');
  });

  it('after a part of the head fails, whatever the fault is called', async () => {
    const { url } = await flaky([SAYS_HALF, SAYS_HALF]);
    const error = await errorOf(backendAt(url).fetch(requestOf({ method: 'POST' })));
    expect(['connect', 'protocol']).toContain(error.fault);
  });
});

describe('a backend that is down', () => {
  it('is left alone after so many failures, and found again when it is back', async () => {
    let [now, up, connections] = [0, false, 0];
    const url = await serveSocket((socket) => {
      connections += 1;
      socket.on('data', () => (up ? socket.write(OK) : socket.destroy()));
    });
    const backend = backendAt(url, { clock: () => now });
    for (let i = 0; i < CIRCUIT_FAILURES; i++) await errorOf(backend.fetch(requestOf({ method: 'POST' })));
    expect(connections).toBe(CIRCUIT_FAILURES);
    const body = new BytesSource(Buffer.from('x'));
    expect((await errorOf(backend.fetch(requestOf({ method: 'POST', body })))).fault).toBe('resting');
    expect([connections, body.read(1)]).toEqual([CIRCUIT_FAILURES, null]);
    up = true;
    now = CIRCUIT_REST_MS;
    expect((await backend.fetch(requestOf())).status).toBe(200);
    expect((await backend.fetch(requestOf())).status).toBe(200);
  });

  it('is not taken for one by requests that never went out', async () => {
    const { url } = await flaky([]);
    const backend = backendAt(url);
    for (let i = 0; i < 3 * CIRCUIT_FAILURES; i++) {
      await errorOf(backend.fetch(requestOf({ method: 'not a token' })));
      await errorOf(backend.fetch(requestOf({ signal: AbortSignal.abort() })));
    }
    expect((await backend.fetch(requestOf())).status).toBe(200);
  });
});
