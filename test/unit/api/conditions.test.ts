import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tagList } from '../../../src/api/headers.ts';
import { ApiServer, WASM, WASM_TYPE, type Reply } from './api-server.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server.stop());

const OCTETS = { 'content-type': 'application/octet-stream' };
const revision = (): number => server.plane.tenant('a').revision;
const change = (condition: string): Promise<Reply> =>
  server.send('PUT /v1/tenants/a/limits', { body: { cpu_ms: 10 }, headers: { 'if-match': condition } });

describe('If-Match', () => {
  it('lets a change through at the revision that it names, and the answer names the next', async () => {
    const now = revision();
    const { status, headers } = await change(`"${now}"`);
    expect([status, headers['etag']]).toEqual([200, `"${now + 1}"`]);
  });

  it('stops a change at any other', async () => {
    const now = revision();
    for (const condition of [`"${now - 1}"`, `"${now + 1}"`, `"0${now}"`, '"x"', '""', '"-1"', '"1e0"']) {
      const { status, json } = await change(condition);
      expect([condition, status, json?.['code']]).toEqual([condition, 412, 'precondition_failed']);
    }
    expect(revision()).toBe(now);
  });

  it('may list revisions', async () => {
    expect((await change(`"x", "${revision()}" ,"9999"`)).status).toBe(200);
    expect((await change('"9998", "9999"')).status).toBe(412);
  });

  it('of * fits any revision, and no tenant that is not there', async () => {
    expect((await change('*')).status).toBe(200);
    const headers = { 'if-match': '*' };
    expect((await server.send('DELETE /v1/tenants/nobody', { headers })).status).toBe(404);
  });

  it.each(['W/"1"', '"1", W/"2"', '1', '"1', '"1" "2"', '"a"b"', '*, "1"', '', ','])(
    'of %s is 400',
    async (condition) => {
      expect((await change(condition)).status).toBe(400);
    },
  );

  it('is never passed over', async () => {
    const headers = { 'if-match': '"9999"' };
    expect((await server.send('POST /v1/tenants', { body: { name: 'c' }, headers })).status).toBe(400);
    expect((await server.send('GET /v1/tenants/a', { headers })).status).toBe(400);
    const upload = { body: WASM, headers: { ...WASM_TYPE, ...headers } };
    expect((await server.send('POST /v1/tenants/a/versions', upload)).status).toBe(412);
    expect((await server.send('PUT /v1/tenants/a/domains/x.example', { headers })).status).toBe(412);
    expect((await server.send('DELETE /v1/tenants/a/domains/x.example', { headers })).status).toBe(412);
    expect((await server.send('DELETE /v1/tenants/a', { headers })).status).toBe(412);
    expect(server.plane.deployed).toEqual([]);
  });

  it('lets one of two at the same revision through', async () => {
    const condition = `"${revision()}"`;
    const statuses = (await Promise.all([change(condition), change(condition)])).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 412]);
  });
});

describe('a change of a domain', () => {
  it.each(['PUT', 'DELETE'])('%s keeps to its condition when its turn comes', async (method) => {
    server.store.addDomain({ host: 'd.example', tenant: 'a', createdMs: 1, createdBy: 'op' });
    const headers = { 'if-match': `"${revision()}"` };
    server.plane.beforeDomain = () => void server.store.changeTenant('a', {}, null);
    expect((await server.send(`${method} /v1/tenants/a/domains/d.example`, { headers })).status).toBe(412);
    server.plane.beforeDomain = () => undefined;
    expect(server.store.domain('d.example')).not.toBeNull();
  });
});

describe('If-None-Match', () => {
  it('of the revision that a tenant has is 304', async () => {
    const ask = (tag: string): Promise<Reply> =>
      server.send('GET /v1/tenants/a', { headers: { 'if-none-match': tag } });
    const { status, text, headers } = await ask(`"0", W/"${revision()}"`);
    expect([status, text, headers['etag']]).toEqual([304, '', `"${revision()}"`]);
    expect((await ask('*')).status).toBe(304);
    expect((await ask('"0"')).status).toBe(200);
    expect((await ask('nonsense')).status).toBe(200);
  });

  it('of a change that does not look at it is 400', async () => {
    const headers = { 'if-none-match': '*' };
    expect((await server.send('PUT /v1/tenants/a/domains/x.example', { headers })).status).toBe(400);
    await server.send('PUT /v1/tenants/a/kv/s/kept', { headers: OCTETS, body: 'x' });
    const deleted = await server.send('DELETE /v1/tenants/a/kv/s/kept', { headers });
    expect([deleted.status, deleted.json?.['detail']]).toEqual([
      400,
      expect.stringContaining('if-none-match') as string,
    ]);
    expect((await server.send('GET /v1/tenants/a/kv/s/kept')).text).toBe('x');
  });
});

describe('a list of entity tags', () => {
  it.each([
    ['*', '*'],
    [' * ', '*'],
    ['"1"', [{ weak: false, tag: '1' }]],
    [
      'W/"a,b" , "c"',
      [
        { weak: true, tag: 'a,b' },
        { weak: false, tag: 'c' },
      ],
    ],
    ['w/"1"', null],
    ['"1";', null],
    ['"\u0001"', null],
  ])('%s', (text, list) => {
    expect(tagList(text)).toEqual(list);
  });

  it('of any length is read in linear time', () => {
    const started = performance.now();
    expect(tagList('"1",'.repeat(20_000))).toHaveLength(20_000);
    expect(tagList(`"1${' '.repeat(60_000)}`)).toBeNull();
    expect(tagList(`"1"${' '.repeat(60_000)}x`)).toBeNull();
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
