/** The admin API on a real socket over a real store, and clients for it. */
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as ask, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allRoutes, createApi, type Api, type ApiParts } from '../../../src/api/api.ts';
import { SERVER_OPTIONS, type ApiLimits } from '../../../src/api/limits.ts';
import type { Route } from '../../../src/api/route.ts';
import { sealerOf } from '../../../src/store/sealer.ts';
import { openStore } from '../../../src/store/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { RawClient } from '../../e2e/raw-client.ts';
import { MemoryAuthority } from './memory-authority.ts';
import { MemoryPlane, MemoryTap } from './memory-plane.ts';

/** What came back. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON; `null` when there is none. */
  readonly json: Record<string, unknown> | null;
}

/** How a request is sent. */
export interface Asked {
  /** The operator's when it is left out, none when it is `null`. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** JSON, or bytes or text as they are. */
  readonly body?: unknown;
}

/** A server with two tenants, `a` and `b`, and a token of each kind. */
export class ApiServer {
  readonly store: Store;
  readonly plane: MemoryPlane;
  readonly authority = new MemoryAuthority();
  readonly tap = new MemoryTap();
  readonly faults: unknown[] = [];
  readonly api: Api;
  readonly routes: readonly Route[];
  readonly operator = this.authority.mint('op', ['operator']);
  readonly deployer = this.authority.mint('ci', ['tenant:deploy'], 'a');
  readonly reader = this.authority.mint('viewer', ['tenant:read'], 'a');
  readonly stranger = this.authority.mint('ci', ['tenant:deploy'], 'b');
  /** What the API's monotonic clock says. */
  clockMs = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'kerb-api-'));
  readonly #server: Server;

  constructor(limits: Partial<ApiLimits> = {}) {
    this.store = openStore(join(this.#folder, 'kerb.db'), sealerOf(randomBytes(32)));
    this.plane = new MemoryPlane(this.store);
    for (const name of ['a', 'b']) this.plane.createTenant(name, 'op');
    const parts: ApiParts = {
      plane: this.plane,
      content: this.store,
      ledger: this.store,
      logs: this.tap,
      authority: this.authority,
      nowMs: () => Date.now(),
      clock: () => this.clockMs,
      names: ['kerb.internal'],
      onFault: (error) => this.faults.push(error),
      limits: { lingerMs: 100, ...limits },
    };
    this.api = createApi(parts);
    this.routes = allRoutes(parts);
    this.#server = createServer(SERVER_OPTIONS, (request, response) => this.api.handle(request, response));
  }

  /** A server that listens. */
  static async start(limits: Partial<ApiLimits> = {}): Promise<ApiServer> {
    const server = new ApiServer(limits);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The head of an operator's request for `GET /v1/…` and such, with more fields, each after a line end. */
  head(line: string, more = ''): string {
    return `${line} HTTP/1.1\nHost: localhost\nAuthorization: Bearer ${this.operator}\nConnection: close${more}`;
  }

  /** Sends bytes as they are, and answers everything that came back until the server closed. */
  async raw(head: string, body = ''): Promise<string> {
    const client = await RawClient.open(this);
    client.send(`${head.replaceAll('\n', '\r\n')}\r\n\r\n`).send(body);
    return client.closed();
  }

  /** How many connections are open. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  async stop(): Promise<void> {
    await this.api.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Sends `GET /v1/…` and such, and reads the whole answer. */
  async send(line: string, asked: Asked = {}): Promise<Reply> {
    const response = await this.open(line, asked);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const text = bytes.toString('utf8');
    const isJson = /json/.test(response.headers['content-type'] ?? '') && text !== '';
    const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : null;
    return { status: response.statusCode ?? 0, headers: response.headers, bytes, text, json };
  }

  /** Sends a request and answers with its response, unread. */
  open(line: string, { token = this.operator, headers = {}, body }: Asked = {}): Promise<IncomingMessage> {
    const [method = '', path = ''] = line.split(' ');
    const plain = typeof body === 'string' || body instanceof Uint8Array;
    const bytes = body === undefined ? null : plain ? Buffer.from(body as string) : Buffer.from(JSON.stringify(body));
    const fields: Record<string, string | string[] | number> = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(bytes === null || plain ? {} : { 'content-type': 'application/json' }),
      ...(bytes === null ? {} : { 'content-length': bytes.byteLength }),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const sent = ask({ port: this.port, host: '127.0.0.1', method, path, headers: fields, agent: false }, resolve);
      sent.on('error', reject);
      sent.end(bytes ?? undefined);
    });
  }
}

/** The items of a list that came back, or what else has that name. */
export function itemsOf<T>({ json }: Reply, name = 'items'): readonly T[] {
  const items: unknown = json?.[name];
  if (!Array.isArray(items)) throw new TypeError(`the answer has no ${name}: ${JSON.stringify(json)}`);
  return items as readonly T[];
}

/** The beginning of a module. */
export const WASM = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
/** The head of its upload. */
export const WASM_TYPE = { 'content-type': 'application/wasm' } as const;
