/** The samples that stand before a site: for members only, out of the object cache, and where a visitor is. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mmdb } from '../unit/geo/mmdb.ts';
import { startEdge, type Edge, type TestResponse } from './edge.ts';

const TENANTS = new URL('../../tenants/', import.meta.url);

let site: Server;
let folder: string;
let edge: Edge;
let token: string;
const asked: string[] = [];
/** What the site waits for before it answers. */
let gate: Promise<unknown> = Promise.resolve();
let siteStatus = 200;

beforeAll(async () => {
  site = createServer((request, response) => {
    asked.push(request.url ?? '');
    void gate.then(() => (siteStatus === 0 ? response.destroy() : response.writeHead(siteStatus).end('the site')));
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'kerb-samples-'));
  const networks = { '192.0.2.0/24': { country: { iso_code: 'CH' } } };
  await writeFile(join(folder, 'geo.mmdb'), mmdb({ networks }));
  token = (await readFile(new URL('members-c/token.txt', TENANTS), 'utf8')).trim();
  const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  edge = await startEdge({
    samples: ['members-c', 'members-as', 'memo', 'whereabouts'],
    manifest: (text) => text.replaceAll('http://site.localhost:8080', url),
    flags: ['--threads', '2', '--allow-backend', '127.0.0.0/8', '--geo', join(folder, 'geo.mmdb')],
  });
});

afterAll(async () => {
  await edge.stop();
  site.closeAllConnections();
  site.close();
  await rm(folder, { recursive: true });
});

describe.each(['members-c', 'members-as'])('%s', (app) => {
  const ask = (authorization: string | string[], path = '/'): Promise<TestResponse> =>
    edge.fetch(app, path, { headers: { authorization } });

  it('shows the site to a member, and counts the visits', async () => {
    const first = await ask(`Bearer ${token}`, '/page?x=1');
    expect([first.status, first.text, first.headers['x-visits']]).toEqual([200, 'the site', '1']);
    expect(asked.at(-1)).toBe('/page?x=1');
    const more = await Promise.all(Array.from({ length: 9 }, () => ask(`Bearer ${token}`)));
    const visits = more.map(({ headers }) => Number(headers['x-visits'])).toSorted((a, b) => a - b);
    expect(visits).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('sends everybody else away', async () => {
    const before = asked.length;
    const wrong = `${token.slice(0, -4)}AAAA`;
    for (const authorization of ['', 'Basic YTpi', 'Bearer', 'Bearer ', `Bearer ${wrong}`, `bearer ${token}`, token]) {
      const { status, headers } = await ask(authorization);
      expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
    }
    expect(asked).toHaveLength(before);
  });

  it('says that the site gives no answer', async () => {
    siteStatus = 0;
    expect((await ask(`Bearer ${token}`)).status).toBe(502);
    siteStatus = 200;
  });

  it('refuses a client that comes too often', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 35; i++) statuses.push((await ask('')).status);
    expect(statuses.at(-1)).toBe(429);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
  });
});

describe('memo', () => {
  it('keeps no page that is an error', async () => {
    siteStatus = 500;
    expect((await edge.fetch('memo')).status).toBe(502);
    siteStatus = 200;
  });

  it('has one of many visitors, on all threads, fetch the page, and keeps it', async () => {
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    asked.length = 0;
    const first = once(site, 'request');
    const answers = Array.from({ length: 40 }, () => edge.fetch('memo'));
    await first;
    opened.resolve();
    const states = (await Promise.all(answers)).map(({ status, text, headers }) => [status, text, headers['x-cache']]);
    expect(states.filter(([, , state]) => state === 'miss')).toEqual([[200, 'the site', 'miss']]);
    expect(states.filter(([, , state]) => state === 'hit')).toHaveLength(39);
    expect(asked).toEqual(['/about']);
    expect((await edge.fetch('memo')).headers['x-cache']).toBe('hit');
  });
});

describe('whereabouts', () => {
  it('says what is known of an address, and what is not one', async () => {
    const known = await edge.fetch('whereabouts', '/?192.0.2.7');
    expect(JSON.parse(known.text)).toMatchObject({ address: '192.0.2.7', country_code: 'CH', city: null });
    const client = await edge.fetch('whereabouts');
    expect(JSON.parse(client.text)).toMatchObject({ address: '127.0.0.1', country_code: null });
    const none = await edge.fetch('whereabouts', '/?nobody');
    expect([none.status, none.text]).toEqual([400, 'This is no address.\n']);
  });
});
