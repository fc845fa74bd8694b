import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawClient } from '../../e2e/raw-client.ts';
import { ApiServer } from './api-server.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start({ bodyMs: 150 });
});
afterAll(() => server.stop());

const octets = { 'content-type': 'application/octet-stream' };

describe('a JSON body', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  it.each([
    ['nothing', ''],
    ['no JSON', '{name:1}'],
    ['half of JSON', '{"name":'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"a"'],
    ['an unknown member', '{"name":"c","more":1}'],
    ['another type', '{"name":1}'],
    ['a malformed name', '{"name":"C"}'],
    ['a name with a line end', '{"name":"c\\n"}'],
    ['__proto__', '{"name":"c","__proto__":{"admin":true}}'],
    ['__proto__ spelt with escapes', '{"name":"c","\\u005f_proto__":{}}'],
    ['constructor', '{"name":"c","constructor":{"prototype":{}}}'],
    ['100,000 levels', deep],
    ['a byte order mark', '\ufeff{"name":"c"}'],
  ])('of %s is 400', async (_, body) => {
    const { status, json } = await server.send('POST /v1/tenants', {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect([status, json?.['code']]).toEqual([400, 'bad_request']);
    expect(server.store.tenant('c')).toBeNull();
  });

  it('that is not UTF-8 is 400', async () => {
    const body = Buffer.from('7b226e616d65223a22ff227d', 'hex');
    const { status } = await server.send('POST /v1/tenants', { body, headers: { 'content-type': 'application/json' } });
    expect(status).toBe(400);
  });

  it('with __proto__ deep inside is 400 too', async () => {
    const body = '{"items":{"a":"b","__proto__":"c"}}';
    const headers = { 'content-type': 'application/json' };
    expect((await server.send('PUT /v1/tenants/a/config/p', { body, headers })).status).toBe(400);
  });

  it('says every fault with its place', async () => {
    const { json } = await server.send('PUT /v1/tenants/a/limits', { body: { cpu_ms: 0, memory_mb: 9_999, cpu: 1 } });
    expect(json?.['errors']).toEqual([
      'body: cpu_ms: must be a whole number from 1 to 10000',
      'body: memory_mb: must be a whole number from 1 to 1024',
      'body: Unrecognized key: "cpu"',
    ]);
  });

  it.each([
    ['PUT /v1/tenants/a/keys', { required: ['short'], keys: [] }],
    ['PUT /v1/tenants/a/keys', { required: [], keys: [{ kty: 'OKP', d: 'private' }] }],
    ['PUT /v1/tenants/a/keys', { required: [], keys: [{ kty: 'oct', k: 'shared' }] }],
    ['PUT /v1/tenants/a/keys', { required: [], keys: [{}] }],
    ['PUT /v1/tenants/a/backends', { allow: ['10.0.0.0'] }],
    ['PUT /v1/tenants/a/backends', { allow: ['example.com/8'] }],
    ['PUT /v1/tenants/a/canary', { version: 1, percent: 0 }],
    ['PUT /v1/tenants/a/canary', { version: 1, percent: 100 }],
    ['PUT /v1/tenants/a/canary', { version: 1, percent: 5, maxCostFactor: 1 }],
    ['POST /v1/tenants/a/activate', { version: 1, accept: 'all' }],
    ['POST /v1/tenants/a/activate', { version: '1' }],
    ['POST /v1/tenants/a/rollback', { version: 1 }],
  ])('%s refuses %j', async (line, body) => {
    const { status, text } = await server.send(line, { body });
    expect(status).toBe(400);
    expect(text).not.toMatch(/"(private|shared)"/);
  });
});

describe('what comes with a body', () => {
  it.each([
    ['no type', {}],
    ['another type', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a coding', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
  ])('%s is 415', async (_, headers) => {
    const { status } = await server.send('POST /v1/tenants', { body: '{"name":"c"}', headers });
    expect(status).toBe(415);
  });

  it('says which type would be taken', async () => {
    const { headers } = await server.send('POST /v1/tenants', { body: 'x', headers: { 'content-type': 'text/html' } });
    expect(headers['accept']).toBe('application/json');
  });

  it('a type may have parameters and capitals', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=UTF-8' };
    expect((await server.send('POST /v1/tenants/a/purge', { body: '{"all":true}', headers })).status).toBe(200);
  });

  it('no length is 411', async () => {
    const answer = await server.raw(
      server.head('POST /v1/tenants', '\nContent-Type: application/json\nTransfer-Encoding: chunked'),
      '2\r\n{}\r\n0\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 411 /);
  });

  it('a length above the limit is 413, before a byte is sent, and the connection ends', async () => {
    const answer = await server.raw(
      server.head('POST /v1/tenants', '\nContent-Type: application/json\nContent-Length: 262145'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('"code":"too_large"');
  });

  it('a body that is refused unread does not keep its sender from the answer', async () => {
    const { status } = await server.send('POST /v1/tenants', {
      body: 'x'.repeat(4 * 1024 * 1024),
      headers: { 'content-type': 'application/json' },
    });
    expect(status).toBe(413);
  });

  it('a body where none is taken is 400', async () => {
    expect((await server.send('DELETE /v1/tenants/a', { body: 'x', headers: octets })).status).toBe(400);
    expect((await server.send('GET /v1/tenants', { body: {} })).status).toBe(400);
  });

  it('a body that comes too slowly is 408', async () => {
    const answer = await server.raw(
      server.head('POST /v1/tenants', '\nContent-Type: application/json\nContent-Length: 10'),
      '{"na',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('a sender that leaves changes nothing and holds nothing', async () => {
    const client = await RawClient.open(server);
    client.send(
      `${server.head('POST /v1/tenants', '\nContent-Type: application/json\nContent-Length: 99')}\n\n`.replaceAll(
        '\n',
        '\r\n',
      ),
    );
    client.send('{"name":"c"');
    client.socket.destroy();
    expect((await server.send('GET /v1/tenants/c')).status).toBe(404);
  });
});

describe('header fields', () => {
  it.each([
    ['two tokens', '\nAuthorization: Bearer x'],
    ['two keys', '\nIdempotency-Key: a\nIdempotency-Key: b'],
    ['an empty key', '\nIdempotency-Key: '],
    ['a key with blanks', '\nIdempotency-Key: a b'],
    ['a key that is too long', `\nIdempotency-Key: ${'k'.repeat(256)}`],
    ['two hosts', '\nHost: other'],
    ['a condition that is none', '\nIf-Match: 1'],
    ['a condition by date', '\nIf-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT'],
  ])('with %s are 400', async (_, more) => {
    expect(await server.raw(server.head('DELETE /v1/tenants/nobody', more))).toMatch(/^HTTP\/1\.1 400 /);
  });

  it.each(['', 'a b', 'user@localhost', '127.1', 'localhost:99999', '%6cocalhost'])('Host: %s is 400', async (host) => {
    const answer = await server.raw(`GET /v1/openapi.json HTTP/1.1\nHost: ${host}\nConnection: close`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('that are too many bytes are 431', async () => {
    expect(await server.raw(server.head('GET /v1/whoami', `\nX: ${'x'.repeat(80_000)}`))).toMatch(/^HTTP\/1\.1 431 /);
  });

  it.each([
    ['*/*', 200],
    ['application/*', 200],
    ['text/html, application/json;q=0.5', 200],
    ['text/html', 406],
    ['application/json;q=0, */*', 406],
    ['*/*;q=0', 406],
    ['', 200],
  ])('Accept: %s is %i', async (accept, status) => {
    expect((await server.send('GET /v1/whoami', { headers: { accept } })).status).toBe(status);
  });

  it('Accept does not matter where there is nothing to answer', async () => {
    const headers = { accept: 'text/html', 'content-type': 'application/octet-stream' };
    expect((await server.send('PUT /v1/tenants/a/secrets/S', { body: 'x', headers })).status).toBe(204);
  });
});
