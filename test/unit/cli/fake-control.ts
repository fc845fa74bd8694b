/** A server that plays the control API on a free port: tenants, versions, stores in memory, every request kept, faults on demand. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came. */
export interface SeenRequest {
  readonly method: string;
  /** Path without query, undecoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

type Responder = (request: SeenRequest, response: ServerResponse) => void;

interface Tenant {
  name: string;
  source: string;
  revision: number;
  active: number | null;
  previous: number | null;
  canary: Record<string, unknown> | null;
  hosts: string[];
  createdMs: number;
  requiredKeys: string[];
  limits: Record<string, number>;
  versions: Record<string, unknown>[];
}

export const TOKEN = 'eyJhbGciOiJFZERTQSJ9.e30.c2ln';
const JSON_TYPE = { 'content-type': 'application/json' };

/** Answers with JSON. */
export function respond(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, JSON_TYPE).end(JSON.stringify(body));
}

/** Answers with a problem. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  errors?: string[],
): void {
  response
    .writeHead(status, { 'content-type': 'application/problem+json' })
    .end(JSON.stringify({ type: 'about:blank', title: `Problem ${status}`, status, detail, code, errors }));
}

export class FakeControl {
  readonly requests: SeenRequest[] = [];
  readonly tenants = new Map<string, Tenant>();
  readonly content = new Map<string, Buffer>();
  /** Takes the next requests instead of the API, one each. */
  readonly instead: Responder[] = [];
  /** The smallest pages: paging happens with few items. */
  pageItems = 2;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#receive(request, response));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The last request. */
  get last(): SeenRequest {
    const request = this.requests.at(-1);
    if (request === undefined) throw new Error('no request came');
    return request;
  }

  addTenant(name: string): Tenant {
    const rest = {
      revision: 1,
      active: null,
      previous: null,
      canary: null,
      createdMs: 0,
      requiredKeys: [],
      limits: {},
    };
    const tenant: Tenant = { name, source: 'api', hosts: [`${name}.localhost`], versions: [], ...rest };
    this.tenants.set(name, tenant);
    return tenant;
  }

  /** Gives a tenant so many versions; the last one is active. */
  addVersions(tenant: Tenant, count: number): void {
    for (let version = 1; version <= count; version++) tenant.versions.unshift(versionOf(tenant.name, version, ''));
    tenant.active = count;
    tenant.previous = count > 1 ? count - 1 : null;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>).catch(() => []));
    const url = new URL(request.url ?? '/', 'http://control');
    const query = Object.fromEntries(url.searchParams);
    const seen = { method: request.method ?? '', path: url.pathname, query, headers: request.headers, body };
    this.requests.push(seen);
    const instead = this.instead.shift();
    if (instead !== undefined) instead(seen, response);
    else if (request.headers.authorization !== `Bearer ${TOKEN}`)
      refuse(response, 401, 'unauthorized', 'no valid token');
    else this.#answer(seen, response);
  }

  #answer(request: SeenRequest, response: ServerResponse): void {
    const [, , chapter = '', name = '', ...rest] = request.path.split('/').map(decodeURIComponent);
    if (chapter === 'whoami') {
      return respond(response, 200, { subject: 'ops', scopes: ['operator'], tenant: null, expiresMs: 86_400_000 });
    }
    if (chapter === 'tokens') return this.#tokens(request, response);
    if (chapter === 'figures') return respond(response, 200, { tenants: [...this.tenants.values()].map(figuresOf) });
    if (chapter !== 'tenants') return refuse(response, 404, 'not_found', 'no such route');
    if (name === '') return this.#allTenants(request, response);
    const tenant = this.tenants.get(name);
    if (tenant === undefined) return refuse(response, 404, 'not_found', `there is no tenant ${name}`);
    if (request.headers['if-match'] !== undefined && request.headers['if-match'] !== `"${tenant.revision}"`) {
      return refuse(response, 412, 'precondition_failed', `the tenant is at revision ${tenant.revision}`);
    }
    return this.#oneTenant(tenant, rest, request, response);
  }

  #allTenants({ method, body, query }: SeenRequest, response: ServerResponse): void {
    if (method === 'GET') return this.#page([...this.tenants.values()].map(tenantJson), query, response);
    const { name } = JSON.parse(body.toString()) as { name: string };
    if (this.tenants.has(name)) return refuse(response, 409, 'conflict', 'it exists');
    respond(response, 201, tenantJson(this.addTenant(name)));
  }

  #oneTenant(tenant: Tenant, [part = '', ...rest]: string[], request: SeenRequest, response: ServerResponse): void {
    const { method, body, query } = request;
    if (part === '' && method === 'DELETE') {
      this.tenants.delete(tenant.name);
      return void response.writeHead(204).end();
    }
    if (part === '') return respond(response, 200, tenantJson(tenant));
    if (part === 'versions' && method === 'GET') return this.#page(tenant.versions, query, response);
    if (part === 'versions') return deployed(tenant, request, response);
    if (part === 'usage') return respond(response, 200, { hours: USAGE });
    if (part === 'domains' && rest.length === 0)
      return this.#page([{ host: 'a.example', createdMs: 0, createdBy: 'ops' }], query, response);
    if (part === 'domains' && method === 'PUT') return respond(response, 200, { host: rest[0], tenant: tenant.name });
    if (part === 'limits' && method === 'GET') return respond(response, 200, tenant.limits);
    if (part === 'purge') return respond(response, 200, { purged: 12 });
    if (part === 'cache') return respond(response, 200, CACHE);
    if (['kv', 'config', 'secrets'].includes(part)) return this.#content([part, ...rest], request, response);
    if (part === 'domains') return void response.writeHead(204).end();
    const change = body.length === 0 ? {} : (JSON.parse(body.toString()) as Record<string, unknown>);
    if (part === 'limits') tenant.limits = change as Record<string, number>;
    if (part === 'activate') [tenant.previous, tenant.active] = [tenant.active, Number(change['version'])];
    if (part === 'rollback') [tenant.previous, tenant.active] = [tenant.active, tenant.previous];
    if (part === 'canary') tenant.canary = method === 'DELETE' ? null : { maxCostFactor: 2, startedMs: 0, ...change };
    tenant.revision++;
    respond(response, 200, part === 'limits' ? tenant.limits : tenantJson(tenant));
  }

  #content(place: string[], { method, body, query, headers: { accept } }: SeenRequest, response: ServerResponse): void {
    const [kind = '', ...names] = place;
    const below = [...this.content].filter(([name]) => name.startsWith(`${place.join('/')}/`));
    const keys = below.map(([name]) => name.slice(place.join('/').length + 1));
    if (kind === 'config' && names.length === 1) {
      const items = Object.fromEntries(keys.map((key, at) => [key, below[at]?.[1].toString()]));
      return respond(response, 200, { items });
    }
    if (kind === 'secrets' && names.length === 0) return this.#page(keys, query, response);
    if (kind === 'kv' && names.length === 1) {
      const found = keys.filter((key) => key.startsWith(query['prefix'] ?? ''));
      return this.#page(
        found.map((key) => ({ key, metadata: null, generation: 1, expiresMs: null })),
        query,
        response,
      );
    }
    const name = place.join('/');
    if (method === 'PUT') this.content.set(name, body);
    const value = this.content.get(name);
    if (value === undefined) return refuse(response, 404, 'not_found', 'the store has no such key');
    if (method === 'DELETE') this.content.delete(name);
    if (method !== 'GET') return void response.writeHead(204).end();
    const type = kind === 'kv' ? 'application/octet-stream' : 'text/plain';
    if (accept !== type) return refuse(response, 406, 'bad_request', `accept takes no ${type}`);
    response.writeHead(200, { 'content-type': type, 'kerb-generation': '7', 'kerb-metadata': 'na%C3%AFve' }).end(value);
  }

  #tokens({ method, body }: SeenRequest, response: ServerResponse): void {
    if (method === 'DELETE') return void response.writeHead(204).end();
    const { ttlSeconds } = JSON.parse(body.toString()) as { ttlSeconds: number };
    respond(response, 201, { token: 'aaa.bbb.ccc', id: 'tok1', expiresMs: ttlSeconds * 1000 });
  }

  #page(
    items: readonly unknown[],
    { limit = '100', cursor = '0' }: SeenRequest['query'],
    response: ServerResponse,
  ): void {
    const end = Number(cursor) + Math.min(Number(limit), this.pageItems);
    respond(response, 200, { items: items.slice(Number(cursor), end), next: end < items.length ? String(end) : null });
  }
}

const CACHE = { entries: 2, bytes: 4_096, quotaBytes: 33_554_432, requests: { hit: 7, miss: 3, stale: 0 } };

const USAGE = [
  { tenant: 'hello', hourMs: 0, requests: 10, cpuUs: 1_500, outcomes: { ok: 9, cpu_limit: 1 } },
  { tenant: 'hello', hourMs: 3_600_000, requests: 5, cpuUs: 2_000_000, outcomes: { ok: 3, cpu_limit: 2 } },
];

function deployed(tenant: Tenant, { query, body }: SeenRequest, response: ServerResponse): void {
  const active = query['activate'] !== 'false';
  const version = { ...versionOf(tenant.name, tenant.versions.length + 1, query['note'] ?? ''), size: body.length };
  tenant.versions.unshift(version);
  if (active) [tenant.previous, tenant.active] = [tenant.active, tenant.versions.length];
  const report = {
    size: { in: 1024, out: 2048 },
    compileMs: 3.21,
    startUp: { cpuMs: 0.5, memoryPages: 16, imageBytes: 655_360, perInstance: null },
    isolation: { wanted: 'request', resettable: false, why: 'tables change' },
    notes: ['left out: src/main.rs'],
  };
  const capabilities = { added: ['kv sessions'], removed: ['env MODE'] };
  respond(response, 201, { version: { ...version, report, manifest: '' }, active, capabilities });
}

function versionOf(tenant: string, version: number, note: string): Record<string, unknown> {
  const digest = version.toString(16).padStart(64, 'a');
  const created = { createdMs: 1_000 * version, createdBy: 'ops' };
  return { tenant, version, digest, size: 2_048, abi: 'http-wasm', ...created, signedBy: null, note, state: 'idle' };
}

function tenantJson({ versions: _, ...tenant }: Tenant): Record<string, unknown> {
  return tenant;
}

function figuresOf({ name, active }: Tenant): Record<string, unknown> {
  const counts = { requests: 100, inFlight: 2, cpuUs: 12_500, memoryPages: 32, outcomes: { ok: 90, guest_trap: 10 } };
  return { tenant: name, source: 'api', version: active, label: '', canary: null, ...counts };
}
