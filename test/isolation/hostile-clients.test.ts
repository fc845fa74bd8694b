/** Clients that send too much, too little, too slowly, or leave: nothing of theirs stays behind. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge } from '../e2e/edge.ts';
import { RawClient, unfinished } from '../e2e/raw-client.ts';
import { besideBystander, untilInFlight } from './bystander.ts';
import { attacker, BYSTANDER, guest, limits, READ_BODY } from './guests.ts';

const MB = 1024 * 1024;

/** Reads the whole body and answers its end. */
const READER = guest({
  memory: '2',
  handle: `${READ_BODY}
    (call $write (i32.const 1) (i32.const 70000) (i32.const 2))`,
  fields: '(data (i32.const 70000) "ok")',
});

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    apps: {
      bystander: BYSTANDER,
      reader: { manifest: limits({ request_body_mb: 2 }), module: READER },
      patient: { manifest: limits({ wall_ms: 20_000 }), module: READER },
      hasty: { manifest: limits({ wall_ms: 150 }), module: READER },
      spinning: attacker({ handle: '(loop $l (br $l))' }),
    },
  });
});
afterAll(() => edge.stop());

describe.each([
  ['declared', 'Content-Length: 9000000'],
  ['chunked', 'Transfer-Encoding: chunked'],
])('a body (%s) that never comes', (_, framing) => {
  it('ends as wall_limit, and hurts nobody meanwhile', async () => {
    await besideBystander(edge, async () => {
      const clients = Array.from({ length: 20 }, () => unfinished(edge, 'hasty', framing));
      for (const client of clients) {
        await client.until(() => client.received.endsWith('}'));
        expect(client.statuses).toEqual([504]);
        expect(client.received).toContain('kerb-outcome: wall_limit');
        client.leave();
      }
    });
    expect(await edge.inFlight('hasty')).toBe(0);
  });

  it('ends as client_closed when the client leaves while the guest waits', async () => {
    const before = edge.log.filter(({ tenant }) => tenant === 'patient').length;
    await besideBystander(edge, async () => {
      const clients = Array.from({ length: 20 }, () => unfinished(edge, 'patient', framing));
      await untilInFlight(edge, 'patient', clients.length);
      for (const client of clients) client.leave();
      await edge.until(() => edge.log.filter(({ tenant }) => tenant === 'patient').length === before + clients.length);
    });
    const outcomes = edge.log.filter(({ tenant }) => tenant === 'patient').map(({ outcome }) => outcome);
    expect(new Set(outcomes)).toEqual(new Set(['client_closed']));
    expect(await edge.inFlight('patient')).toBe(0);
    expect(await edge.metric('kerb_thread_requests')).toBe(0);
  });
});

it('a small body that breaks off is over when the client leaves', async () => {
  await besideBystander(edge, async () => {
    const clients = Array.from({ length: 20 }, () => unfinished(edge, 'reader', 'Content-Length: 20', 'half'));
    await Promise.all(clients.map((client) => client.open()));
    await edge.fetch('bystander', '/meanwhile');
    for (const client of clients) client.leave();
    await edge.until(
      () => edge.log.filter(({ outcome, tenant }) => outcome === 'client_closed' && tenant === 'reader').length === 20,
    );
  });
  expect(await edge.inFlight('reader')).toBe(0);
});

it('a client that leaves while its guest computes ends it', async () => {
  const clients = Array.from({ length: 10 }, () =>
    new RawClient(edge).send('GET / HTTP/1.1\r\nHost: spinning.localhost\r\n\r\n'),
  );
  await Promise.all(clients.map((client) => client.open()));
  for (const client of clients) client.leave();
  await edge.until(() => edge.log.filter(({ tenant }) => tenant === 'spinning').length === 10);
  expect(await edge.inFlight('spinning')).toBe(0);
  expect(edge.alive).toBe(true);
});

describe('a body above the limit', () => {
  it('is refused by its declared length', async () => {
    const client = unfinished(edge, 'reader', `Content-Length: ${2 * MB + 1}`);
    await client.closed();
    expect(client.statuses).toEqual([413]);
    expect(client.received).toContain('kerb-outcome: body_limit');
  });

  it('is cut off when it comes in chunks', async () => {
    const client = unfinished(edge, 'reader', 'Transfer-Encoding: chunked');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let i = 0; i < 33; i++) client.send(chunk);
    await client.until(() => client.received.endsWith('}'));
    expect(client.statuses).toEqual([413]);
    expect(client.received).toContain('kerb-outcome: body_limit');
    client.leave();
  });

  it('is let through at the limit itself', async () => {
    const { status, text } = await edge.fetch('reader', '/', { method: 'POST', body: Buffer.alloc(2 * MB) });
    expect([status, text]).toEqual([200, 'ok']);
  });
});

it('a connection goes on after a guest that was ended while its client was still sending', async () => {
  const client = unfinished(edge, 'spinning', `Content-Length: ${4 * MB}`);
  client.send(Buffer.alloc(4 * MB));
  await client.until(() => client.received.endsWith('}'));
  expect(client.statuses).toEqual([503]);
  client.send('GET /next HTTP/1.1\r\nHost: bystander.localhost\r\n\r\n');
  await client.until(() => client.received.endsWith('/next'));
  client.leave();
});

it('hundreds of idle and half-sent connections hold up nobody', async () => {
  const beginnings = ['', 'G', 'GET / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nHost: bystander.localhost\r\nx-slow: '];
  const clients = Array.from({ length: 400 }, (_, i) => new RawClient(edge).send(beginnings[i % 4] ?? ''));
  await Promise.all(clients.map((client) => client.open()));
  await besideBystander(edge, async () => {
    for (let i = 0; i < 100; i++) await edge.fetch('bystander', '/meanwhile');
  });
  for (const client of clients) client.leave();
  await edge.fetch('bystander', '/afterwards');
  expect(edge.alive).toBe(true);
});
