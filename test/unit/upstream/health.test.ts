import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { HealthCheckSpec } from '../../../src/upstream/health-check.ts';
import { BytesSource } from '../../../src/http/body.ts';
import { backendAt, errorOf, requestOf, serveHttp, serveSocket, textOf } from './origin.ts';

const SPEC: HealthCheckSpec = { path: '/up', intervalMs: 5, timeoutMs: 5_000, unhealthy: 2, healthy: 2, status: 200 };
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const BAD = 'HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n';

interface Ward {
  readonly url: string;
  /** Whether its checks succeed. */
  isWell: boolean;
  /** Requests that were no checks, and checks. */
  asked: number;
  checks: number;
  /** What it does with a request that is no check; answers it by default. */
  act: (socket: Socket) => void;
}

/** A backend that serves, and whose checks say what the test says. */
async function ward(): Promise<Ward> {
  const own = { isWell: true, asked: 0, checks: 0, act: (socket: Socket): void => void socket.write(OK) };
  const url = await serveSocket((socket) =>
    socket.on('data', (head) => {
      const isCheck = head.toString('latin1').startsWith('GET /up ');
      if (isCheck) own.checks += 1;
      else own.asked += 1;
      if (isCheck) socket.write(own.isWell ? OK : BAD);
      else own.act(socket);
    }),
  );
  return Object.assign(own, { url });
}

describe('a backend that fails its checks', () => {
  it('is answered for at once, without a connection, until it is well again', async () => {
    const own = await ward();
    const backend = backendAt(own.url, { health: SPEC });
    own.isWell = false;
    const ask = (): Promise<string> =>
      backend.fetch(requestOf()).then(
        ({ body }) => textOf(body),
        (error: unknown) => (error as { fault: string }).fault,
      );
    await expect.poll(ask).toBe('resting');
    const before = own.asked;
    const body = new BytesSource(Buffer.from('x'));
    expect(await errorOf(backend.fetch(requestOf({ method: 'POST', body })))).toMatchObject({
      fault: 'resting',
      message: expect.stringContaining('fails its health checks') as unknown,
    });
    expect([body.read(1), own.asked]).toEqual([null, before]);
    own.isWell = true;
    await expect.poll(ask).toBe('ok');
  });

  it('is told from one whose connections are all taken', async () => {
    const own = await ward();
    own.act = () => undefined;
    const backend = backendAt(own.url, { health: { ...SPEC, timeoutMs: 1_000 }, maxConnections: 1, maxWaiting: 1 });
    const abort = new AbortController();
    const stuck = [1, 2].map(() => errorOf(backend.fetch(requestOf({ signal: abort.signal }))));
    await expect.poll(() => own.checks).toBeGreaterThan(3);
    expect((await errorOf(backend.fetch(requestOf()))).fault).toBe('overloaded');
    abort.abort();
    expect((await Promise.all(stuck)).map(({ fault }) => fault)).toEqual(['aborted', 'aborted']);
  });
});

describe('checks', () => {
  it('are not made before somebody asks, nor without the manifest’s wish', async () => {
    const [watched, plain] = [await ward(), await ward()];
    backendAt(watched.url, { health: SPEC });
    const backend = backendAt(plain.url);
    const control = await ward();
    const busy = backendAt(control.url, { health: SPEC });
    await textOf((await backend.fetch(requestOf())).body);
    await textOf((await busy.fetch(requestOf())).body);
    await expect.poll(() => control.checks).toBeGreaterThan(2);
    expect([watched.checks, plain.checks]).toEqual([0, 0]);
  });

  it('make a connection each, and leave the connections of requests as they are', async () => {
    const ports = { checks: new Set<number>(), requests: new Set<number>() };
    const fields: string[] = [];
    const url = await serveHttp((request, response) => {
      const isCheck = request.url === '/up';
      ports[isCheck ? 'checks' : 'requests'].add(request.socket.remotePort ?? 0);
      if (isCheck) fields.push(request.headers.connection ?? '');
      response.end();
    });
    const backend = backendAt(url, { health: SPEC, maxConnections: 1 });
    await expect
      .poll(async () => {
        await textOf((await backend.fetch(requestOf())).body);
        return fields.length;
      })
      .toBeGreaterThan(3);
    expect([ports.checks.size, ports.requests.size]).toEqual([fields.length, 1]);
    expect(new Set(fields)).toEqual(new Set(['close']));
  });

  it.each(['unwatch', 'close'] as const)('end with %s', async (end) => {
    const [own, control] = [await ward(), await ward()];
    const backend = backendAt(own.url, { health: SPEC });
    const other = backendAt(control.url, { health: SPEC });
    await textOf((await backend.fetch(requestOf())).body);
    await textOf((await other.fetch(requestOf())).body);
    await expect.poll(() => own.checks).toBeGreaterThan(0);
    await backend[end]();
    // A check that was under way may still arrive.
    const [before, reached] = [own.checks + 1, control.checks];
    await expect.poll(() => control.checks).toBeGreaterThan(reached + 3);
    expect(own.checks).toBeLessThanOrEqual(before);
  });
});
