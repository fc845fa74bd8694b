/**
 * A peer of benchmark `cache`: node:http in front, the cache of undici behind, in memory, no guest. Takes the origin's port. Prints its
 * own.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, cacheStores, interceptors, type Dispatcher } from 'undici';

const [, , originPort = ''] = process.argv;
const origin = `http://127.0.0.1:${originPort}`;
const store = new cacheStores.MemoryCacheStore({ maxSize: 256 << 20, maxEntrySize: 4 << 20, maxCount: 100_000 });
const agent = new Agent({ connections: 64 }).compose(interceptors.cache({ store }));

/** Hands an answer on as it comes. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#response.writeHead(status, Object.fromEntries(Object.entries(headers).filter(([name]) => isEndToEnd(name))));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#response.write(chunk);
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    if (!this.#response.headersSent) this.#response.writeHead(502);
    this.#response.end();
  }
}

function isEndToEnd(name: string): boolean {
  return !['connection', 'keep-alive', 'surrogate-key', 'transfer-encoding'].includes(name);
}

const server = createServer((request, response) => {
  const path = request.url ?? '/';
  agent.dispatch({ origin, method: 'GET', path, headers: { host: request.headers.host ?? '' } }, new Relay(response));
});
server.keepAliveTimeout = 0;
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});
