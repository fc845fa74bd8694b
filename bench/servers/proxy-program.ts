/**
 * The peer of benchmark `hostio`: plain Node, node:http in front and undici behind, no guest. Takes the origin's port and the number of
 * its pools. Says its port
 * on stderr, because stdout takes the trace of the collector.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool, type Dispatcher } from 'undici';
import { REQUESTS_PER_TENANT, LIGHT } from '../hostio-cases.ts';
import { EXCHANGES } from '../workload.ts';

const [, , originPort = '', poolCount = ''] = process.argv;
const origin = `http://127.0.0.1:${originPort}`;
const greeting = Buffer.from(EXCHANGES.hello.responseBody);

// As many pools as Kerb has: in a single one undici would look through thousands of connections for every request.
const options = { connections: REQUESTS_PER_TENANT, pipelining: 1 };
const pools = Array.from({ length: Number(poolCount) }, () => new Pool(origin, options));
let turn = 0;

/** Hands the origin's answer on as it comes. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const raw: unknown = controller.rawHeaders;
    this.#response.writeHead(status, Array.isArray(raw) ? raw.map(String) : []);
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

const server = createServer((request, response) => {
  if (request.headers.host === `${LIGHT.name}.localhost`) {
    response.writeHead(200, ['content-type', EXCHANGES.hello.contentType, 'content-length', `${greeting.length}`]);
    response.end(greeting);
    return;
  }
  turn = (turn + 1) % pools.length;
  const path = request.url ?? '/';
  pools[turn]?.dispatch({ method: 'GET', path, headers: { accept: '*/*' } }, new Relay(response));
});
server.keepAliveTimeout = 0;
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.stderr.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});
