/**
 * A reverse proxy made of node:http, the cache and undici, for the public suite of HTTP caches to test. Takes the origin's
 * port and says its own on stdout. It has none of the rest of Kerb: what passes or fails here is the cache.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool, type Dispatcher } from 'undici';
import { fromBytes, stripHopByHop } from '../../../src/http/fields.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { HttpCache } from '../../../src/cache/http-cache.ts';
import type { ForwardRequest, ForwardResponse } from '../../../src/cache/ports.ts';
import { ResponseBody } from '../../../src/upstream/response-body.ts';

const [, , originPort = ''] = process.argv;
const pool = new Pool(`http://127.0.0.1:${originPort}`, { connections: 64 });
const cache = new HttpCache({ maxBytes: 64 << 20, quotaBytes: () => 64 << 20, maxBodyBytes: 1 << 20 });

/** One exchange with the origin. Interim answers go past the cache to the client that caused them. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<ForwardResponse>;
  readonly #client: ServerResponse;
  readonly #settle: PromiseWithResolvers<ForwardResponse>;
  #body: ResponseBody | null = null;

  constructor(client: ServerResponse) {
    this.#client = client;
    this.#settle = Promise.withResolvers();
    this.answer = this.#settle.promise;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const headers = stripHopByHop(fieldsOf(controller.rawHeaders as Buffer[]));
    if (status < 200) return this.#interim(status, headers);
    const flow = { pause: () => controller.pause(), resume: () => controller.resume(), abort: () => abort(controller) };
    this.#body = new ResponseBody(flow);
    this.#settle.resolve({ status, headers, body: this.#body });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle.reject(error);
    this.#body?.fail(error);
  }

  #interim(status: number, headers: HeaderList): void {
    if (this.#client.headersSent) return;
    if (status === 102) this.#client.writeProcessing();
    const hints: Record<string, string> = {};
    headers.forEach((_name, value, lowerName) => (hints[lowerName] = value));
    if (status === 103) this.#client.writeEarlyHints(hints);
  }
}

function abort(controller: Dispatcher.DispatchController): void {
  controller.abort(new Error('nobody reads on'));
}

function fieldsOf(raw: readonly (Buffer | string)[]): HeaderList {
  const list = new HeaderList();
  const text = (part: Buffer | string | undefined): string => (Buffer.isBuffer(part) ? fromBytes(part) : (part ?? ''));
  for (let i = 0; i + 1 < raw.length; i += 2) list.append(text(raw[i]), text(raw[i + 1]));
  return list;
}

function pairs(headers: HeaderList): string[] {
  const flat: string[] = [];
  headers.forEach((name, value) => flat.push(name, Buffer.from(value, 'utf8').toString('latin1')));
  return flat;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  const headers = stripHopByHop(fieldsOf(request.rawHeaders.map((part) => Buffer.from(part, 'latin1'))));
  const { method = 'GET', url: target = '/' } = request;
  const forward = (sent: ForwardRequest): Promise<ForwardResponse> => {
    const exchange = new Exchange(response);
    const options = { method: sent.method, path: target, headers: pairs(sent.headers) };
    pool.dispatch({ ...options, body: body.length > 0 ? body : null }, exchange);
    return exchange.answer;
  };
  const host = request.headers.host ?? '';
  const answer = await cache.handle({ tenant: 'suite', scheme: 'http', host, target, method, headers }, forward);
  response.writeHead(answer.status, pairs(answer.headers));
  for (let chunk = await answer.body.read(65_536); chunk !== null; chunk = await answer.body.read(65_536)) {
    if (method !== 'HEAD') response.write(chunk);
  }
  response.end();
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const server = createServer((request, response) => {
  serve(request, response).catch(() => {
    if (response.headersSent) return response.destroy();
    response.writeHead(502, ['Content-Length', '0']);
    return response.end();
  });
});
server.listen({ port: Number(process.env['PORT'] ?? 0), host: '127.0.0.1' }, () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});
