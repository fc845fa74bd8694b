/** An origin that notes what it is asked, and answers as the path says. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as it arrived. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers with method and body; `/hang` never, `/cut` half, `/part` as ranges and conditions ask. */
export class RecordingOrigin {
  readonly asked: Asked[] = [];
  /** Connections that are open now. */
  connections = 0;
  /** Requests whose heads have arrived. */
  begun = 0;
  /** Requests whose connection was given up before they were answered. */
  givenUp = 0;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });
  readonly #watchers = new Set<() => void>();

  static async start(): Promise<RecordingOrigin> {
    const origin = new RecordingOrigin();
    origin.#server.on('connection', (socket) => origin.#count(socket));
    origin.#server.listen(0, '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Settles when `enough` says so, asked with each head and each request that has come, and each connection that has closed. */
  async until(enough: () => boolean): Promise<void> {
    while (!enough()) await new Promise<void>((resolve) => this.#watchers.add(resolve));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #count(socket: Socket): void {
    this.connections += 1;
    socket.on('close', () => {
      this.connections -= 1;
      this.#notify();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    response.on('close', () => {
      if (!response.writableEnded) this.givenUp += 1;
      this.#notify();
    });
    this.begun += 1;
    this.#notify();
    let body = '';
    for await (const chunk of request) body += String(chunk);
    this.asked.push({ method, url, headers, body });
    this.#notify();
    if (url.startsWith('/hang')) return;
    if (url.startsWith('/cut'))
      return void response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
    if (url.startsWith('/part') && headers['if-none-match'] === '"e"')
      return void response.writeHead(304, { etag: '"e"' }).end();
    if (url.startsWith('/part') && headers.range === 'bytes=0-1')
      return void response.writeHead(206, { 'content-range': 'bytes 0-1/4' }).end('pa');
    response.setHeader('kerb-served', 'forged');
    response.setHeader('x-origin', 'yes');
    const text = `origin: ${method} ${body}`;
    response.setHeader('content-length', Buffer.byteLength(text));
    response.end(text);
  }

  #notify(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}
