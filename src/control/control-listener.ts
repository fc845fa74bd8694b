/** The control plane's listener: liveness, metrics, and the admin API. */
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KerbError } from '../errors.ts';

/** What the listener tells. */
export interface ControlSources {
  /** `ok` while the edge serves; anything else answers 503. */
  health(): 'starting' | 'ok' | 'draining';
  /** Metrics as text. */
  metrics(): Promise<string>;
  /** The admin API: answers everything under `/v1`. `null`: not yet, or not any more. */
  api(): { handle(request: IncomingMessage, response: ServerResponse): void } | null;
}

/** Serves `/healthz`, `/metrics` and `/v1`. */
export class ControlListener {
  readonly #server: Server;
  readonly #sources: ControlSources;

  /** @param options - Limits of the HTTP server. */
  constructor(sources: ControlSources, options: ServerOptions = {}) {
    this.#sources = sources;
    this.#server = createServer(options, (request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  /** Listens; settles with the address, in digits also when `host` is a name. Rejects with `cannot_listen`. */
  listen(host: string, port: number): Promise<{ readonly address: string; readonly port: number }> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const reason =
          error.code === 'EADDRINUSE'
            ? 'another process listens there; stop it, or choose another --control-port'
            : error.message;
        reject(new KerbError('cannot_listen', `cannot listen on ${host}:${port}: ${reason}`));
      });
      this.#server.listen({ host, port, exclusive: true }, () => {
        resolve(this.#server.address() as AddressInfo);
      });
    });
  }

  /** Stops at once. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [pathname = '/'] = (request.url ?? '/').split('?');
    if (pathname === '/v1' || pathname.startsWith('/v1/')) {
      const api = this.#sources.api();
      if (api !== null) return api.handle(request, response);
      return reply(response, 503, 'text/plain; charset=utf-8', `${this.#sources.health()}\n`);
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return reply(response, 405, 'text/plain; charset=utf-8', 'only GET\n');
    }
    if (pathname === '/healthz') {
      const health = this.#sources.health();
      return reply(response, health === 'ok' ? 200 : 503, 'text/plain; charset=utf-8', `${health}\n`);
    }
    if (pathname === '/metrics') {
      return reply(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await this.#sources.metrics());
    }
    return reply(response, 404, 'text/plain; charset=utf-8', 'there are /healthz, /metrics and /v1\n');
  }
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
