import { describe, expect, it } from 'vitest';
import { AddressPolicy } from '../../../src/upstream/address-policy.ts';
import { checkHealth, type HealthCheckSpec } from '../../../src/upstream/health-check.ts';
import { HEALTH_BODY_BYTES } from '../../../src/upstream/limits.ts';
import type { UpstreamOptions } from '../../../src/upstream/undici-backend.ts';
import { backendAt, serveHttp, serveSocket, serveText } from './origin.ts';

const SPEC: HealthCheckSpec = {
  path: '/healthz',
  intervalMs: 1_000,
  timeoutMs: 5_000,
  unhealthy: 3,
  healthy: 2,
  status: 200,
};

/** What one check of the backend at `url` says. */
function signOf(
  url: string,
  spec: Partial<HealthCheckSpec> = {},
  options: Partial<UpstreamOptions> = {},
): Promise<string> {
  const backend = backendAt(url, options);
  return checkHealth({ ...SPEC, ...spec }, (request) => backend.fetch(request));
}

const answer = (status: number, rest = 'Content-Length: 0\r\n\r\n'): Promise<string> =>
  serveText(`HTTP/1.1 ${status} X\r\n${rest}`, 'stay');

describe('a check', () => {
  it('asks for the path behind the base path, with the loop mark, for nobody', async () => {
    const seen: string[] = [];
    const url = await serveHttp((request, response) => {
      seen.push(`${request.method} ${request.url}`, ...request.rawHeaders);
      response.end();
    });
    expect(await signOf(`${url}/base`, { path: '/up?x=1' })).toBe('healthy');
    expect(seen[0]).toBe('GET /base/up?x=1');
    expect(seen.join('\n')).toMatch(/^CDN-Loop\nkerb$/m);
    expect(seen.join('\n')).not.toMatch(/forwarded/i);
  });

  it.each([
    [200, 200, 'healthy'],
    [204, 200, 'unhealthy'],
    [204, 204, 'healthy'],
    [503, 200, 'unhealthy'],
    [503, 503, 'healthy'],
  ])('of a backend that answers %i is, when %i is well, %s', async (status, wanted, sign) => {
    expect(await signOf(await answer(status, status === 204 ? '\r\n' : undefined), { status: wanted })).toBe(sign);
  });

  it('follows no redirect', async () => {
    let reached = 0;
    const target = await serveHttp((_, response) => response.end(String((reached += 1))));
    expect(await signOf(await answer(302, `Location: ${target}/\r\nContent-Length: 0\r\n\r\n`))).toBe('unhealthy');
    expect(reached).toBe(0);
  });
});

describe('unhealthy is a backend', () => {
  it.each([
    ['whose connection dies', () => serveSocket((socket) => socket.on('data', () => socket.destroy()))],
    ['whose body breaks off', () => serveText('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')],
    ['that speaks something else', () => serveText('220 smtp.example ESMTP\r\n', 'stay')],
  ])('%s', async (_, serve) => {
    expect(await signOf(await serve())).toBe('unhealthy');
  });

  it('on whose port nobody listens', async () => {
    expect(await signOf('http://127.0.0.1:1')).toBe('unhealthy');
  });

  it.each([
    ['never answers', 'stay', ''],
    ['drips its body', 'drip', 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n'],
    ['drips its head', 'drip', 'HTTP/1.1 200 OK\r\nX: '],
  ])('that %s until the time is up, whose connection is given up then', async (_, then, text) => {
    const closed = Promise.withResolvers<void>();
    const url = await serveSocket((socket) => {
      socket.write(text);
      const timer = setInterval(() => then === 'drip' && socket.write('a'), 5);
      socket.resume().on('close', () => {
        clearInterval(timer);
        closed.resolve();
      });
    });
    expect(await signOf(url, { timeoutMs: 60 })).toBe('unhealthy');
    await closed.promise;
  });
});

it('a body without end is read up to a cap, and given up', async () => {
  let sent = 0;
  const closed = Promise.withResolvers<void>();
  const url = await serveSocket((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(16_384))) sent += 16_384;
    };
    socket
      .on('drain', more)
      .on('close', () => closed.resolve())
      .resume();
    more();
  });
  expect(await signOf(url)).toBe('healthy');
  await closed.promise;
  expect(sent).toBeGreaterThanOrEqual(HEALTH_BODY_BYTES);
});

describe('nothing is said of a backend', () => {
  it('whose address is refused', async () => {
    expect(await signOf(await answer(200), {}, { policy: new AddressPolicy() })).toBe('unknown');
  });

  it('for which there is no connection left', async () => {
    const sockets = { take: () => false, give: () => undefined };
    expect(await signOf(await answer(200), {}, { sockets })).toBe('unknown');
  });
});
