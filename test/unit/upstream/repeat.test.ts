import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BackendError } from '../../../src/capability/backend.ts';
import { BytesSource, type BodySource } from '../../../src/http/body.ts';
import { ABANDONED_MS, CIRCUIT_FAILURES, CIRCUIT_REST_MS } from '../../../src/upstream/limits.ts';
import { mayRepeat } from '../../../src/upstream/repeat.ts';
import type { UndiciBackend } from '../../../src/upstream/undici-backend.ts';
import { backendAt, errorOf, requestOf, serveHttp, serveSocket, textOf } from './origin.ts';

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

/** A port on which nothing listens until `open`. */
async function closedPort(): Promise<{ url: string; open: () => Promise<void> }> {
  const server = createServer((socket) =>
    socket.on('error', () => socket.destroy()).on('data', () => socket.write(OK)),
  );
  const listen = async (port: number): Promise<number> => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  await new Promise((resolve) => server.close(resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${port}`, open: async () => void (await listen(port)) };
}

describe('a backend that is down', () => {
  it('is left alone after so many failures, and found again when it is back', async () => {
    let now = 0;
    const { url, open } = await closedPort();
    const backend = backendAt(url, { clock: () => now });
    for (let i = 0; i < CIRCUIT_FAILURES; i++)
      expect((await errorOf(backend.fetch(requestOf({ method: 'POST' })))).fault).toBe('connect');
    const body = new BytesSource(Buffer.from('x'));
    expect((await errorOf(backend.fetch(requestOf({ method: 'POST', body })))).fault).toBe('resting');
    expect(body.read(1)).toBeNull();
    await open();
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

  it('is not taken for one by requests that make it drop their own connection', async () => {
    const { url } = await flaky(Array.from({ length: 2 * CIRCUIT_FAILURES }, () => DIES));
    const backend = backendAt(url);
    for (let i = 0; i < 2 * CIRCUIT_FAILURES; i++)
      expect((await errorOf(backend.fetch(requestOf({ method: 'POST' })))).fault).toBe('connect');
    expect((await backend.fetch(requestOf())).status).toBe(200);
  });

  it.each([
    ['EMFILE', 'of descriptors'],
    ['EADDRNOTAVAIL', 'of local ports'],
  ])('is not taken for one by our own want (%s: %s)', async (code) => {
    let want = true;
    const { port } = new URL((await flaky([])).url);
    const lookup = (): Promise<string[]> =>
      want ? Promise.reject(Object.assign(new Error('ours'), { code })) : Promise.resolve(['127.0.0.1']);
    const backend = backendAt(`http://app.example:${port}`, { lookup });
    for (let i = 0; i < 2 * CIRCUIT_FAILURES; i++)
      expect((await errorOf(backend.fetch(requestOf()))).fault).toBe('overloaded');
    want = false;
    expect((await backend.fetch(requestOf())).status).toBe(200);
  });
});

describe('a backend that hangs', () => {
  /** A backend that reads and says nothing, and how to send it a request that is given up after so long. */
  async function hanging(): Promise<{
    backend: UndiciBackend;
    leaveAfter: (ms: number, body?: BodySource) => Promise<string>;
  }> {
    let [now, asked] = [0, 0];
    const url = await serveSocket((socket) => socket.on('data', () => (asked += 1)));
    const backend = backendAt(url, { clock: () => now });
    const leaveAfter = async (ms: number, body: BodySource | null = null): Promise<string> => {
      const [before, leaving] = [asked, new AbortController()];
      const pending = errorOf(backend.fetch(requestOf({ method: 'POST', body, signal: leaving.signal })));
      await expect.poll(() => asked).toBeGreaterThan(before);
      now += ms;
      leaving.abort();
      return (await pending).fault;
    };
    return { backend, leaveAfter };
  }

  it('is left alone although every client leaves before its time is up', async () => {
    const { backend, leaveAfter } = await hanging();
    for (let i = 0; i < CIRCUIT_FAILURES; i++) expect(await leaveAfter(ABANDONED_MS)).toBe('aborted');
    expect((await errorOf(backend.fetch(requestOf()))).fault).toBe('resting');
  });

  it('on one target is not left alone while it answers others: one client would keep it from all', async () => {
    let [now, hung] = [0, 0];
    const url = await serveHttp((request, response) => {
      if (request.url === '/hangs') hung += 1;
      else response.end();
    });
    const backend = backendAt(url, { clock: () => now });
    const leaving = new AbortController();
    const { signal } = leaving;
    const waiting = Array.from({ length: 2 * CIRCUIT_FAILURES }, () =>
      errorOf(backend.fetch(requestOf({ target: '/hangs', signal }))),
    );
    await expect.poll(() => hung).toBe(waiting.length);
    now += 1;
    expect((await backend.fetch(requestOf())).status).toBe(200);
    now += ABANDONED_MS;
    leaving.abort();
    for (const fault of await Promise.all(waiting)) expect(fault.fault).toBe('aborted');
    expect((await backend.fetch(requestOf())).status).toBe(200);
  });

  it('is not told from one that is asked by clients who leave at once', async () => {
    const { leaveAfter } = await hanging();
    for (let i = 0; i < 2 * CIRCUIT_FAILURES; i++) expect(await leaveAfter(ABANDONED_MS - 1)).toBe('aborted');
    expect(await leaveAfter(0)).toBe('aborted');
  });

  it('is not told from one that still waits for a client’s body', async () => {
    const { leaveAfter } = await hanging();
    for (let i = 0; i < 2 * CIRCUIT_FAILURES; i++) {
      const given = [Buffer.from('x')];
      const slow = { read: () => given.pop() ?? new Promise<null>(() => {}), cancel: () => {} };
      expect(await leaveAfter(ABANDONED_MS, slow)).toBe('aborted');
    }
    expect(await leaveAfter(0)).toBe('aborted');
  });
});
