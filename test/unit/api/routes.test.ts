import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiServer, itemsOf, WASM, WASM_TYPE, type Asked, type Reply } from './api-server.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server.stop());

const KEY = { kty: 'OKP', crv: 'Ed25519', x: 'AA' };
const THUMBPRINT = 'a'.repeat(43);
const TOKEN = { subject: 'ci', scopes: ['tenant:read'], tenant: 'a', ttlSeconds: 60 };
const octets = { 'content-type': 'application/octet-stream' };

/** Every route once, in an order in which each can be done, with the status that it answers. */
const VISITS: readonly (readonly [id: string, line: string, status: number, asked?: Asked])[] = [
  ['getOpenApi', 'GET /v1/openapi.json', 200, { token: null }],
  ['getJwks', 'GET /v1/jwks.json', 200, { token: null }],
  ['whoAmI', 'GET /v1/whoami', 200],
  ['createTenant', 'POST /v1/tenants', 201, { body: { name: 'new' } }],
  ['listTenants', 'GET /v1/tenants?limit=1', 200],
  ['getTenant', 'GET /v1/tenants/new', 200],
  ['checkUpload', 'POST /v1/check?tenant=a', 200, { body: WASM, headers: WASM_TYPE }],
  ['deployVersion', 'POST /v1/tenants/a/versions?note=first', 201, { body: WASM, headers: WASM_TYPE }],
  ['deployVersion', 'POST /v1/tenants/a/versions', 201, { body: WASM, headers: WASM_TYPE }],
  ['listVersions', 'GET /v1/tenants/a/versions', 200],
  ['getVersion', 'GET /v1/tenants/a/versions/1', 200],
  ['activateVersion', 'POST /v1/tenants/a/activate', 200, { body: { version: 1 } }],
  ['rollBack', 'POST /v1/tenants/a/rollback', 200, { body: {} }],
  ['startCanary', 'PUT /v1/tenants/a/canary', 200, { body: { version: 1, percent: 0.5 } }],
  ['stopCanary', 'DELETE /v1/tenants/a/canary', 200],
  ['addDomain', 'PUT /v1/tenants/a/domains/*.Example.com', 200],
  ['listDomains', 'GET /v1/tenants/a/domains', 200],
  ['removeDomain', 'DELETE /v1/tenants/a/domains/*.example.com', 204],
  ['setLimits', 'PUT /v1/tenants/a/limits', 200, { body: { cpu_ms: 20, memory_mb: 64 } }],
  ['getLimits', 'GET /v1/tenants/a/limits', 200],
  ['setAllowedBackends', 'PUT /v1/tenants/a/backends', 200, { body: { allow: ['10.0.0.0/8', 'fd00::/8'] } }],
  ['getBackends', 'GET /v1/tenants/a/backends', 200],
  ['setSigningKeys', 'PUT /v1/tenants/a/keys', 200, { body: { required: [THUMBPRINT], keys: [KEY] } }],
  ['getSigningKeys', 'GET /v1/tenants/a/keys', 200],
  ['putKv', 'PUT /v1/tenants/a/kv/sessions/user%2F1?ttl=60', 204, { body: 'v', headers: octets }],
  ['getKv', 'GET /v1/tenants/a/kv/sessions/user%2F1', 200],
  ['listKvKeys', 'GET /v1/tenants/a/kv/sessions?prefix=user/', 200],
  ['deleteKv', 'DELETE /v1/tenants/a/kv/sessions/user%2F1', 204],
  ['putConfig', 'PUT /v1/tenants/a/config/conf', 200, { body: { items: { theme: 'dark', old: 'x' } } }],
  ['putConfigKey', 'PUT /v1/tenants/a/config/conf/mode', 204, { body: 'x', headers: { 'content-type': 'text/plain' } }],
  ['getConfig', 'GET /v1/tenants/a/config/conf', 200],
  ['getConfigKey', 'GET /v1/tenants/a/config/conf/mode', 200],
  ['deleteConfigKey', 'DELETE /v1/tenants/a/config/conf/mode', 204],
  ['deleteConfig', 'DELETE /v1/tenants/a/config/conf', 204],
  ['putSecret', 'PUT /v1/tenants/a/secrets/API_KEY', 204, { body: 'hidden', headers: octets }],
  ['listSecrets', 'GET /v1/tenants/a/secrets', 200],
  ['deleteSecret', 'DELETE /v1/tenants/a/secrets/API_KEY', 204],
  ['getUsage', 'GET /v1/tenants/a/usage', 200],
  ['getFigures', 'GET /v1/figures', 200],
  ['getCache', 'GET /v1/tenants/a/cache', 200],
  ['purge', 'POST /v1/tenants/a/purge', 200, { body: { all: true } }],
  ['followLogs', 'HEAD /v1/tenants/a/logs', 200],
  ['followEvents', 'HEAD /v1/events', 200],
  ['listAudit', 'GET /v1/audit', 200],
  ['issueToken', 'POST /v1/tokens', 201, { body: TOKEN }],
  ['revokeToken', 'DELETE /v1/tokens/nobody', 404],
  ['rotateKeys', 'POST /v1/keys/rotate', 200],
  ['deleteTenant', 'DELETE /v1/tenants/new', 204],
];

/** Where an answer that is not a refusal differs from its declaration. */
function faultsOf(id: string, { status, json }: Reply): unknown[] {
  const declared = server.routes.find((route) => route.id === id)?.answers[status];
  if (declared === undefined) return status < 400 ? ['not declared'] : [];
  return declared.schema?.safeParse(json).error?.issues ?? [];
}

describe('every route', () => {
  const replies = new Map<string, Reply>();

  it.each(VISITS.map(([id, line, status, asked = {}]) => ({ id, line, status, asked })))(
    '$id: $line answers $status',
    async ({ id, line, status, asked }) => {
      const reply = await server.send(line, asked);
      expect([reply.status, faultsOf(id, reply)]).toEqual([status, []]);
      replies.set(id, reply);
    },
  );

  it('is visited here', () => {
    const visited = new Set(VISITS.map(([id]) => id));
    expect(server.routes.map(({ id }) => id).filter((id) => !visited.has(id))).toEqual([]);
  });

  it('says what the contract says', () => {
    const of = (id: string): Reply => replies.get(id) as Reply;
    expect(of('whoAmI').json).toMatchObject({ subject: 'op', scopes: ['operator'], tenant: null });
    expect(of('createTenant').headers).toMatchObject({ etag: '"1"', location: '/v1/tenants/new' });
    expect(of('listTenants').json).toMatchObject({ items: [{ name: 'a' }] });
    expect(of('deployVersion').headers['location']).toBe('/v1/tenants/a/versions/2');
    expect(of('deployVersion').json).toMatchObject({ active: true, version: { version: 2, state: 'active' } });
    expect(of('listVersions').json).toMatchObject({
      items: [{ version: 2 }, { version: 1, state: 'idle' }],
      next: null,
    });
    expect(of('listVersions').text).not.toContain('manifest');
    expect(of('getVersion').json).toMatchObject({ note: 'first', createdBy: 'op', report: { imports: 1 } });
    expect(of('activateVersion').json).toMatchObject({ active: 1, previous: 2 });
    expect(of('rollBack').json).toMatchObject({ active: 2, previous: 1 });
    expect(of('startCanary').json).toMatchObject({ canary: { version: 1, percent: 0.5, maxCostFactor: 2 } });
    expect(of('addDomain').json).toMatchObject({ host: '*.example.com', tenant: 'a', createdBy: 'op' });
    expect(of('getLimits').json).toEqual({ cpu_ms: 20, memory_mb: 64 });
    expect(of('getBackends').json).toMatchObject({ backends: [{ name: 'site' }], allow: ['10.0.0.0/8', 'fd00::/8'] });
    expect(of('getSigningKeys').json).toEqual({ required: [THUMBPRINT], keys: [KEY] });
    expect(of('getConfig').json).toEqual({ items: { mode: 'x', old: 'x', theme: 'dark' } });
    expect(of('listSecrets').json).toEqual({ items: ['API_KEY'], next: null });
    expect(of('purge').json).toEqual({ purged: 3 });
    expect(of('getCache').json).toMatchObject({ entries: 2, requests: { hit: 7, miss: 2 } });
    expect(of('getJwks').json).toEqual({ keys: [{ kty: 'OKP', kid: 'key-1' }] });
    expect(of('rotateKeys').json).toEqual({ kid: 'key-2' });
  });

  it('leaves nothing in the audit list that a secret was', async () => {
    const reply = await server.send('GET /v1/audit?limit=1000');
    const actions = itemsOf<{ action: string }>(reply).map(({ action }) => action);
    expect(actions).toEqual(
      expect.arrayContaining(['secret.put', 'kv.put', 'config.put', 'token.issue', 'keys.rotate', 'tenant.delete']),
    );
    expect(reply.text).not.toContain('hidden');
    expect(server.faults).toEqual([]);
  });
});

describe('lists', () => {
  it('go on where the cursor says, to their end', async () => {
    for (const name of ['c', 'd', 'e']) server.plane.createTenant(name, 'op');
    const seen: string[] = [];
    let cursor = '';
    for (let round = 0; round < 10; round++) {
      const reply = await server.send(`GET /v1/tenants?limit=2${cursor}`);
      seen.push(...itemsOf<{ name: string }>(reply).map(({ name }) => name));
      const next = reply.json?.['next'];
      if (typeof next !== 'string') break;
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('that are short in the store are cut too, and refuse a cursor that is not theirs', async () => {
    for (const host of ['z.example', 'y.example', 'x.example']) await server.plane.addDomain('c', host, 'op');
    const first = await server.send('GET /v1/tenants/c/domains?limit=2');
    expect(first.json).toMatchObject({ items: [{ host: 'x.example' }, { host: 'y.example' }] });
    const rest = await server.send(`GET /v1/tenants/c/domains?limit=2&cursor=${String(first.json?.['next'])}`);
    expect(rest.json).toMatchObject({ items: [{ host: 'z.example' }], next: null });
    expect((await server.send('GET /v1/tenants/c/domains?cursor=%2B%2B')).status).toBe(400);
    expect((await server.send('GET /v1/tenants?cursor=nonsense')).status).toBe(400);
  });

  it.each(['0', '1001', '-1', '1e2', '01', '', '1.0', ' 1', '99999999999999999999'])(
    'refuse limit=%s',
    async (limit) => {
      const { status, json } = await server.send(`GET /v1/tenants?limit=${encodeURIComponent(limit)}`);
      expect([status, json?.['errors']]).toEqual([400, [expect.stringContaining('limit')]]);
    },
  );
});

describe('usage', () => {
  it('is of the hours that are asked for', async () => {
    const hourMs = 3_600_000;
    const usage = { tenant: 'a', requests: 2, cpuUs: 10, outcomes: { ok: 2 } };
    server.store.addUsage([hourMs, 2 * hourMs, 3 * hourMs].map((hour) => ({ ...usage, hourMs: hour })));
    const reply = await server.send(`GET /v1/tenants/a/usage?from=${hourMs}&to=${3 * hourMs}`);
    expect(itemsOf<{ hourMs: number }>(reply, 'hours').map((hour) => hour.hourMs)).toEqual([hourMs, 2 * hourMs]);
  });

  it.each(['from=2&to=1', 'from=1&to=1', 'from=0&to=99999999999', 'from=x', 'to=-1'])('refuses %s', async (query) => {
    expect((await server.send(`GET /v1/tenants/a/usage?${query}`)).status).toBe(400);
  });
});

describe('a purge', () => {
  it('is handed on as it came', async () => {
    const { status } = await server.send('POST /v1/tenants/a/purge', { body: { tag: 'news', soft: true } });
    expect([status, server.plane.purged.at(-1)]).toEqual([200, { tag: 'news', soft: true }]);
  });

  it.each([{}, { url: '/', all: true }, { all: false }, { tag: 'a\nb' }, { soft: true }])(
    'refuses %j',
    async (body) => {
      expect((await server.send('POST /v1/tenants/a/purge', { body })).status).toBe(400);
    },
  );
});

describe('a tenant of the tenants folder', () => {
  it.each([
    ['PUT /v1/tenants/site/limits', { body: {} }],
    ['DELETE /v1/tenants/site', {}],
    ['PUT /v1/tenants/site/kv/s/k', { body: 'v', headers: octets }],
    ['PUT /v1/tenants/site/secrets/K', { body: 'v', headers: octets }],
    ['PUT /v1/tenants/site/config/s', { body: { items: {} } }],
  ] as const)('%s is a conflict', async (line, asked) => {
    const { status, json } = await server.send(line, asked);
    expect([status, json?.['code']]).toEqual([409, 'conflict']);
    expect(json?.['detail']).toContain('managed by the tenants folder');
  });

  it('is shown', async () => {
    expect((await server.send('GET /v1/tenants/site')).json).toMatchObject({
      source: 'folder',
      hosts: ['site.localhost'],
    });
  });
});
