import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AddressPolicy } from '../../../src/upstream/address-policy.ts';
import { CIRCUIT_FAILURES } from '../../../src/upstream/limits.ts';
import { backendAt, errorOf, requestOf, serveHttp, serveSocket, serveText, textOf } from './origin.ts';

/** A listener on loopback that must not be reached: its port, and how often it was. */
async function forbidden(): Promise<{ port: number; reached: () => number }> {
  let connections = 0;
  const url = await serveSocket((socket) => {
    connections += 1;
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret');
  });
  return { port: Number(new URL(url).port), reached: () => connections };
}

describe('server-side request forgery: no spelling reaches loopback', () => {
  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '127.0.0.1.',
    '１２７.0.0.1',
    '127。0。0。1',
    '127.0.0.2',
    '0',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[2002:7f00:1::]',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'ⓛocalhost',
    'anything.localhost',
  ])('%s', async (host) => {
    const { port, reached } = await forbidden();
    const backend = backendAt(`http://${host}:${port}/`, { policy: new AddressPolicy() });
    expect((await errorOf(backend.fetch(requestOf()))).fault).toBe('refused_address');
    expect(reached()).toBe(0);
  });

  test('a name that resolves to loopback', async () => {
    const { port, reached } = await forbidden();
    const lookup = async (): Promise<string[]> => Promise.resolve(['127.0.0.1']);
    const backend = backendAt(`http://evil.example:${port}/`, { policy: new AddressPolicy(), lookup });
    expect((await errorOf(backend.fetch(requestOf()))).fault).toBe('refused_address');
    expect(reached()).toBe(0);
  });

  test('DNS rebinding: a name that is public first and loopback afterwards is asked once', async () => {
    const { port, reached } = await forbidden();
    let asked = 0;
    const lookup = async (): Promise<string[]> => Promise.resolve(asked++ === 0 ? ['240.0.0.1'] : ['127.0.0.1']);
    const policy = new AddressPolicy({ allow: ['240.0.0.1'] });
    const backend = backendAt(`http://evil.example:${port}/`, { policy, lookup, connectTimeoutMs: 100 });
    await errorOf(backend.fetch(requestOf()));
    expect([asked, reached()]).toEqual([1, 0]);
  });

  test('an own listener, although loopback is allowed, by address and by name', async () => {
    const { port, reached } = await forbidden();
    const policy = new AddressPolicy({ allow: ['127.0.0.0/8'], neverReach: [{ address: '127.0.0.1', port }] });
    for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', 'control.localhost']) {
      const backend = backendAt(`http://${host}:${port}/`, { policy });
      expect((await errorOf(backend.fetch(requestOf()))).fault).toBe('refused_address');
    }
    expect(reached()).toBe(0);
  });
});

describe('what is allowed is reached', () => {
  test.each(['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', 'localhost', 'site.localhost'])(
    '%s, and Host says so',
    async (host) => {
      const { port } = new URL(await serveHttp((request, response) => response.end(request.headers.host)));
      const url = `http://${host}:${port}/`;
      expect(await textOf((await backendAt(url).fetch(requestOf())).body)).toBe(new URL(url).host);
    },
  );

  test('a name, at the address that was checked', async () => {
    const { port } = new URL(await serveHttp((request, response) => response.end(request.headers.host)));
    const lookup = async (): Promise<string[]> => Promise.resolve(['10.0.0.1', '127.0.0.1']);
    const { body } = await backendAt(`http://app.example:${port}/`, { lookup }).fetch(requestOf());
    expect(await textOf(body)).toBe(`app.example:${port}`);
  });

  test('a port on which nothing listens is a failed connection', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await expect.poll(() => server.listening).toBe(true);
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error = await errorOf(backendAt(`http://127.0.0.1:${port}`).fetch(requestOf()));
    expect(error).toMatchObject({ fault: 'connect', message: expect.stringContaining('ECONNREFUSED') as unknown });
  });
});

/** An account with room for so many connections. */
class Account {
  taken = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  take(): boolean {
    if (this.taken >= this.#most) return false;
    this.taken += 1;
    return true;
  }

  give(): void {
    this.taken -= 1;
  }
}

describe('the account of connections', () => {
  test('has each from before it is made until it is closed', async () => {
    const sockets = new Account(5);
    const url = await serveText('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'stay');
    const backend = backendAt(url, { sockets });
    await textOf((await backend.fetch(requestOf())).body);
    expect(sockets.taken).toBe(1);
    await backend.close();
    await expect.poll(() => sockets.taken).toBe(0);
  });

  test('refuses more, without a connection, and the backend is asked again when there is room', async () => {
    const sockets = new Account(0);
    const { port, reached } = await forbidden();
    const backend = backendAt(`http://127.0.0.1:${port}`, { sockets });
    for (let i = 0; i < 2 * CIRCUIT_FAILURES; i++)
      expect((await errorOf(backend.fetch(requestOf()))).fault).toBe('overloaded');
    expect(reached()).toBe(0);
    sockets.taken = -1;
    expect((await backend.fetch(requestOf())).status).toBe(200);
  });

  test('gets back what could not be connected, and pays nothing for a refused address', async () => {
    const sockets = new Account(5);
    const slow = backendAt('http://slow.example', {
      sockets,
      connectTimeoutMs: 50,
      lookup: () => new Promise(() => {}),
    });
    const failing = slow.fetch(requestOf());
    await expect.poll(() => sockets.taken).toBe(1);
    expect((await errorOf(failing)).fault).toBe('timeout');
    await errorOf(backendAt('http://127.0.0.1:1', { sockets }).fetch(requestOf()));
    await errorOf(backendAt('http://10.0.0.1', { sockets, policy: new AddressPolicy() }).fetch(requestOf()));
    const lookup = (): Promise<string[]> => Promise.resolve(['10.0.0.1']);
    await errorOf(backendAt('http://in.example', { sockets, lookup }).fetch(requestOf()));
    expect(sockets.taken).toBe(0);
  });
});

describe('TLS', () => {
  test('asks for the name, not for the address', async () => {
    const { promise: hello, resolve } = Promise.withResolvers<Buffer>();
    const { port } = new URL(
      await serveSocket((socket) => {
        socket.once('data', (bytes) => {
          resolve(Buffer.from(bytes));
          socket.end();
        });
      }),
    );
    const lookup = async (): Promise<string[]> => Promise.resolve(['127.0.0.1']);
    const error = await errorOf(backendAt(`https://secure.example:${port}/`, { lookup }).fetch(requestOf()));
    expect(error.fault).toBe('connect');
    expect((await hello).includes('secure.example')).toBe(true);
    expect((await hello)[0]).toBe(0x16);
  });

  test('is subject to the policy too', async () => {
    const { port, reached } = await forbidden();
    const backend = backendAt(`https://127.0.0.1:${port}/`, { policy: new AddressPolicy() });
    onTestFinished(() => backend.close());
    expect((await errorOf(backend.fetch(requestOf()))).fault).toBe('refused_address');
    expect(reached()).toBe(0);
  });
});
