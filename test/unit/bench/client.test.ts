import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Client, OpenLoop } from '../../../bench/client.ts';

const closers: (() => void)[] = [];

async function clientOf(listener: RequestListener): Promise<Client> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new Client((server.address() as AddressInfo).port);
  closers.push(() => {
    client.close();
    server.close();
    server.closeAllConnections();
  });
  return client;
}

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe('Client', () => {
  it('sends the Host and reads status and outcome', async () => {
    const hosts: (string | undefined)[] = [];
    const client = await clientOf((request, response) => {
      hosts.push(request.headers.host);
      response.writeHead(503, { 'kerb-outcome': 'cpu_limit' }).end('no');
    });
    expect(await client.get('loop.localhost')).toMatchObject({ status: 503, outcome: 'cpu_limit' });
    expect(hosts).toEqual(['loop.localhost']);
  });

  it('counts the time from when the request was due', async () => {
    const client = await clientOf((_request, response) => void response.end());
    expect((await client.get('a', performance.now() - 1000)).wallMs).toBeGreaterThanOrEqual(1000);
  });

  it('rejects when the server hangs up', async () => {
    const client = await clientOf((request) => request.socket.destroy());
    await expect(client.get('a')).rejects.toThrow('socket hang up');
  });
});

/** Settles when `count` requests have come. */
function counted(count: number): { listener: RequestListener; reached: Promise<void> } {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  let left = count;
  const listener: RequestListener = (request, response) => {
    left -= 1;
    if (left === 0) resolve();
    if (request.headers.host === 'broken') response.writeHead(500);
    response.end();
  };
  return { listener, reached };
}

describe('OpenLoop', () => {
  it('keeps sending while nothing is answered', async () => {
    const waiting: (() => void)[] = [];
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const client = await clientOf((_request, response) => {
      waiting.push(() => void response.end());
      if (waiting.length === 5) resolve();
    });
    const stream = new OpenLoop(client, 'slow', 500);
    await reached;
    const stopped = stream.stop();
    // A request may still be on its way: answer whatever comes from now on.
    const timer = setInterval(() => waiting.splice(0).forEach((answer) => answer()), 1);
    const { latenciesMs, errors } = await stopped;
    clearInterval(timer);
    expect(latenciesMs.length).toBeGreaterThanOrEqual(5);
    expect(errors).toBe(0);
  });

  it('counts answers other than 200 as errors', async () => {
    const { listener, reached } = counted(3);
    const client = await clientOf(listener);
    const stream = new OpenLoop(client, 'broken', 500);
    await reached;
    const { latenciesMs, errors } = await stream.stop();
    expect(errors).toBe(latenciesMs.length);
    expect(errors).toBeGreaterThanOrEqual(3);
  });

  it('counts broken connections as errors', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const client = await clientOf((request) => {
      request.socket.destroy();
      resolve();
    });
    const stream = new OpenLoop(client, 'a', 500);
    await reached;
    expect((await stream.stop()).errors).toBeGreaterThanOrEqual(1);
  });
});
