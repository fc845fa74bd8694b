/** Guests whose responses break HTTP, lie about themselves, or never end: the client gets a sound response or none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { RawClient } from '../e2e/raw-client.ts';
import type { Outcome } from '../../src/outcome.ts';
import { besideBystander, untilInFlight } from './bystander.ts';
import { expectAttackEnds } from './failures.ts';
import { attacker, BYSTANDER, limits, texts } from './guests.ts';

/** A guest that sets one response field and answers `ok`. */
function fieldSetter(name: string, value: string): TestApp {
  const { data, at } = texts(0, [name, value, 'ok']);
  return attacker({
    memory: '40',
    fields: data,
    handle: `(call $set (i32.const 1) ${at(0)} ${at(1)}) (call $write (i32.const 1) ${at(2)})`,
  });
}

function statusSetter(status: number): TestApp {
  return attacker({ handle: `(call $setStatus (i32.const ${status}))` });
}

/** A guest that declares a Content-Length and writes `bytes` bytes. */
function liar(declared: string, bytes: number): TestApp {
  const { data, at } = texts(0, ['content-length', declared]);
  return attacker({
    memory: '4',
    fields: data,
    handle: `(call $set (i32.const 1) ${at(0)} ${at(1)})
      (memory.fill (i32.const 1024) (i32.const 98) (i32.const ${bytes}))
      (call $write (i32.const 1) (i32.const 1024) (i32.const ${bytes}))`,
  });
}

const REFUSED: readonly (readonly [name: string, attack: string, outcome: Outcome, app: TestApp])[] = [
  [
    'crlf-value',
    'CR LF and another response in a value',
    'guest_trap',
    fieldSetter('x-a', 'b\r\nset-cookie: c\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'),
  ],
  ['lf-value', 'a bare LF in a value', 'guest_trap', fieldSetter('x-a', 'b\nset-cookie: c')],
  ['cr-value', 'a bare CR in a value', 'guest_trap', fieldSetter('x-a', 'b\rset-cookie: c')],
  ['nul-value', 'NUL in a value', 'guest_trap', fieldSetter('x-a', 'b\0c')],
  ['crlf-name', 'CR LF in a name', 'guest_trap', fieldSetter('x-a: b\r\nset-cookie', 'c')],
  ['space-name', 'a space in a name', 'guest_trap', fieldSetter('x a', 'b')],
  ['colon-name', 'a colon in a name', 'guest_trap', fieldSetter('x:a', 'b')],
  ['empty-name', 'an empty name', 'guest_trap', fieldSetter('', 'b')],
  ['utf8-name', 'a name outside ASCII', 'guest_trap', fieldSetter('x-\xc3\xa9', 'b')],
  ['huge-value', 'a value of 1 MB', 'guest_trap', fieldSetter('x-a', 'v'.repeat(1024 * 1024))],
  ['huge-name', 'a name of 1 MB', 'guest_trap', fieldSetter('n'.repeat(1024 * 1024), 'b')],
  [
    'many-fields',
    '300 fields',
    'guest_trap',
    attacker({
      fields: texts(0, ['x-a', 'b']).data,
      handle: `(call $add (i32.const 1) ${texts(0, ['x-a', 'b']).at(0)} ${texts(0, ['x-a', 'b']).at(1)})`.repeat(300),
    }),
  ],
  ...[0, 99, 100, 101, 199, 600, 1000, -1].map(
    (status) => [`status-${status}`, `the status ${status}`, 'guest_trap', statusSetter(status)] as const,
  ),
  [
    'unreachable',
    'a trap after a response was made',
    'guest_trap',
    attacker({ handle: '(call $setStatus (i32.const 200)) unreachable' }),
  ],
];

const CHUNK = 60_000;

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    apps: {
      bystander: BYSTANDER,
      ...Object.fromEntries(REFUSED.map(([name, , , app]) => [name.replace('--', '-minus-'), app])),
      'framing-fields': attacker({
        fields: texts(0, ['transfer-encoding', 'chunked', 'connection', 'close', 'upgrade', 'h2c', 'ok']).data,
        handle: [0, 2, 4]
          .map((i) => {
            const { at } = texts(0, ['transfer-encoding', 'chunked', 'connection', 'close', 'upgrade', 'h2c', 'ok']);
            return `(call $set (i32.const 1) ${at(i)} ${at(i + 1)})`;
          })
          .concat(
            `(call $write (i32.const 1) ${texts(0, ['transfer-encoding', 'chunked', 'connection', 'close', 'upgrade', 'h2c', 'ok']).at(6)})`,
          )
          .join('\n'),
      }),
      'lie-short': liar('5', 10),
      'lie-long': liar('50', 10),
      'lie-nonsense': liar('-1', 10),
      'lie-stream-short': liar('5', 100_000),
      'lie-stream-long': liar('200000', 100_000),
      'exact-stream': liar('100000', 100_000),
      'no-content': attacker({
        fields: texts(0, ['hidden']).data,
        handle: `(call $setStatus (i32.const 204)) (call $write (i32.const 1) ${texts(0, ['hidden']).at(0)})`,
      }),
      'not-modified': attacker({
        fields: texts(0, ['hidden']).data,
        handle: `(call $setStatus (i32.const 304)) (call $write (i32.const 1) ${texts(0, ['hidden']).at(0)})`,
      }),
      large: attacker({ memory: '4', handle: '(call $write (i32.const 1) (i32.const 0) (i32.const 200000))' }),
      silent: attacker({}),
      endless: attacker({
        memory: '2',
        handle: `(loop $l (call $write (i32.const 1) (i32.const 0) (i32.const ${CHUNK})) (br $l))`,
      }),
      'endless-slow': {
        ...attacker({
          memory: '2',
          handle: `(loop $l (call $write (i32.const 1) (i32.const 0) (i32.const ${CHUNK})) (br $l))`,
        }),
        manifest: limits({ cpu_ms: 2_000, wall_ms: 700 }),
      },
      held: attacker(
        {
          memory: '256',
          handle: `(drop (call $features (i32.const 2))) (call $write (i32.const 1) (i32.const 0) (i32.const 0x1000000))`,
        },
        { cpu_ms: 500 },
      ),
    },
  });
});
afterAll(() => edge.stop());

/** Sends a request, then one to the bystander on the same connection; answers everything that came back. */
async function andThenAnother(app: string, method = 'GET'): Promise<string> {
  const client = new RawClient(edge);
  client.send(`${method} / HTTP/1.1\r\nHost: ${app}.localhost\r\n\r\n`);
  await client.until(() => client.received.includes('\r\n\r\n'));
  client.send('GET /and-then HTTP/1.1\r\nHost: bystander.localhost\r\n\r\n');
  await client.until(() => client.received.endsWith('/and-then'));
  client.leave();
  return client.received;
}

describe.each(REFUSED)('%s: %s', (name, _, outcome) => {
  it(`ends as ${outcome}, with nothing of it sent`, async () => {
    await expectAttackEnds(edge, name.replace('--', '-minus-'), outcome);
    expect(edge.alive).toBe(true);
    const answer = await edge.fetch(name.replace('--', '-minus-'));
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.headers['x-a']).toBeUndefined();
  });
});

it('a guest that answers nothing is an empty 200', async () => {
  const { status, body, headers } = await edge.fetch('silent');
  expect([status, body.length, headers['kerb-outcome']]).toEqual([200, 0, undefined]);
});

it('fields that frame messages are the host’s: a guest’s are left out', async () => {
  const { status, text, headers } = await edge.fetch('framing-fields');
  expect([status, text]).toEqual([200, 'ok']);
  expect([headers['transfer-encoding'], headers['upgrade'], headers['content-length']]).toEqual([
    undefined,
    undefined,
    '2',
  ]);
});

describe('a Content-Length that lies', () => {
  it.each(['lie-short', 'lie-long', 'lie-nonsense'])('%s: is replaced by the truth', async (app) => {
    const received = await andThenAnother(app);
    expect(received).toMatch(/\r\ncontent-length: 10\r\n/i);
    expect(received.match(/content-length: /gi)).toHaveLength(2);
    expect(received).toContain('\r\n\r\nbbbbbbbbbbHTTP/1.1 200 OK\r\n');
  });

  it('below what is streamed: the connection ends, and no byte becomes another response', async () => {
    await besideBystander(edge, async () => {
      const client = new RawClient(edge);
      client.send('GET / HTTP/1.1\r\nHost: lie-stream-short.localhost\r\n\r\n');
      await client.closed();
      expect(client.received.split('\r\n\r\n')[1] ?? '').toMatch(/^b{0,5}$/);
    });
    const line = await edge.untilLogged(({ tenant }) => tenant === 'lie-stream-short');
    expect(line['outcome']).toBe('no_response');
  });

  it('above what is streamed: the connection ends early, so that the client can tell', async () => {
    await besideBystander(edge, () =>
      expect(edge.fetch('lie-stream-long')).rejects.toThrow(/closed|terminated|ECONNRESET/),
    );
  });

  it('that is true streams as it says, and the connection lives on', async () => {
    const { body, headers } = await edge.fetch('exact-stream');
    expect([body.length, headers['content-length']]).toEqual([100_000, '100000']);
  });
});

describe('a response that may have no body', () => {
  it.each([
    ['no-content', 'GET', 204],
    ['not-modified', 'GET', 304],
    ['bystander', 'HEAD', 200],
    ['large', 'HEAD', 200],
    ['exact-stream', 'HEAD', 200],
    ['lie-stream-short', 'HEAD', 200],
  ])('%s, %s: has none, whatever the guest writes', async (app, method, status) => {
    const received = await andThenAnother(app, method);
    const [first, second, rest] = received.split('\r\n\r\n');
    expect(first).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(second).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(rest).toBe('/and-then');
    expect(edge.alive).toBe(true);
  });
});

describe('a response that never ends', () => {
  it('is cut at the CPU budget when the client reads on', async () => {
    await besideBystander(edge, () => expect(edge.fetch('endless')).rejects.toThrow(/closed|terminated|ECONNRESET/));
    const line = await edge.untilLogged(({ tenant }) => tenant === 'endless');
    expect([line['status'], line['outcome']]).toEqual([200, 'cpu_limit']);
  });

  it('waits for clients that do not read, holds little for each, and is cut at the deadline', async () => {
    const before = await edge.metric('kerb_resident_bytes');
    await besideBystander(edge, async () => {
      const clients = Array.from({ length: 30 }, () => deaf('endless-slow'));
      await edge.until(() => edge.log.filter(({ tenant }) => tenant === 'endless-slow').length === 30);
      for (const client of clients) client.leave();
    });
    const outcomes = edge.log.filter(({ tenant }) => tenant === 'endless-slow').map(({ outcome }) => outcome);
    expect(new Set(outcomes)).toEqual(new Set(['wall_limit']));
    expect((await edge.metric('kerb_resident_bytes')) - before).toBeLessThan(200 * 1024 * 1024);
  });
});

describe('a large response that its client does not take', () => {
  it('stays a request in flight, so that the tenant’s concurrency bounds what the host holds', async () => {
    const clients = Array.from({ length: 4 }, () => deaf('held'));
    await untilInFlight(edge, 'held', 4);
    for (const client of clients) client.leave();
    await edge.until(() => edge.log.filter(({ tenant }) => tenant === 'held').length === 4);
    expect(await edge.inFlight('held')).toBe(0);
    const outcomes = edge.log.filter(({ tenant }) => tenant === 'held').map(({ outcome }) => outcome);
    expect(new Set(outcomes)).toEqual(new Set(['client_closed']));
  });

  it('stops a connection that asks on and on and never reads', async () => {
    const before = await edge.metric('kerb_resident_bytes');
    const client = deaf('large');
    client.send('GET / HTTP/1.1\r\nHost: large.localhost\r\n\r\n'.repeat(2_000));
    await besideBystander(edge, async () => {
      for (let i = 0; i < 200; i++) await edge.fetch('bystander', '/meanwhile');
    });
    client.leave();
    expect((await edge.metric('kerb_resident_bytes')) - before).toBeLessThan(100 * 1024 * 1024);
  });
});

/** A client that asks and never reads. */
function deaf(app: string): RawClient {
  const client = new RawClient(edge);
  client.socket.pause();
  return client.send(`GET / HTTP/1.1\r\nHost: ${app}.localhost\r\n\r\n`);
}
