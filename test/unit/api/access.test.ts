import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Need, Route } from '../../../src/api/route.ts';
import { ApiServer, type Asked } from './api-server.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server.stop());

/** A request for a route with values in its place that name nothing, so that who may ask is all that decides. */
function lineOf({ method, path }: Route, tenant: string): string {
  const names: Readonly<Record<string, string>> = { tenant, version: '999', host: 'none.example' };
  return `${method} ${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? 'none')}`;
}

const needing = (...needs: Need[]): Route[] => server.routes.filter(({ need }) => needs.includes(need));

describe('without a token', () => {
  it('every route but the public ones is 401, with a challenge that names no error', async () => {
    for (const route of needing('token', 'read', 'deploy', 'operator')) {
      const { status, headers, json } = await server.send(lineOf(route, 'a'), { token: null });
      expect([route.id, status, json?.['code']]).toEqual([route.id, 401, 'unauthorized']);
      expect(headers['www-authenticate']).toBe('Bearer realm="kerb"');
    }
  });

  it('the public routes are open', async () => {
    const open = needing('public');
    expect(open.map(({ id }) => id)).toEqual(['getOpenApi', 'getJwks']);
    for (const route of open) expect((await server.send(lineOf(route, 'a'), { token: null })).status).toBe(200);
  });

  it.each([
    'Basic b3A6b3A=',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a,b',
    'Bearer é',
    `Bearer ${'a'.repeat(9_000)}`,
    'Bearer nobody',
    'bearer nobody',
  ])('%s is 401 invalid_token', async (authorization) => {
    const { status, headers } = await server.send('GET /v1/whoami', { token: null, headers: { authorization } });
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer realm="kerb", error="invalid_token"']);
  });

  it('a token in the query or the body is none', async () => {
    const { status } = await server.send(`GET /v1/whoami?access_token=${server.operator}`, { token: null });
    expect(status).toBe(401);
  });

  it('a token that is over is 401 even when the authority still takes it', async () => {
    const token = server.authority.mint('old', ['operator'], null, -1);
    expect((await server.send('GET /v1/whoami', { token })).status).toBe(401);
  });

  it('a revoked token is 401', async () => {
    const { json } = await server.send('POST /v1/tokens', {
      body: { subject: 'x', scopes: ['tenant:read'], tenant: 'a', ttlSeconds: 60 },
    });
    const token = json?.['token'] as string;
    expect((await server.send('GET /v1/tenants/a', { token })).status).toBe(200);
    expect((await server.send(`DELETE /v1/tokens/${json?.['id'] as string}`)).status).toBe(204);
    expect((await server.send('GET /v1/tenants/a', { token })).status).toBe(401);
  });
});

describe('a token of one tenant', () => {
  it('hears the same 403 of another tenant and of one that is not there, on every route', async () => {
    for (const route of needing('read', 'deploy')) {
      for (const token of [server.stranger, server.reader]) {
        const other = token === server.reader ? 'b' : 'a';
        const [there, absent, malformed] = await Promise.all([
          server.send(lineOf(route, other), { token }),
          server.send(lineOf(route, 'nobody-has-this'), { token }),
          server.send(lineOf(route, '__proto__'), { token }),
        ]);
        expect([route.id, there.status, there.json?.['code']]).toEqual([route.id, 403, 'forbidden']);
        expect([absent.text, absent.headers['www-authenticate']]).toEqual([
          there.text,
          there.headers['www-authenticate'],
        ]);
        expect(malformed.text).toBe(there.text);
      }
    }
  });

  it('may do nothing of the operator', async () => {
    for (const route of needing('operator')) {
      const { status, headers } = await server.send(lineOf(route, 'a'), { token: server.deployer });
      expect([route.id, status]).toEqual([route.id, 403]);
      expect(headers['www-authenticate']).toBe('Bearer realm="kerb", error="insufficient_scope", scope="operator"');
    }
  });

  it('with tenant:read reads and changes nothing', async () => {
    for (const route of needing('deploy')) {
      const { status, headers } = await server.send(lineOf(route, 'a'), { token: server.reader });
      expect([route.id, status]).toEqual([route.id, 403]);
      expect(headers['www-authenticate']).toContain('scope="tenant:deploy"');
    }
    expect((await server.send('GET /v1/tenants/a', { token: server.reader })).status).toBe(200);
  });

  it('with tenant:deploy reads too', async () => {
    expect((await server.send('GET /v1/tenants/a/versions', { token: server.deployer })).status).toBe(200);
  });

  it('without any scope only learns who it is', async () => {
    const token = server.authority.mint('empty', [], 'a');
    expect((await server.send('GET /v1/whoami', { token })).status).toBe(200);
    expect((await server.send('GET /v1/tenants/a', { token })).status).toBe(403);
  });

  it('and no tenant opens none, whatever the tenant is called', async () => {
    const token = server.authority.mint('lost', ['tenant:deploy'], null);
    for (const name of ['a', 'null', 'undefined']) {
      expect((await server.send(`GET /v1/tenants/${name}`, { token })).status).toBe(403);
    }
  });

  it('checks uploads for its own tenant only', async () => {
    const asked: Asked = {
      token: server.stranger,
      body: Uint8Array.of(0),
      headers: { 'content-type': 'application/wasm' },
    };
    expect((await server.send('POST /v1/check?tenant=b', asked)).status).toBe(200);
    expect((await server.send('POST /v1/check', asked)).status).toBe(200);
    expect((await server.send('POST /v1/check?tenant=a', asked)).status).toBe(403);
    expect((await server.send('POST /v1/check?tenant=nobody', asked)).status).toBe(403);
  });
});

describe('issuing tokens', () => {
  const wanted = { subject: 'new', scopes: ['tenant:read'], tenant: 'a', ttlSeconds: 60 };
  const issue = (token: string, body: object): ReturnType<ApiServer['send']> =>
    server.send('POST /v1/tokens', { token, body: { ...wanted, ...body } });

  it('is for operators, and for who deploys, in its own tenant', async () => {
    for (const token of [server.operator, server.deployer]) {
      const { status, json } = await issue(token, {});
      expect(status).toBe(201);
      const who = await server.send('GET /v1/whoami', { token: json?.['token'] as string });
      expect(who.json).toMatchObject({ subject: 'new', scopes: ['tenant:read'], tenant: 'a' });
    }
  });

  it.each([
    ['of another tenant', { tenant: 'b' }],
    ['of a tenant that is not there', { tenant: 'nobody' }],
    ['of the operator', { scopes: ['operator'], tenant: null }],
    ['that outlives it', { ttlSeconds: 86_400 }],
  ])('%s is 403 for who deploys', async (_, body) => {
    expect((await issue(server.deployer, body)).status).toBe(403);
  });

  it('is 403 for who reads, and 404 for an operator when the tenant is not there', async () => {
    expect((await issue(server.reader, {})).status).toBe(403);
    expect((await issue(server.operator, { tenant: 'nobody' })).status).toBe(404);
  });

  it.each([
    { scopes: [] },
    { scopes: ['root'] },
    { scopes: ['tenant:read', 'tenant:read'] },
    { scopes: ['operator'] },
    { scopes: ['operator', 'tenant:read'], tenant: null },
    { tenant: null },
    { ttlSeconds: 0 },
    { ttlSeconds: 90 * 86_400 + 1 },
    { ttlSeconds: 1.5 },
    { subject: '' },
    { subject: 'other:issuer' },
    { subject: 'a\nb' },
    { more: 1 },
  ])('refuses %j', async (body) => {
    const { status, json } = await issue(server.operator, body);
    expect([status, json?.['code']]).toEqual([400, 'bad_request']);
  });
});

describe('web pages', () => {
  const from = (origin: string, host = 'localhost:8081'): ReturnType<ApiServer['send']> =>
    server.send('GET /v1/whoami', { headers: { origin, host } });

  it.each([
    ['http://localhost:8081', 'localhost:8081'],
    ['http://127.0.0.1:8081', '127.0.0.1:8081'],
    ['http://[::1]:8081', '[::1]:8081'],
    ['https://kerb.internal', 'kerb.internal'],
  ])('of %s are those of the control port at %s', async (origin, host) => {
    const { status, headers } = await from(origin, host);
    expect([status, headers['access-control-allow-origin']]).toEqual([200, undefined]);
  });

  it.each([
    ['http://evil.example', 'localhost:8081'],
    ['http://evil.example:8081', 'evil.example:8081'],
    ['http://localhost:3000', 'localhost:8081'],
    ['null', 'localhost:8081'],
    ['', 'localhost:8081'],
    ['file://localhost:8081', 'localhost:8081'],
    ['http://localhost:8081/', 'localhost:8081'],
    ['http://user@localhost:8081', 'localhost:8081'],
  ])('of "%s" are refused at %s', async (origin, host) => {
    expect((await from(origin, host)).status).toBe(403);
  });

  it('get no preflight', async () => {
    const { status, headers } = await server.send('OPTIONS /v1/whoami', { headers: { origin: 'http://evil.example' } });
    expect([status, headers['access-control-allow-origin']]).toEqual([403, undefined]);
  });
});

describe('how often a caller may come', () => {
  it('is counted by token, with 429 and when to come back', async () => {
    const limited = await ApiServer.start({ requestsPerSecond: 2, requestBurst: 2 });
    const ask = (token: string | null): ReturnType<ApiServer['send']> => limited.send('GET /v1/whoami', { token });
    expect([(await ask(limited.reader)).status, (await ask(limited.reader)).status]).toEqual([200, 200]);
    const { status, headers, json } = await ask(limited.reader);
    expect([status, headers['retry-after'], json?.['code']]).toEqual([429, '1', 'rate_limited']);
    expect((await ask(limited.operator)).status).toBe(200);
    limited.clockMs += 500;
    expect((await ask(limited.reader)).status).toBe(200);
    await limited.stop();
  });

  it('is counted by address without a valid token, whatever tokens are tried', async () => {
    const limited = await ApiServer.start({ requestBurst: 2 });
    const statuses: number[] = [];
    for (const token of ['x1', 'x2', 'x3', null])
      statuses.push((await limited.send('GET /v1/whoami', { token })).status);
    expect(statuses).toEqual([401, 401, 429, 429]);
    expect((await limited.send('GET /v1/whoami')).status).toBe(200);
    await limited.stop();
  });

  it('is counted by address for what leads nowhere, with a token or without', async () => {
    const limited = await ApiServer.start({ requestBurst: 3 });
    const statuses: number[] = [];
    for (const line of ['GET /v1/nothing', 'GET /v1/tenants//', 'PATCH /v1/whoami', 'GET /v1/nothing'])
      statuses.push((await limited.send(line)).status);
    expect(statuses).toEqual([404, 404, 405, 429]);
    expect((await limited.send('GET /v1/whoami', { token: null })).status).toBe(429);
    expect((await limited.send('GET /v1/whoami')).status).toBe(200);
    await limited.stop();
  });
});
