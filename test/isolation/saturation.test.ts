/** Too many requests, requests for nobody, and the end of the process: refused in the documented words. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestResponse } from '../e2e/edge.ts';
import { RawClient, unfinished } from '../e2e/raw-client.ts';
import { besideBystander, untilInFlight } from './bystander.ts';
import { expectFailure } from './failures.ts';
import { BYSTANDER, guest, limits, READ_BODY } from './guests.ts';

const APPS = {
  bystander: BYSTANDER,
  waiting: { manifest: limits({ concurrency: 3 }), module: guest({ handle: READ_BODY }) },
};

/** Occupies every place of the `waiting` tenant. */
async function saturate(edge: Edge): Promise<RawClient[]> {
  const clients = Array.from({ length: 3 }, () => unfinished(edge, 'waiting'));
  await untilInFlight(edge, 'waiting', clients.length);
  return clients;
}

describe('a tenant with all its places taken', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge({ apps: APPS });
  });
  afterAll(() => edge.stop());

  it('answers concurrency_limit with Retry-After, and hurts nobody', async () => {
    const clients = await saturate(edge);
    await besideBystander(edge, async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => edge.fetch('waiting')));
      for (const answer of answers) {
        expectFailure(answer, 'concurrency_limit');
        expect(answer.headers['retry-after']).toBe('1');
      }
    });
    for (const client of clients) client.leave();
    await edge.until(() => edge.log.filter(({ outcome }) => outcome === 'client_closed').length === 3);
    expect((await edge.fetch('waiting')).status).toBe(200);
    expect(await edge.inFlight('waiting')).toBe(0);
  });

  it('lets those in that wait when a place becomes free', async () => {
    const clients = await saturate(edge);
    const waiting = edge.fetch('waiting');
    for (const client of clients) client.leave();
    expect((await waiting).status).toBe(200);
  });

  it.each(['nobody.localhost', 'localhost', '127.0.0.1', 'waiting.localhost.evil.example', 'xwaiting.localhost'])(
    'is not reached as %s',
    async (host) => {
      const answer: TestResponse = await edge.fetch(host.includes('.') ? host : 'none', '/', { headers: { host } });
      expectFailure(answer, 'unknown_host');
      expect(answer.text).not.toContain(host);
    },
  );
});

describe('a process that is told to end', () => {
  it('ends what still waits at its deadline as draining, and exits in order', async () => {
    const edge = await startEdge({ apps: APPS, flags: ['--drain-ms', '200'] });
    const clients = await saturate(edge);
    edge.process.kill('SIGTERM');
    for (const client of clients) {
      await client.until(() => client.received.endsWith('}'));
      expect(client.statuses).toEqual([503]);
      expect(client.received).toContain('kerb-outcome: draining');
      expect(client.received).toMatch(/retry-after: 1\r\n/i);
      expect(client.received).toMatch(/connection: close\r\n/i);
    }
    if (edge.alive) await once(edge.process, 'exit');
    expect(edge.process.exitCode).toBe(0);
    await edge.stop();
  });

  it('lets a request end that its client completes, and takes no new connection', async () => {
    const edge = await startEdge({ apps: APPS });
    const [client, ...others] = await saturate(edge);
    for (const other of others) other.leave();
    edge.process.kill('SIGTERM');
    await edge.untilSaid('draining');
    client?.send(Buffer.alloc(9_000_000));
    await client?.until(() => client.received.includes('\r\n\r\n'));
    expect(client?.statuses).toEqual([200]);
    const late = await new RawClient(edge).get('bystander.localhost').closed();
    expect(late).toBe('');
    if (edge.alive) await once(edge.process, 'exit');
    expect(edge.process.exitCode).toBe(0);
    await edge.stop();
  });

  it('is not held up by a client that never completes a small body', async () => {
    const edge = await startEdge({ apps: APPS, flags: ['--drain-ms', '200'] });
    const client = unfinished(edge, 'waiting', 'Content-Length: 10');
    await client.open();
    await edge.fetch('bystander', '/meanwhile');
    await edge.stop();
    expect(edge.process.exitCode).toBe(0);
  });
});
