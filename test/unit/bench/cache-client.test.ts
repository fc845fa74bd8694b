import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { contentOf, etagOf, HIT_CASES, type HitCase } from '../../../bench/cache-cases.ts';
import { CacheClient, crowdMs, hitFaultsOf, purgedPaths, type CacheAnswer } from '../../../bench/cache-client.ts';

/** A server of the contents, which counts connections and requests. `changed` falsifies a body. */
async function serve(
  changed: (path: string) => boolean,
): Promise<{ port: number; counts: { connections: number; requests: number } }> {
  const counts = { connections: 0, requests: 0 };
  const server = createServer((request, response) => {
    counts.requests += 1;
    const path = request.url ?? '';
    response.end(changed(path) ? 'x' : contentOf(path));
  });
  server.on('connection', () => (counts.connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => server.closeAllConnections());
  return { port: (server.address() as AddressInfo).port, counts };
}

describe('the client', () => {
  it('fills a store with every path', async () => {
    const { port, counts } = await serve(() => false);
    const client = new CacheClient(port, 4);
    await client.fill(purgedPaths(1).slice(0, 50));
    client.close();
    expect(counts).toEqual({ connections: 4, requests: 50 });
  });

  it('finds the answer that is not the content', async () => {
    const { port } = await serve((path) => path.endsWith('-7'));
    const client = new CacheClient(port, 4);
    await expect(client.fill(purgedPaths(1).slice(0, 10))).rejects.toThrow(
      '/bytes/1024/p1-7 is answered 200 with 1 bytes',
    );
    client.close();
  });
});

describe('a crowd', () => {
  it('asks all at once, on connections that are there', async () => {
    const { port, counts } = await serve(() => false);
    expect(await crowdMs(port, '/slow/64/a', '/bytes/64/b', 20)).toBeGreaterThan(0);
    expect(counts).toEqual({ connections: 20, requests: 40 });
  });

  it('is not content with a wrong answer', async () => {
    const { port } = await serve((path) => path.startsWith('/slow/'));
    await expect(crowdMs(port, '/slow/64/a', '/bytes/64/b', 2)).rejects.toThrow('not its content');
  });
});

describe('hitFaultsOf', () => {
  const told = { field: 'x-cache', hit: /^HIT$/ };
  const part = HIT_CASES.find(({ status }) => status === 206) as HitCase;
  const right: CacheAnswer = {
    status: 206,
    headers: { etag: etagOf(part.path), 'content-range': 'bytes 1000-2023/262144', 'x-cache': 'HIT' },
    body: contentOf(part.path)?.subarray(1000, 2024) ?? Buffer.alloc(0),
  };

  it('finds none in the right answer', () => {
    expect(hitFaultsOf(right, part, told)).toEqual([]);
  });

  it.each([
    [{ status: 200 }, 'the status'],
    [{ body: right.body.subarray(1) }, 'the body'],
    [{ headers: { ...right.headers, etag: '"x"' } }, 'etag'],
    [{ headers: { ...right.headers, 'content-range': 'bytes 0-1023/262144' } }, 'content-range'],
    [{ headers: { ...right.headers, 'x-cache': 'MISS' } }, 'that is no hit'],
  ])('finds the one in %o', (difference, what) => {
    const faults = hitFaultsOf({ ...right, ...difference }, part, told);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(what);
  });
});
