/** The cache in front of a real origin, on one data thread and on several that share the URLs out. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { request as send } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PASS_GUEST } from '../guests.ts';
import { Admin } from './admin.ts';
import { startEdge, type Edge, type TestApp, type TestRequest, type TestResponse } from './edge.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers by path, and how often each path was asked. */
const answers = new Map<string, Answer>();
const asked = new Map<string, number>();
let origin: Server;

beforeAll(async () => {
  origin = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '/';
    asked.set(path, (asked.get(path) ?? 0) + 1);
    const answer = answers.get(path) ?? ((_, res) => res.writeHead(404).end());
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
});
afterAll(() => origin.closeAllConnections());
afterEach(() => {
  answers.clear();
  asked.clear();
});

function originUrl(): string {
  return `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
}

function app(limits = ''): TestApp {
  const manifest = `hosts = ["NAME.localhost", "*.NAME.example"]\norigin = "main"\n[backends.main]\nurl = "${originUrl()}"\n${limits}`;
  return { module: PASS_GUEST, manifest };
}

function named(name: string, limits = ''): Record<string, TestApp> {
  const { manifest = '', ...rest } = app(limits);
  return { [name]: { ...rest, manifest: manifest.replaceAll('NAME', name) } };
}

function fresh(body: string | Buffer, more: Record<string, string> = {}): Answer {
  return (_, response) => response.writeHead(200, { 'cache-control': 'max-age=600', ...more }).end(body);
}

/** What the cache said that it did. */
function told({ headers }: TestResponse): string {
  return String(headers['cache-status'] ?? 'nothing');
}

describe.each([1, 2, 3])('on %i data threads', (threads) => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge({
      apps: { ...named('shop'), ...named('other'), ...named('small', '[limits]\ncache_mb = 0') },
      flags: ['--allow-backend', '127.0.0.0/8', '--threads', String(threads), '--cache', '64'],
    });
  });
  afterAll(() => edge.stop());

  /** Sends a request on a connection of its own: so they come to different threads. */
  const ask = async (
    host: string,
    target: string,
    { method = 'GET', headers = {}, body }: TestRequest,
  ): Promise<TestResponse> => {
    const answer = await send(`http://127.0.0.1:${edge.port}${target}`, {
      method: method as 'GET',
      headers: { host, ...headers },
      body: (body ?? null) as string | null,
      reset: true,
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    return { status: answer.statusCode, headers: answer.headers, body: bytes, text: bytes.toString() };
  };
  const get = (target: string, headers: Record<string, string> = {}, tenant = 'shop'): Promise<TestResponse> =>
    ask(`${tenant}.localhost`, target, { headers });
  const purge = async (tenant: string, what: object): Promise<unknown> => {
    const admin = await Admin.of(edge);
    return (await admin.change('POST', `/tenants/${tenant}/purge`, { json: what })).body;
  };
  const many = (count: number, target: string): Promise<TestResponse[]> =>
    Promise.all(Array.from({ length: count }, () => get(target)));

  it('what was answered once is answered without the origin, wherever the connection ends', async () => {
    answers.set('/a', fresh('hello', { etag: '"1"' }));
    expect(told(await get('/a'))).toMatch(/^Kerb; fwd=uri-miss; .*stored/);
    for (let i = 0; i < 12; i++) {
      const again = await get('/a');
      expect([again.status, again.text]).toEqual([200, 'hello']);
      expect(told(again)).toMatch(/^Kerb; hit/);
      expect(Number(again.headers['age'])).toBeLessThan(60);
    }
    expect(asked.get('/a')).toBe(1);
  });

  it('conditions, ranges and HEAD are answered from it', async () => {
    answers.set('/parts', fresh('0123456789', { etag: '"p"' }));
    await get('/parts');
    for (let i = 0; i < 6; i++) {
      expect((await get('/parts', { 'if-none-match': 'W/"p"' })).status).toBe(304);
      const part = await get('/parts', { range: 'bytes=2-4' });
      expect([part.status, part.text, part.headers['content-range']]).toEqual([206, '234', 'bytes 2-4/10']);
      const head = await ask('shop.localhost', '/parts', { method: 'HEAD' });
      expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '10']);
    }
    expect(asked.get('/parts')).toBe(1);
  });

  it('many who come at once wait for one answer, which they read while it arrives', async () => {
    const first = Promise.withResolvers<ServerResponse>();
    answers.set('/slow', (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=9' }).write('first,');
      first.resolve(response);
    });
    const all = many(20, '/slow');
    (await first.promise).end('last');
    expect(new Set((await all).map(({ text }) => text))).toEqual(new Set(['first,last']));
    expect(asked.get('/slow')).toBe(1);
  });

  it('variants are told apart by the fields that the origin names', async () => {
    const vary = { vary: 'Accept-Encoding' };
    answers.set('/v', (request, response) => {
      const zipped = String(request.headers['accept-encoding']).includes('gzip');
      const body = zipped ? gzipSync('text') : 'text';
      fresh(body, zipped ? { ...vary, 'content-encoding': 'gzip' } : vary)(request, response);
    });
    for (let i = 0; i < 8; i++) {
      expect((await get('/v', { 'accept-encoding': 'gzip' })).headers['content-encoding']).toBe('gzip');
      expect((await get('/v')).text).toBe('text');
    }
    expect(asked.get('/v')).toBe(2);
  });

  it('large bodies come whole, stored or not', async () => {
    const body = Buffer.alloc(3_000_000, 'kerb ');
    answers.set('/large', fresh(body));
    answers.set('/huge', fresh(Buffer.concat(Array<Buffer>(6).fill(body))));
    for (let i = 0; i < 6; i++) {
      expect((await get('/large')).body.equals(body)).toBe(true);
      expect((await get('/huge')).body.length).toBe(6 * body.length);
    }
    expect(asked.get('/large')).toBe(1);
    expect(asked.get('/huge')).toBe(6);
  });

  it('what may not be shared is asked for each time, also at once', async () => {
    let serial = 0;
    answers.set('/mine', (_, response) =>
      response.writeHead(200, { 'cache-control': 'private' }).end(`for ${(serial += 1)}`),
    );
    const texts = (await many(20, '/mine')).map(({ text }) => text);
    expect(new Set(texts).size).toBe(20);
    expect(asked.get('/mine')).toBe(20);
  });

  it('a change through it ends what it changes, before the answer is there', async () => {
    let text = 'old';
    answers.set('/item', (request, response) => {
      if (request.method === 'POST') text = 'new';
      fresh(text)(request, response);
    });
    for (let i = 0; i < 6; i++) expect((await get('/item')).text).toBe('old');
    await ask('shop.localhost', '/item', { method: 'POST', body: 'x' });
    for (let i = 0; i < 6; i++) expect((await get('/item')).text).toBe('new');
    expect(asked.get('/item')).toBe(3);
  });

  it('a purge by URL, tag or of all has ended it on every thread when it answers', async () => {
    for (const [path, tag] of [
      ['/u', 'x'],
      ['/t', 'news'],
      ['/z', 'y'],
    ] as const)
      answers.set(path, fresh('v', { 'surrogate-key': tag, 'cache-tag': 'also' }));
    const warm = async (): Promise<void> => {
      for (const path of ['/u', '/t', '/z']) await many(6, `${path}?q=1`);
    };
    const counts = (): (number | undefined)[] => ['/u', '/t', '/z'].map((path) => asked.get(path));
    await warm();
    expect(counts()).toEqual([1, 1, 1]);
    expect(await purge('shop', { url: 'http://shop.localhost:81/u?q=1' })).toEqual({ purged: 1 });
    await warm();
    expect(counts()).toEqual([2, 1, 1]);
    expect(await purge('shop', { tag: 'news', soft: true })).toEqual({ purged: 1 });
    await warm();
    expect(counts()).toEqual([2, 2, 1]);
    expect(await purge('other', { all: true })).toEqual({ purged: 0 });
    await warm();
    expect(counts()).toEqual([2, 2, 1]);
    expect(await purge('shop', { tag: 'also' })).toEqual({ purged: 3 });
    await warm();
    expect(counts()).toEqual([3, 3, 2]);
  });

  it('one tenant never has the answer to another, nor one host of a tenant that of another host', async () => {
    let serial = 0;
    answers.set('/same', (sent, response) =>
      fresh(`${(serial += 1)} ${String(sent.headers['x-forwarded-host'])}`)(sent, response),
    );
    const [one, two, three] = [
      await get('/same'),
      await get('/same', {}, 'other'),
      await ask('a.shop.example', '/same', {}),
    ];
    expect(new Set([one.text[0], two.text[0], three.text[0]]).size).toBe(3);
    expect([(await get('/same')).text, (await get('/same', {}, 'other')).text]).toEqual([one.text, two.text]);
    expect(three.text).toContain('a.shop.example');
  });

  it('what only the client says about itself changes nobody else’s answer', async () => {
    answers.set('/poison', (sent, response) => fresh(JSON.stringify(sent.headers))(sent, response));
    const attack = {
      'x-forwarded-host': 'evil.test',
      'x-original-url': '/evil',
      'x-forwarded-scheme': 'nothttps',
      'x-http-method-override': 'POST',
    };
    const { text } = await get('/poison', attack);
    for (const word of ['evil', 'nothttps', 'override']) expect(text).not.toContain(word);
    expect((await get('/poison')).text).toBe(text);
    expect(asked.get('/poison')).toBe(1);
  });

  it('an app without a part of it has its origin asked each time, and is told nothing', async () => {
    answers.set('/plain', fresh('x', { 'surrogate-key': 'k' }));
    const [first] = [await get('/plain', {}, 'small'), await get('/plain', {}, 'small')];
    expect(asked.get('/plain')).toBe(2);
    expect([told(first), first.headers['surrogate-key']]).toEqual(['nothing', 'k']);
  });

  it('figures tell what it holds and did', async () => {
    answers.set('/figures', fresh('x'));
    await many(4, '/figures');
    const { body } = await (await Admin.of(edge)).change('GET', '/tenants/shop/cache');
    expect(body).toMatchObject({ quotaBytes: 32 << 20, requests: { hit: expect.any(Number) as number } });
    expect(
      Object.values(body as Record<string, unknown>)
        .slice(0, 2)
        .every((figure) => Number(figure) > 0),
    ).toBe(true);
    const metrics = await edge.control('/metrics');
    expect(metrics).toMatch(/^kerb_cache_requests_total\{tenant="shop",outcome="hit"\} [1-9]/m);
    expect(metrics).toMatch(/^kerb_cache_bytes\{thread="0"\} \d/m);
  });

  it('an origin that is gone is covered for a while, and its errors are not kept', async () => {
    let isUp = true;
    answers.set('/gone', (_, response) => {
      if (isUp)
        response.writeHead(200, { 'cache-control': 'max-age=0, stale-if-error=60', etag: '"g"' }).end('was here');
      else response.writeHead(503).end();
    });
    await get('/gone');
    isUp = false;
    for (let i = 0; i < 4; i++) {
      const covered = await get('/gone');
      expect([covered.status, covered.text]).toEqual([200, 'was here']);
    }
  });
});
