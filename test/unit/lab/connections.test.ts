import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../src/lab/connection.ts';
import { Connections, type Heard, type Passage } from '../../../src/lab/connections.ts';
import { requestText, type Answer } from '../../../src/lab/exchange.ts';
import { MAX_CONNECTIONS, MAX_IDLE_MS } from '../../../src/lab/limits.ts';

const GET = requestText({ method: 'GET', target: '/', host: 'a.localhost' });
const POST = requestText({ method: 'POST', target: '/', host: 'a.localhost', type: 'text/plain', body: 'x' });
const FINE = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine';

const closers: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0)) close();
});

/** What a server does with a request: the how-manieth of all and of its connection, from 1 on. */
type Serving = (socket: Socket, request: number, ofConnection: number) => void;

interface Peer {
  readonly port: number;
  readonly server: Server;
  /** Connections so far. */
  readonly connections: () => number;
  readonly requests: () => number;
}

async function peer(serving: Serving): Promise<Peer> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    let own = 0;
    socket.on('error', () => undefined);
    socket.on('data', () => serving(socket, (requests += 1), (own += 1)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return { port, server, connections: () => sockets.size, requests: () => requests };
}

function pool(port: number, ready: readonly Connection[] = []): Connections {
  const connections = new Connections(port, ready);
  closers.push(() => connections.close());
  return connections;
}

const asked = (connections: Connections, request = GET): Promise<{ answer: Answer | null; passage: Passage }> =>
  new Promise((resolve) => connections.ask(request, (answer, passage) => resolve({ answer, passage })));

const fine: Serving = (socket) => void socket.write(FINE);

/** The port of a server that is gone. */
async function nobody(): Promise<number> {
  const { port, server } = await peer(fine);
  for (const close of closers.splice(0)) close();
  await once(server, 'close');
  return port;
}

describe('Connection', () => {
  it('answers nothing when the server hangs up, and nothing from then on', async () => {
    const { port } = await peer((socket) => socket.destroy());
    const connection = new Connection(port);
    await connection.open();
    const ask = (): Promise<unknown> => new Promise((resolve) => connection.ask(GET, resolve));
    expect(await ask()).toBeNull();
    expect(connection.isOpen).toBe(false);
    expect(await ask()).toBeNull();
  });

  it('breaks off at what is no answer', async () => {
    const { port } = await peer((socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    const connection = new Connection(port);
    await connection.open();
    expect(await new Promise((resolve) => connection.ask(GET, resolve))).toBeNull();
    expect(connection.firstByteMs).toBeGreaterThan(0);
  });

  it('is not opened where nobody listens, nor when it is closed meanwhile', async () => {
    await expect(new Connection(await nobody()).open()).rejects.toThrow('ECONNREFUSED');
    const { port } = await peer(fine);
    const connection = new Connection(port);
    const opened = connection.open();
    connection.close();
    await expect(opened).rejects.toThrow('closed');
  });
});

describe('Connections', () => {
  it('sends one request after the other over the same connection, and says where from and when', async () => {
    const { port, connections } = await peer(fine);
    const asking = pool(port);
    const before = performance.now();
    const [first, second] = [await asked(asking), await asked(asking)];
    expect(first.answer?.body).toBe('fine');
    expect(first.passage.firstByteMs).toBeGreaterThan(before);
    expect(first.passage.from).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(second.passage).toMatchObject({ from: first.passage.from, sent: 'once' });
    expect(connections()).toBe(1);
  });

  it('begins with connections that are ready', async () => {
    const { port, connections } = await peer(fine);
    const ready = new Connection(port);
    await ready.open();
    expect((await asked(pool(port, [ready]))).passage.from).toBe(ready.from);
    expect(connections()).toBe(1);
  });

  it('gives up what has been idle for so long that the server may be closing it', async () => {
    const { port } = await peer(fine);
    const asking = pool(port);
    const now = vi.spyOn(performance, 'now');
    const { from } = (await asked(asking)).passage;
    const later = performance.now() + MAX_IDLE_MS - 100;
    now.mockImplementation(() => later);
    expect((await asked(asking)).passage.from).toBe(from);
    now.mockImplementation(() => later + MAX_IDLE_MS);
    const { answer, passage } = await asked(asking);
    expect(answer?.body).toBe('fine');
    expect(passage.from).not.toBe(from);
    expect(passage.sent).toBe('once');
  });

  it('repeats an idempotent request whose kept connection is closed before any byte came', async () => {
    const { port, requests } = await peer((socket, _, own) => (own === 1 ? socket.write(FINE) : socket.destroy()));
    const asking = pool(port);
    const first = await asked(asking);
    const second = await asked(asking);
    expect(second.answer?.body).toBe('fine');
    expect(second.passage.sent).toBe('repeated');
    expect(second.passage.from).not.toBe(first.passage.from);
    expect(requests()).toBe(3);
  });

  it('repeats none that is not idempotent, and none over a new connection', async () => {
    const { port, requests } = await peer((socket, _, own) => (own === 1 ? socket.write(FINE) : socket.destroy()));
    const asking = pool(port);
    await asked(asking);
    expect(await asked(asking, POST)).toMatchObject({ answer: null, passage: { sent: 'once' } });
    expect(requests()).toBe(2);
    const broken = await peer((socket) => socket.destroy());
    expect(await asked(pool(broken.port))).toMatchObject({ answer: null, passage: { sent: 'once' } });
    expect(broken.requests()).toBe(1);
  });

  it('repeats none of whose answer a byte has come', async () => {
    const { port, requests } = await peer((socket, _, own) => void (own === 1 ? socket.write(FINE) : socket.end('H')));
    const asking = pool(port);
    await asked(asking);
    expect(await asked(asking)).toMatchObject({ answer: null, passage: { sent: 'once' } });
    expect(requests()).toBe(2);
  });

  it('repeats once, and then it is lost', async () => {
    const { port, requests } = await peer((socket, all) => (all === 1 ? socket.write(FINE) : socket.destroy()));
    const asking = pool(port);
    await asked(asking);
    expect(await asked(asking)).toMatchObject({ answer: null, passage: { sent: 'repeated' } });
    expect(requests()).toBe(3);
  });

  it('tells everybody who waits when no connection can be opened', async () => {
    const asking = pool(await nobody());
    const all = await Promise.all(Array.from({ length: MAX_CONNECTIONS + 50 }, () => asked(asking)));
    expect(all.every(({ answer, passage }) => answer === null && passage.from === '')).toBe(true);
  });

  it('leaves nobody waiting for a place on connections that break', async () => {
    const held: Socket[] = [];
    const { port } = await peer((socket, request) => {
      held.push(socket);
      if (request === MAX_CONNECTIONS) for (const one of held.splice(0)) one.destroy();
      else if (request > MAX_CONNECTIONS) socket.write(FINE);
    });
    const asking = pool(port);
    const all = await Promise.all(Array.from({ length: MAX_CONNECTIONS + 50 }, () => asked(asking)));
    expect(all.filter(({ answer }) => answer === null)).toHaveLength(MAX_CONNECTIONS);
    expect(all.filter(({ answer }) => answer !== null)).toHaveLength(50);
  });

  it('tells nobody anything once it is closed', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<Socket>();
    const { port } = await peer(resolve);
    const asking = pool(port);
    const heard = vi.fn<Heard>();
    asking.ask(GET, heard);
    const socket = await reached;
    asking.close();
    if (!socket.closed) await once(socket, 'close');
    const { port: other } = await peer(fine);
    await asked(pool(other)); // A round trip: by now the near end is closed too.
    expect(heard).not.toHaveBeenCalled();
  });
});
