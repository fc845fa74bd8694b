/** The cache under attack: by clients, by origins and by tenants that want each other's answers or the process's memory. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_ORPHANED_FETCHES } from '../../src/cache/limits.ts';
import { Admin } from '../e2e/admin.ts';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { RawClient } from '../e2e/raw-client.ts';
import { PASS_GUEST } from '../guests.ts';
import { besideBystander, untilMetric } from './bystander.ts';
import { BYSTANDER } from './guests.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const FRESH = { 'cache-control': 'max-age=600' };
const BOMB = gzipSync(Buffer.alloc(64 * 2 ** 20));

/** Answers by the first segment of the path. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  hang: () => undefined,
  tagged: (request, response) => response.writeHead(200, { ...FRESH, 'cache-tag': 'all' }).end(request.url),
  large: (_, response) => response.writeHead(200, FRESH).end(Buffer.alloc(100_000, 'x')),
  bomb: (_, response) => response.writeHead(200, { ...FRESH, 'content-encoding': 'gzip' }).end(BOMB),
  vary: (request, response) => response.writeHead(200, { ...FRESH, vary: 'X-Any' }).end(request.headers['x-any']),
  split: (_, response) => response.writeHead(200, { ...FRESH, 'x-echo': 'a' }).end('whole'),
  cut: (_, response) =>
    response.writeHead(200, { ...FRESH, 'content-length': '100' }).write('half', () => response.destroy()),
  tags: (_, response) => response.writeHead(200, { ...FRESH, 'surrogate-key': tagsOfLength(15_000) }).end('x'),
};

let origin: Server;
let asked = 0;
let edge: Edge;

function tagsOfLength(chars: number): string {
  return 'k '.repeat(chars / 2);
}

function app(url: string, limits = ''): TestApp {
  const manifest = `origin = "main"\n[backends.main]\nurl = "${url}"\n[limits]\nconcurrency = 1000\n${limits}`;
  return { module: PASS_GUEST, manifest };
}

beforeAll(async () => {
  origin = createServer((request, response) => {
    asked += 1;
    ANSWERS[request.url?.split(/[/?]/)[1] ?? '']?.(request, response);
  }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const apps = { bystander: BYSTANDER, victim: app(url), thief: app(url), greedy: app(url, 'cache_mb = 2') };
  edge = await startEdge({ apps, flags: ['--allow-backend', '127.0.0.0/8', '--threads', '2', '--cache', '16'] });
});

afterAll(async () => {
  await edge.stop();
  origin.closeAllConnections();
  origin.close();
});

async function heldOf(tenant: string): Promise<{ entries: number; bytes: number }> {
  const { body } = await (await Admin.of(edge)).change('GET', `/tenants/${tenant}/cache`);
  return body as { entries: number; bytes: number };
}

describe('clients', () => {
  it('who ask and leave have the origin work on for so many of them only', async () => {
    const clients = Array.from({ length: 200 }, (_, i) => new RawClient(edge).get('thief.localhost', `/hang/${i}`));
    await untilMetric(edge, 'kerb_requests_in_flight{tenant="thief"}', (requests) => requests === 200);
    await expect.poll(() => connectionsOf(origin), { timeout: 10_000 }).toBeGreaterThan(MAX_ORPHANED_FETCHES * 2);
    for (const client of clients) client.leave();
    await untilMetric(edge, 'kerb_requests_in_flight{tenant="thief"}', (requests) => requests === 0);
    await expect
      .poll(() => connectionsOf(origin), { timeout: 10_000 })
      .toBeLessThanOrEqual(MAX_ORPHANED_FETCHES * 2 + 4);
  });

  it('who vary what an origin varies on fill no more than so many variants', async () => {
    for (let i = 0; i < 200; i++) await edge.fetch('thief', '/vary', { headers: { 'x-any': `${i}` } });
    expect((await heldOf('thief')).entries).toBeLessThan(70);
    expect((await edge.fetch('thief', '/vary', { headers: { 'x-any': '199' } })).text).toBe('199');
  });

  it('who ask for ever new URLs push out their own tenant’s answers, and nobody else’s', async () => {
    await edge.fetch('victim', '/tagged/kept');
    await besideBystander(edge, async () => {
      for (let i = 0; i < 80; i += 8)
        await Promise.all(Array.from({ length: 8 }, (_, j) => edge.fetch('greedy', `/large/${i + j}`)));
    });
    expect((await heldOf('greedy')).bytes).toBeLessThanOrEqual(2 * 2 ** 20);
    const before = asked;
    await edge.fetch('victim', '/tagged/kept');
    expect(asked).toBe(before);
  });
});

describe('an origin', () => {
  it('whose answer is a bomb has it stored and sent as it is, packed', async () => {
    await besideBystander(edge, async () => {
      for (let i = 0; i < 4; i++) {
        const { body, headers } = await edge.fetch('thief', '/bomb', { headers: { 'accept-encoding': 'gzip' } });
        expect([headers['content-encoding'], body.length]).toEqual(['gzip', BOMB.length]);
      }
    });
    expect((await heldOf('thief')).bytes).toBeLessThan(2 ** 20);
  });

  it('that breaks off leaves nothing that looks whole', async () => {
    for (let i = 0; i < 3; i++) await expect(edge.fetch('thief', '/cut')).rejects.toThrow(/./);
  });

  it('with more tags than are kept is answered, and stored under none', async () => {
    const { entries } = await heldOf('thief');
    expect((await edge.fetch('thief', '/tags')).status).toBe(200);
    expect((await heldOf('thief')).entries).toBeLessThanOrEqual(entries + 1);
  });
});

it('a request to itself waits for no answer that waits for it', async () => {
  const manifest = `hosts = ["127.0.0.1", "loop.localhost"]\norigin = "main"\n[backends.main]\nurl = "http://127.0.0.1:${edge.port}"`;
  await edge.put('loop', { module: PASS_GUEST, manifest });
  await edge.untilSaid('loop: version');
  expect((await edge.fetch('127.0.0.1', '/round')).status).toBe(400);
  expect(edge.log.filter(({ target }) => target === '/round').length).toBeLessThan(8);
});

it('ten thousand answers with one tag are purged at once, and no other tenant notices', async () => {
  await edge.fetch('victim', '/tagged/mine');
  for (let i = 0; i < 10_000; i += 100)
    await Promise.all(Array.from({ length: 100 }, (_, j) => edge.fetch('thief', `/tagged/${i + j}`)));
  const admin = await Admin.of(edge);
  await besideBystander(edge, async () => {
    const { body } = await admin.change('POST', '/tenants/thief/purge', { json: { tag: 'all' } });
    expect(body).toEqual({ purged: expect.any(Number) as number });
    expect((body as { purged: number }).purged).toBeGreaterThan(5_000);
  });
  const before = asked;
  await edge.fetch('victim', '/tagged/mine');
  expect(asked).toBe(before);
  await edge.fetch('thief', '/tagged/1');
  expect(asked).toBe(before + 1);
});

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
}
