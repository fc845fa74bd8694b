import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ControlListener } from '../../../src/control/control-listener.ts';
import { KerbError } from '../../../src/errors.ts';
import { RawClient } from '../../e2e/raw-client.ts';

let health: 'starting' | 'ok' | 'draining';
let metrics: () => Promise<string>;
let listener: ControlListener;
let port: number;

beforeEach(async () => {
  [health, metrics] = ['ok', () => Promise.resolve('kerb_x 1\n')];
  listener = new ControlListener({ health: () => health, api: () => null, metrics: () => metrics() });
  ({ port } = await listener.listen('127.0.0.1', 0));
});
afterEach(() => listener.close());

async function ask(
  path: string,
  method: 'GET' | 'HEAD' | 'POST' = 'GET',
): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  const response = await request(`http://127.0.0.1:${port}${path}`, { method });
  return { status: response.statusCode, text: await response.body.text(), headers: response.headers };
}

describe('/healthz', () => {
  it('is 200 while the edge serves, and 503 while it starts or drains', async () => {
    health = 'starting';
    expect(await ask('/healthz')).toMatchObject({ status: 503, text: 'starting\n' });
    health = 'ok';
    expect(await ask('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
    health = 'draining';
    expect(await ask('/healthz?x')).toMatchObject({ status: 503, text: 'draining\n' });
  });

  it('answers HEAD without a body', async () => {
    expect(await ask('/healthz', 'HEAD')).toMatchObject({ status: 200, text: '' });
  });
});

describe('/metrics', () => {
  it('is the text of Prometheus, never cached', async () => {
    const { status, text, headers } = await ask('/metrics');
    expect([status, text]).toEqual([200, 'kerb_x 1\n']);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(headers['cache-control']).toBe('no-store');
  });

  it('that cannot be made ends the connection, and the listener goes on', async () => {
    metrics = () => Promise.reject(new Error('no thread'));
    await expect(ask('/metrics')).rejects.toThrow(/closed|socket/);
    expect((await ask('/healthz')).status).toBe(200);
  });
});

describe('anything else', () => {
  it.each(['/', '/metrics/', '//', '//host/healthz', '/healthz/..', '/%2e', '/METRICS'])('%s is 404', async (path) => {
    const client = await RawClient.open({ port });
    client.send(`GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('than reading is 405, and says what is allowed', async () => {
    const { status, headers } = await ask('/healthz', 'POST');
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD']);
  });
});

describe('listening', () => {
  it('on a name answers the address in digits', async () => {
    const other = new ControlListener({ health: () => health, api: () => null, metrics });
    const { address } = await other.listen('localhost', 0);
    expect(address).toMatch(/^(127\.0\.0\.1|::1)$/);
    await other.close();
  });

  it('on a port that is taken says so, and which flag helps', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const other = new ControlListener({ health: () => health, api: () => null, metrics });
    const listening = other.listen('127.0.0.1', (taken.address() as AddressInfo).port);
    await expect(listening).rejects.toBeInstanceOf(KerbError);
    await expect(listening).rejects.toMatchObject({
      code: 'cannot_listen',
      message: expect.stringContaining('--control-port') as string,
    });
    taken.close();
  });

  it('ends at once, open connections included', async () => {
    const client = await RawClient.open({ port });
    await listener.close();
    expect(await client.closed()).toBe('');
  });
});
