import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawClient } from '../../e2e/raw-client.ts';
import { ApiServer, WASM, WASM_TYPE, type Reply } from './api-server.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server.stop());

describe('a connection', () => {
  it('is kept for the next request, also after a refusal', async () => {
    const client = await RawClient.open(server);
    const fields = `Host: localhost\r\nAuthorization: Bearer ${server.operator}\r\n`;
    client.send(`GET /v1/whoami HTTP/1.1\r\n${fields}\r\nGET /v1/nothing HTTP/1.1\r\n${fields}\r\n`);
    client.send(`GET /v1/whoami HTTP/1.1\r\n${fields}Connection: close\r\n\r\n`);
    await client.closed();
    expect(client.statuses).toEqual([200, 404, 200]);
  });

  it('of a reader who does not read ends', async () => {
    const slow = await ApiServer.start({ answerMs: 100 });
    slow.store.putKv('a', 's', 'k', { value: Buffer.alloc(24 * 1024 * 1024), metadata: null, expiresMs: null }, 0);
    const response = await slow.open('GET /v1/tenants/a/kv/s/k');
    response.pause();
    const closed = Promise.withResolvers<void>();
    response.on('close', closed.resolve).on('error', () => undefined);
    await expect.poll(() => slow.connections()).toBe(0);
    response.resume();
    await closed.promise;
    expect(response.complete).toBe(false);
    await slow.stop();
  });
});

describe('answers that are not read', () => {
  it('are bounded in bytes, and readers of others go on', async () => {
    const small = await ApiServer.start({ bodyBytesPerCaller: 40 * 1024 * 1024 });
    small.store.putKv('a', 's', 'k', { value: Buffer.alloc(24 * 1024 * 1024), metadata: null, expiresMs: null }, 0);
    const ask = (token: string): ReturnType<ApiServer['open']> => small.open('GET /v1/tenants/a/kv/s/k', { token });
    const unread = await ask(small.reader);
    unread.pause().on('error', () => undefined);
    const refused = await small.send('GET /v1/tenants/a/kv/s/k', { token: small.reader });
    expect([refused.status, refused.json?.['code']]).toEqual([429, 'rate_limited']);
    expect((await small.send('GET /v1/tenants/a/kv/s/k')).bytes).toHaveLength(24 * 1024 * 1024);
    unread.destroy();
    const status = async (): Promise<number> =>
      (await small.send('GET /v1/tenants/a/kv/s/k', { token: small.reader })).status;
    await expect.poll(status).toBe(200);
    await small.stop();
  });

  it('count as under way', async () => {
    const small = await ApiServer.start({ requests: 1 });
    small.store.putKv('a', 's', 'k', { value: Buffer.alloc(24 * 1024 * 1024), metadata: null, expiresMs: null }, 0);
    const unread = await small.open('GET /v1/tenants/a/kv/s/k');
    unread.pause().on('error', () => undefined);
    expect((await small.send('GET /v1/whoami')).status).toBe(429);
    unread.destroy();
    await expect.poll(async () => (await small.send('GET /v1/whoami')).status).toBe(200);
    await small.stop();
  });
});

describe('how much may be under way', () => {
  it('is bounded in requests', async () => {
    const small = await ApiServer.start({ requests: 1 });
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    small.plane.beforeDeploy = () => (entered.resolve(), gate.promise);
    const first = small.send('POST /v1/tenants/a/versions', { body: WASM, headers: WASM_TYPE });
    await entered.promise;
    const { status, headers } = await small.send('GET /v1/whoami');
    expect([status, headers['retry-after']]).toEqual([429, '1']);
    gate.resolve();
    expect((await first).status).toBe(201);
    expect((await small.send('GET /v1/whoami')).status).toBe(200);
    await small.stop();
  });

  it('is bounded in bytes', async () => {
    const small = await ApiServer.start({ bodyBytesInAll: 12 });
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    small.plane.beforeDeploy = () => (entered.resolve(), gate.promise);
    const upload = (): ReturnType<ApiServer['send']> =>
      small.send('POST /v1/tenants/a/versions', { body: WASM, headers: WASM_TYPE });
    const first = upload();
    await entered.promise;
    expect((await upload()).status).toBe(429);
    expect((await small.send('GET /v1/whoami')).status).toBe(200);
    gate.resolve();
    expect((await first).status).toBe(201);
    expect((await upload()).status).toBe(201);
    await small.stop();
  });

  it('is bounded for one tenant, so that others go on', async () => {
    const small = await ApiServer.start({ requestsPerCaller: 2, bodyBytesPerCaller: 12 });
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    small.plane.beforeDeploy = () => (entered.resolve(), gate.promise);
    const upload = (tenant: string, token: string): Promise<Reply> =>
      small.send(`POST /v1/tenants/${tenant}/versions`, { token, body: WASM, headers: WASM_TYPE });
    const first = upload('a', small.deployer);
    await entered.promise;
    expect((await upload('a', small.deployer)).status).toBe(429);
    expect((await small.send('GET /v1/tenants/a', { token: small.reader })).status).toBe(200);
    const others = [upload('b', small.stranger), upload('a', small.operator)];
    gate.resolve();
    expect((await Promise.all([first, ...others])).map(({ status }) => status)).toEqual([201, 201, 201]);
    expect((await upload('a', small.deployer)).status).toBe(201);
    await small.stop();
  });

  it('ends when the server shuts down, after what is under way', async () => {
    const closing = await ApiServer.start();
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    closing.plane.beforeDeploy = () => (entered.resolve(), gate.promise);
    const first = closing.send('POST /v1/tenants/a/versions', { body: WASM, headers: WASM_TYPE });
    await entered.promise;
    let closed = false;
    const over = closing.api.close().then(() => (closed = true));
    const { status, json } = await closing.send('GET /v1/whoami');
    expect([status, json?.['code'], closed]).toEqual([503, 'draining', false]);
    gate.resolve();
    expect((await first).status).toBe(201);
    await over;
    await closing.stop();
  });
});

describe('refusals whose senders go on sending', () => {
  /** So many requests without a token, each with a body that does not come. */
  async function flood(port: number, count: number): Promise<RawClient[]> {
    const clients = await Promise.all(Array.from({ length: count }, () => RawClient.open({ port })));
    for (const client of clients)
      client.send('POST /v1/tenants HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n');
    return clients;
  }

  it('keep nobody out who has a token', async () => {
    const small = await ApiServer.start({ requests: 2, lingerMs: 60_000 });
    const clients: RawClient[] = [];
    for (let client = 0; client < 10; client++) {
      const [next] = await flood(small.port, 1);
      await next?.until((received) => received.includes(' 401 '));
      if (next !== undefined) clients.push(next);
    }
    expect((await small.send('GET /v1/whoami')).status).toBe(200);
    for (const client of clients) client.leave();
    await small.stop();
  });

  it('are bounded: the next is broken off without a word', async () => {
    const small = await ApiServer.start({ refusals: 2, lingerMs: 60_000 });
    const first = await flood(small.port, 2);
    for (const client of first) await client.until(() => client.statuses.includes(401));
    const [next] = await flood(small.port, 1);
    expect(await next?.closed()).toBe('');
    expect((await small.send('GET /v1/whoami')).status).toBe(200);
    for (const client of first) client.leave();
    await expect.poll(async () => (await small.send('GET /v1/nothing')).status).toBe(404);
    await small.stop();
  });

  it('are waited for when the server shuts down', async () => {
    const closing = await ApiServer.start({ lingerMs: 60_000 });
    const [client] = await flood(closing.port, 1);
    await client?.until((received) => received.includes('401'));
    let closed = false;
    const over = closing.api.close().then(() => (closed = true));
    expect((await closing.send('GET /v1/whoami')).status).toBe(503);
    expect(closed).toBe(false);
    client?.leave();
    await over;
    await closing.stop();
  });
});
