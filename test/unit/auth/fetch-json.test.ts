import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fetchJson } from '../../../src/auth/fetch-json.ts';
import { KEY_SET_TIMEOUT_MS, MAX_KEY_SET_BYTES } from '../../../src/auth/limits.ts';

/** The URL of a server on loopback, gone after the test. */
async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`);
}

function refusal(what: string): object {
  return { code: 'conflict', message: expect.stringContaining(what) as unknown };
}

describe('fetchJson', () => {
  it('reads a document, compressed too', async () => {
    const url = await serve(({ headers }, response) => {
      expect(headers.accept).toBe('application/json');
      response.setHeader('content-encoding', 'gzip').end(gzipSync('{"keys": []}'));
    });
    expect(await fetchJson(url)).toEqual({ keys: [] });
  });

  it('takes no other status, and follows no redirect', async () => {
    let visits = 0;
    const url = await serve(({ url: path }, response) => {
      visits += 1;
      const code = Number(path?.slice(1));
      response.writeHead(code, code < 400 ? { location: '/200' } : {}).end('{"keys": []}');
    });
    for (const status of [302, 307, 404, 500])
      await expect(fetchJson(new URL(`/${status}`, url))).rejects.toMatchObject(refusal('cannot fetch'));
    expect(visits).toBe(4);
  });

  it('stops reading what is too large, also when it was small while compressed', async () => {
    const large = JSON.stringify({ pad: ' '.repeat(MAX_KEY_SET_BYTES) });
    const plain = await serve((_, response) => response.end(large));
    await expect(fetchJson(plain)).rejects.toMatchObject(refusal('larger than'));
    const zip = await serve((_, response) =>
      response.setHeader('content-encoding', 'gzip').end(gzipSync(' '.repeat(10_000_000))),
    );
    await expect(fetchJson(zip)).rejects.toMatchObject(refusal('larger than'));
  });

  it('does not wait for ever, neither for headers nor for the rest', async () => {
    const url = await serve(({ url: path }, response) => {
      if (path === '/slow') response.write('{"keys":');
    });
    const started = performance.now();
    const both = ['/slow', '/silent'].map((path) => fetchJson(new URL(path, url)));
    for (const result of both) await expect(result).rejects.toMatchObject(refusal('timeout'));
    expect(performance.now() - started).toBeLessThan(KEY_SET_TIMEOUT_MS * 3);
  });

  it('does not repeat what it was answered', async () => {
    const url = await serve((_, response) => response.end('<secret>'));
    const error = await fetchJson(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(refusal('the answer is not JSON'));
    expect((error as Error).message).not.toContain('secret');
  });

  it('refuses what is not UTF-8, and says when nobody answers', async () => {
    const url = await serve((_, response) => response.end(Buffer.from([0x22, 0xff, 0x22])));
    await expect(fetchJson(url)).rejects.toMatchObject(refusal('cannot fetch'));
    await expect(fetchJson(new URL('http://127.0.0.1:1/'))).rejects.toMatchObject(refusal('cannot fetch'));
  });
});
