import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BODY_LIMITS } from '../../../src/api/limits.ts';
import { ApiServer, type Reply } from './api-server.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server.stop());

const octets = { 'content-type': 'application/octet-stream' };
const plain = { 'content-type': 'text/plain' };
const kv = (key: string): string => `/v1/tenants/a/kv/s/${encodeURIComponent(key)}`;
const put = (key: string, headers: Record<string, string> = {}, query = '', body: unknown = 'v'): Promise<Reply> =>
  server.send(`PUT ${kv(key)}${query}`, { token: server.deployer, body, headers: { ...octets, ...headers } });

describe('a key-value entry', () => {
  it('is bytes, with a generation that counts its writes', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
    expect((await put('bytes', {}, '', bytes)).headers['kerb-generation']).toBe('1');
    expect((await put('bytes', {}, '', bytes)).headers['etag']).toBe('"2"');
    const { bytes: back, headers } = await server.send(`GET ${kv('bytes')}`);
    expect(new Uint8Array(back)).toEqual(bytes);
    expect(headers).toMatchObject({ 'kerb-generation': '2', etag: '"2"', 'content-type': 'application/octet-stream' });
  });

  it('may be empty, and is then there', async () => {
    await put('empty', {}, '', '');
    expect(await server.send(`GET ${kv('empty')}`)).toMatchObject({ status: 200, text: '' });
  });

  it('is not sent to who has it', async () => {
    await put('seen');
    const { status, text } = await server.send(`GET ${kv('seen')}`, { headers: { 'if-none-match': 'W/"1"' } });
    expect([status, text]).toEqual([304, '']);
  });

  it.each([
    ['{"a": "b"}', '{"a": "b"}', '{"a":%20"b"}'],
    ['100%25', '100%', '100%25'],
    ['%0d%0aset-cookie: x', '\r\nset-cookie: x', '%0D%0Aset-cookie:%20x'],
    ['%c3%bc', 'ü', '%C3%BC'],
  ])('has metadata: %s', async (sent, kept, shown) => {
    expect((await put('meta', { 'kerb-metadata': sent })).status).toBe(204);
    expect(server.store.kv('a', 's', 'meta', Date.now())?.metadata).toBe(kept);
    const { headers } = await server.send(`GET ${kv('meta')}`);
    expect([headers['kerb-metadata'], headers['set-cookie']]).toEqual([shown, undefined]);
  });

  it.each(['%', '%zz', '%ff', 'a'.repeat(3_073)])('refuses the metadata %s', async (metadata) => {
    expect((await put('bad', { 'kerb-metadata': metadata })).status).toBe(400);
  });

  it('ends after its ttl', async () => {
    await put('short', {}, '?ttl=100');
    const entry = server.store.kv('a', 's', 'short', Date.now());
    expect((entry?.expiresMs ?? 0) - Date.now()).toBeGreaterThan(90_000);
    for (const ttl of ['0', '-1', '1.5', 'x', '999999999999']) {
      expect((await put('short', {}, `?ttl=${ttl}`)).status).toBe(400);
    }
  });

  it('is written only at the generation that is asked for', async () => {
    await put('guarded');
    expect((await put('guarded', { 'if-match': '"2"' })).status).toBe(412);
    expect((await put('guarded', { 'if-match': '"0"' })).status).toBe(412);
    expect((await put('guarded', { 'if-match': '"x"' })).status).toBe(412);
    expect((await put('guarded', { 'if-match': '"1"' })).headers['etag']).toBe('"2"');
    expect((await put('guarded', { 'if-none-match': '*' })).status).toBe(412);
    expect((await put('first', { 'if-none-match': '*' })).status).toBe(204);
    expect((await put('guarded', { 'if-match': '"1", "2"' })).status).toBe(400);
    expect((await put('guarded', { 'if-none-match': '"1"' })).status).toBe(400);
    expect((await put('guarded', { 'if-none-match': '*', 'if-match': '"2"' })).status).toBe(400);
  });

  it('is deleted once, and only at its generation', async () => {
    await put('gone');
    const remove = (headers = {}): Promise<Reply> => server.send(`DELETE ${kv('gone')}`, { headers });
    expect((await remove({ 'if-match': '"7"' })).status).toBe(412);
    expect((await remove({ 'if-match': '"1"' })).status).toBe(204);
    expect((await remove()).status).toBe(404);
    expect((await server.send(`GET ${kv('gone')}`)).status).toBe(404);
  });

  it('has a key of any text that an address can name', async () => {
    for (const key of ['a/b', 'ü', '%', '?x=1', '#', ' ', '...', 'a'.repeat(512)]) {
      expect((await put(key, {}, '', key)).status).toBe(204);
      expect((await server.send(`GET ${kv(key)}`)).text).toBe(key);
    }
  });

  it('is listed by prefix, in parts, without its value', async () => {
    for (const key of ['p/1', 'p/2', 'q/1']) await put(key, {}, '', 'a hidden value');
    const first = await server.send('GET /v1/tenants/a/kv/s?prefix=p%2F&limit=1');
    expect(first.json).toMatchObject({ items: [{ key: 'p/1', generation: 1, metadata: null, expiresMs: null }] });
    const cursor = encodeURIComponent(String(first.json?.['next']));
    const second = await server.send(`GET /v1/tenants/a/kv/s?prefix=p%2F&limit=1&cursor=${cursor}`);
    expect(second.json).toMatchObject({ items: [{ key: 'p/2' }] });
    expect(first.text).not.toContain('hidden');
  });

  it('that is too large is 413', async () => {
    expect((await put('large', {}, '', Buffer.alloc(BODY_LIMITS.kvValue + 1))).status).toBe(413);
  });

  it('of another tenant is another', async () => {
    await put('own', {}, '', 'of a');
    const path = '/v1/tenants/b/kv/s/own';
    expect((await server.send(`GET ${path}`, { token: server.stranger })).status).toBe(404);
    expect((await server.send(`GET ${path}`, { token: server.deployer })).status).toBe(403);
  });

  it('of a tenant that is not there is 404', async () => {
    expect((await server.send('PUT /v1/tenants/none/kv/s/k', { body: 'v', headers: octets })).status).toBe(404);
  });
});

describe('a config store', () => {
  it('is replaced whole', async () => {
    const replace = (items: Record<string, string>): Promise<Reply> =>
      server.send('PUT /v1/tenants/a/config/c', { body: { items } });
    await replace({ a: '1', b: '2' });
    expect((await replace({ b: '3', constructor: '4' })).json).toEqual({ items: { b: '3', constructor: '4' } });
    expect((await server.send('GET /v1/tenants/a/config/c/a')).status).toBe(404);
  });

  it('is changed only at the revision that is asked for', async () => {
    const { revision } = server.plane.tenant('a');
    const change = (tag: number): Promise<Reply> =>
      server.send('PUT /v1/tenants/a/config/c/k', { body: 'v', headers: { ...plain, 'if-match': `"${tag}"` } });
    expect((await change(revision + 1)).status).toBe(412);
    expect((await change(revision)).status).toBe(204);
  });

  it('has text, as UTF-8 only', async () => {
    const body = 'ü\r\n<script>';
    await server.send('PUT /v1/tenants/a/config/c/t', { body, headers: plain });
    const { text, headers } = await server.send('GET /v1/tenants/a/config/c/t');
    expect([text, headers['content-type']]).toEqual([body, 'text/plain; charset=utf-8']);
    const bad = await server.send('PUT /v1/tenants/a/config/c/t', { body: Uint8Array.of(0xff), headers: plain });
    expect(bad.status).toBe(400);
  });

  it('has no key to delete twice', async () => {
    await server.send('PUT /v1/tenants/a/config/c/d', { body: 'v', headers: plain });
    expect((await server.send('DELETE /v1/tenants/a/config/c/d')).status).toBe(204);
    expect((await server.send('DELETE /v1/tenants/a/config/c/d')).status).toBe(404);
  });

  it('with too many or too long values is refused', async () => {
    const items = Object.fromEntries(Array.from({ length: 501 }, (_, place) => [`k${place}`, '']));
    expect((await server.send('PUT /v1/tenants/a/config/c', { body: { items } })).status).toBe(400);
    const long = { items: { k: 'v'.repeat(BODY_LIMITS.configValue + 1) } };
    expect((await server.send('PUT /v1/tenants/a/config/c', { body: long })).status).toBe(400);
  });
});

describe('a secret', () => {
  it('is set, named, and never told', async () => {
    const body = Uint8Array.of(0, 255, 1);
    const asked = { token: server.deployer, body, headers: octets };
    expect((await server.send('PUT /v1/tenants/a/secrets/KEY', asked)).status).toBe(204);
    expect(new Uint8Array(server.store.secret('a', 'KEY') ?? [])).toEqual(body);
    expect((await server.send('GET /v1/tenants/a/secrets')).json).toEqual({ items: ['KEY'], next: null });
    expect((await server.send('GET /v1/tenants/a/secrets/KEY')).status).toBe(405);
  });

  it('is not there to delete twice', async () => {
    await server.send('PUT /v1/tenants/a/secrets/OLD', { body: 'x', headers: octets });
    expect((await server.send('DELETE /v1/tenants/a/secrets/OLD')).status).toBe(204);
    expect((await server.send('DELETE /v1/tenants/a/secrets/OLD')).status).toBe(404);
  });

  it('leaves no stored answer behind, even with an idempotency key', async () => {
    const headers = { ...octets, 'idempotency-key': 'secret-1' };
    for (const body of ['first', 'second']) {
      expect((await server.send('PUT /v1/tenants/a/secrets/TWICE', { body, headers })).status).toBe(204);
    }
    expect(Buffer.from(server.store.secret('a', 'TWICE') ?? []).toString()).toBe('second');
    expect(server.store.answer('/op', 'secret-1', 0)).toBeNull();
  });

  it('that is too large is 413', async () => {
    const body = Buffer.alloc(BODY_LIMITS.secret + 1);
    expect((await server.send('PUT /v1/tenants/a/secrets/BIG', { body, headers: octets })).status).toBe(413);
  });
});
