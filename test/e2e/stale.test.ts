/** What the cache keeps, in place of a guest or an origin that fails. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guest, REQUEST } from '../guests.ts';
import { Admin } from './admin.ts';
import { startEdge, type Edge } from './edge.ts';

/** What the origin says of paths to caches; of others, that they may be kept for a minute. */
const RULES: ReadonlyMap<string, string> = new Map([
  ['/strict', 'max-age=60, must-revalidate'],
  ['/validated', 'max-age=60, no-cache'],
]);

let origin: Server;
let isUp = true;
let asked = 0;

beforeAll(async () => {
  origin = createServer(({ url }, response) => {
    asked += 1;
    const control = RULES.get(url ?? '') ?? 'max-age=60';
    if (isUp) response.writeHead(200, { 'cache-control': control, etag: '"s"' }).end('from the origin');
    else response.destroy();
  }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
});
afterAll(() => origin.closeAllConnections());

/** Goes on to the origin, and traps where the client asks for that. */
const TRAPS = guest((text) => ({
  handle: `(if (i64.ne (call $values ${REQUEST} ${text('x-trap')} (i32.const 0) (i32.const 16)) (i64.const 0)) (then unreachable))
    (i64.const 1)`,
}));

describe.each([1, 2])('on %i data threads, what is stored', (threads) => {
  let edge: Edge;
  beforeAll(async () => {
    isUp = true;
    const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
    const manifest = `origin = "main"\n[backends.main]\nurl = "${url}"\n[[on_failure]]\nserve = ["stale"]`;
    const flags = ['--allow-backend', '127.0.0.0/8', '--threads', String(threads)];
    edge = await startEdge({ apps: { app: { module: TRAPS, manifest }, other: { module: TRAPS, manifest } }, flags });
  });
  afterAll(() => edge.stop());

  it('serves when the guest fails, fresh or made stale, and what failed stays to be seen', async () => {
    const trap = { 'x-trap': '1' };
    expect((await edge.fetch('app', '/a', { headers: trap })).status).toBe(500);
    await edge.fetch('app', '/a');
    const before = asked;
    for (const soft of [false, true]) {
      if (soft) await (await Admin.of(edge)).change('POST', '/tenants/app/purge', { json: { all: true, soft } });
      const { status, text, headers } = await edge.fetch('app', '/a', { headers: trap });
      expect([status, text, headers['kerb-served']]).toEqual([200, 'from the origin', 'stale']);
      expect(headers['kerb-outcome']).toBe('guest_trap');
    }
    expect((await edge.fetch('app', '/a', { headers: { ...trap, 'if-none-match': '"s"' } })).status).toBe(304);
    expect((await edge.fetch('other', '/a', { headers: trap })).status).toBe(500);
    expect((await edge.fetch('app', '/b', { headers: trap })).status).toBe(500);
    expect(asked).toBe(before);
  });

  it('never serves what must be validated, nor stale what then must', async () => {
    const trap = { 'x-trap': '1' };
    const statusOf = async (path: string): Promise<number> => (await edge.fetch('app', path, { headers: trap })).status;
    for (const path of RULES.keys()) expect((await edge.fetch('app', path)).status).toBe(200);
    expect([await statusOf('/strict'), await statusOf('/validated')]).toEqual([200, 500]);
    await (await Admin.of(edge)).change('POST', '/tenants/app/purge', { json: { all: true, soft: true } });
    expect([await statusOf('/strict'), await statusOf('/validated')]).toEqual([500, 500]);
  });

  it('serves when the origin is gone, also beyond what a cache alone would serve', async () => {
    await edge.fetch('app', '/c');
    await (await Admin.of(edge)).change('POST', '/tenants/app/purge', { json: { all: true, soft: true } });
    isUp = false;
    const { status, text } = await edge.fetch('app', '/c');
    expect([status, text]).toEqual([200, 'from the origin']);
    expect((await edge.fetch('app', '/d')).status).toBe(502);
  });
});
