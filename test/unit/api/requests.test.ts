import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KerbError, type KerbErrorCode } from '../../../src/errors.ts';
import { ApiServer, WASM, WASM_TYPE, type Reply } from './api-server.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server.stop());

const octets = { 'content-type': 'application/octet-stream' };

describe('every answer', () => {
  it.each(['GET /v1/whoami', 'GET /v1/nothing', 'DELETE /v1/tenants/nobody', 'GET /v1/openapi.json'])(
    '%s keeps browsers from guessing, framing, running and caching it',
    async (line) => {
      const { headers } = await server.send(line);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('to HEAD is that to GET without its body', async () => {
    const get = await server.send('GET /v1/tenants/a');
    const only = await server.send('HEAD /v1/tenants/a');
    expect([only.status, only.text]).toEqual([200, '']);
    expect({ ...only.headers, date: '' }).toEqual({ ...get.headers, date: '' });
  });

  it('that is a refusal is a problem document', async () => {
    const { status, headers, json } = await server.send('GET /v1/tenants/nobody');
    expect([status, headers['content-type']]).toEqual([404, 'application/problem+json']);
    expect(json).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      code: 'not_found',
      detail: 'there is no tenant nobody',
    });
  });
});

describe('an error of the parts below', () => {
  const STATUSES: Readonly<Record<KerbErrorCode, number>> = {
    bad_request: 400,
    unauthorized: 401,
    forbidden: 403,
    not_found: 404,
    conflict: 409,
    route_conflict: 409,
    wider_capabilities: 409,
    precondition_failed: 412,
    too_large: 413,
    bad_manifest: 422,
    bad_module: 422,
    refused_module: 422,
    signature_required: 422,
    unsupported: 501,
    bad_config: 500,
    cannot_listen: 500,
    corrupt: 500,
  };

  const failing = async (code: string): Promise<Reply> => {
    server.faults.length = 0;
    const error = new KerbError(code as KerbErrorCode, 'a "secret" place', ['first', 'x'.repeat(999)]);
    server.plane.beforeDeploy = () => Promise.reject(error);
    return server.send('POST /v1/tenants/a/versions', { body: WASM, headers: WASM_TYPE });
  };
  const told = Object.entries(STATUSES).filter(([, status]) => status !== 500);
  const own = Object.keys(STATUSES).filter((code) => STATUSES[code as KerbErrorCode] === 500);

  it.each(told)('%s is %i, with all that it says', async (code, status) => {
    const reply = await failing(code);
    expect(reply.status).toBe(status);
    expect(reply.json).toMatchObject({ code, detail: 'a "secret" place', errors: ['first', `${'x'.repeat(299)}…`] });
    expect(server.faults).toEqual([]);
  });

  it.each(own)('%s is the fault of the server, which hears of it, and is not told', async (code) => {
    const reply = await failing(code);
    expect([reply.status, reply.json?.['code']]).toEqual([500, 'internal']);
    expect(server.faults).toEqual([expect.objectContaining({ code })]);
    expect(reply.text).not.toContain('secret');
  });

  it('that nobody foresaw is 500 and told to the server only', async () => {
    server.faults.length = 0;
    server.plane.beforeDeploy = () => Promise.reject(new Error('a secret of the disk'));
    const { status, text } = await server.send('POST /v1/tenants/a/versions', { body: WASM, headers: WASM_TYPE });
    expect([status, server.faults]).toEqual([500, [new Error('a secret of the disk')]]);
    expect(text).not.toContain('secret');
  });
});

describe('a request target', () => {
  it.each([
    '/v1',
    '/v1/',
    '/v1//tenants',
    '/v1/tenants/',
    '/v1/tenants/a/',
    '/v1/Tenants',
    '/v1/tenants/a/versions/1/x',
    '/v1/%74enants',
    '/v1/constructor',
    '/v1/whoami/..',
    '/v1/__proto__',
  ])('%s is 404', async (path) => {
    expect((await server.send(`GET ${path}`)).status).toBe(404);
  });

  it.each([
    '/v1/tenants/..',
    '/v1/tenants/%2e%2e',
    '/v1/tenants/a%2Fversions',
    '/v1/tenants/%00',
    '/v1/tenants/A',
    '/v1/tenants/__proto__',
    '/v1/tenants/%c0%af',
    '/v1/tenants/%',
    '/v1/tenants/%zz',
    `/v1/tenants/${'a'.repeat(64)}`,
    '/v1/tenants/a\\b',
    '/v1/tenants/a#b',
    '/v1/tenants/a/versions/0',
    '/v1/tenants/a/versions/-1',
    '/v1/tenants/a/versions/01',
    '/v1/tenants/a/versions/1e1',
    '/v1/tenants/a/versions/9007199254740993',
    '/v1/tenants/a/kv/s/..',
    '/v1/tenants/a/kv/s/%2e%2e',
    '/v1/tenants/a/kv/s/a%0Ab',
    '/v1/tenants/a/kv/__proto__/k',
    '/v1/tenants/a/kv/..%2f..%2fetc/k',
    `/v1/tenants/a/kv/s/${'k'.repeat(513)}`,
    '/v1/tenants?limit=1&limit=2',
    '/v1/tenants?limt=1',
    '/v1/tenants?__proto__=1',
    '/v1/tenants?constructor=1',
    '/v1/tenants?limit=%',
    'http://localhost/v1/tenants',
  ])('%s is 400', async (path) => {
    const answer = await server.raw(server.head(`GET ${path}`));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"bad_request"');
  });

  it('that is too long is 414', async () => {
    expect((await server.send(`GET /v1/tenants?cursor=${'a'.repeat(9_000)}`)).status).toBe(414);
  });

  it('that has another method is 405 with what is allowed', async () => {
    const { status, headers, json } = await server.send('PATCH /v1/tenants');
    expect([status, headers['allow'], json?.['code']]).toEqual([405, 'GET, HEAD, POST', 'bad_request']);
    expect((await server.send('POST /v1/figures')).headers['allow']).toBe('GET, HEAD');
  });

  it('may have prototype names where names are free', async () => {
    for (const key of ['constructor', '__proto__', 'toString']) {
      const path = `/v1/tenants/a/kv/s/${key}`;
      expect((await server.send(`GET ${path}`)).status).toBe(404);
      expect((await server.send(`PUT ${path}`, { body: key, headers: octets })).status).toBe(204);
      expect((await server.send(`GET ${path}`)).text).toBe(key);
    }
    const text = { 'content-type': 'text/plain' };
    expect((await server.send('PUT /v1/tenants/a/config/s/__proto__', { body: 'x', headers: text })).status).toBe(204);
    expect((await server.send('GET /v1/tenants/a/config/s')).text).toBe('{"items":{"__proto__":"x"}}');
  });
});
