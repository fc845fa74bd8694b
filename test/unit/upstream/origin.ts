/** Origins on loopback for the tests of this folder: a node:http server, and a raw socket that says what it is told. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createServer as createSocketServer,
  type AddressInfo,
  type Server as SocketServer,
  type Socket,
} from 'node:net';
import { onTestFinished } from 'vitest';
import { BackendError, type BackendRequest } from '../../../src/capability/backend.ts';
import type { BodySource } from '../../../src/http/body.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { AddressPolicy } from '../../../src/upstream/address-policy.ts';
import { UndiciBackend, type UpstreamOptions } from '../../../src/upstream/undici-backend.ts';

/** A policy under which loopback may be reached. */
export const LOOPBACK_ALLOWED = new AddressPolicy({ allow: ['127.0.0.0/8', '::1'] });

/** A backend that is closed at the end of the test. */
export function backendAt(url: string, options: Partial<UpstreamOptions> = {}): UndiciBackend {
  const backend = new UndiciBackend(url, { policy: LOOPBACK_ALLOWED, ...options });
  onTestFinished(() => backend.close());
  return backend;
}

/** A server that answers with `handler`; the URL to reach it at. */
export async function serveHttp(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(handler))}`;
}

/** A server of bare sockets; the URL to reach it at. */
export async function serveSocket(onSocket: (socket: Socket) => void): Promise<string> {
  const server = createSocketServer((socket) => {
    socket.on('error', () => socket.destroy());
    onTestFinished(() => void socket.destroy());
    onSocket(socket);
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

/** A server that waits for the head of a request and then writes `text`; it closes after it, or waits. */
export function serveText(text: string, then: 'close' | 'stay' = 'close'): Promise<string> {
  return serveSocket((socket) => {
    socket.once('data', () => (then === 'close' ? socket.end(text, 'latin1') : socket.write(text, 'latin1')));
  });
}

async function listen(server: Server | SocketServer): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  onTestFinished(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A GET of `/` but for what is given. */
export function requestOf(parts: Partial<BackendRequest> = {}): BackendRequest {
  const signal = new AbortController().signal;
  return { method: 'GET', target: '/', headers: new HeaderList(), body: null, signal, ...parts };
}

/** Everything that a body gives, as text. */
export async function textOf(body: BodySource, maxBytes = 65_536): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await body.read(maxBytes);
    if (chunk === null) return Buffer.concat(chunks).toString();
    chunks.push(chunk);
  }
}

/** The error that `work` ends in, which must be the port's own. */
export async function errorOf(work: Promise<unknown>): Promise<BackendError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof BackendError)) throw error;
  return error;
}
