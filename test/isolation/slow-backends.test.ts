/** Backends that hang, drip, break off or never stop, against the process and the tenants beside theirs. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createGzip } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ERRNO } from '../../src/abi/kerb/errno.ts';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { RawClient } from '../e2e/raw-client.ts';
import { KERB_FETCH } from '../guests.ts';
import { besideBystander, untilMetric } from './bystander.ts';
import { expectAttackEnds, expectFailure } from './failures.ts';
import { BYSTANDER, guest, limits, texts } from './guests.ts';

const MIB = 1024 * 1024;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n';

/** Writes `text` again and again, `everyMs` apart, or as fast as it is taken. */
function repeat(socket: Socket, text: string | Uint8Array, everyMs: number): void {
  if (everyMs > 0) {
    const timer = setInterval(() => socket.write(text), everyMs);
    socket.on('close', () => clearInterval(timer));
    return;
  }
  const more = (): void => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on('drain', more);
  more();
}

/** What the backend does, by the first segment of the path. */
const ACTS: Readonly<Record<string, (socket: Socket, target: string) => void>> = {
  well: (socket) => void socket.write(OK),
  silent: () => undefined,
  drip: (socket) => {
    socket.write(HEAD);
    repeat(socket, 'x', 30);
  },
  stall: (socket) => void socket.write(`${HEAD}begun`),
  half: (socket) => void socket.end(`${HEAD}half`),
  reset: (socket) => void socket.write(`${HEAD}half`, () => socket.resetAndDestroy()),
  head: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    repeat(socket, `X: ${'x'.repeat(1_000)}\r\n`, 0);
  },
  'one-field': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nX: ');
    repeat(socket, 'x'.repeat(1_000), 0);
  },
  'head-drip': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nX: ');
    repeat(socket, 'x', 30);
  },
  hints: (socket) => repeat(socket, 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n', 0),
  'hints-drip': (socket) => repeat(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n', 30),
  flood: (socket) => {
    let left = 64;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${left * MIB}\r\n\r\n`);
    const more = (): void => {
      while (left > 0 && !socket.destroyed) {
        left -= 1;
        taken += MIB;
        if (!socket.write(Buffer.alloc(MIB))) return;
      }
    };
    socket.on('drain', more);
    more();
  },
  sick: (socket, target) => {
    if (target !== '/up') sick.asked += 1;
    socket.write(target === '/up' && !sick.isWell ? 'HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n' : OK);
  },
  bomb: (socket) => void socket.end(Buffer.concat([bombHead(), bomb])),
};

const sockets = new Set<Socket>();
/** Bytes of floods that were written. */
let taken = 0;
/** A backend that answers everybody, and whose checks fail while it is not well. */
const sick = { isWell: false, asked: 0 };
let bomb: Uint8Array = new Uint8Array(0);
let server: Server;
let port = 0;

function bombHead(): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/plain\r\nContent-Length: ${bomb.length}\r\n\r\n`,
  );
}

/** 200 MiB of zeros, which gzip makes a thousand times smaller. */
async function makeBomb(): Promise<Uint8Array> {
  const gzip = createGzip();
  const zeros = Buffer.alloc(MIB);
  const write = async (): Promise<void> => {
    for (let mib = 0; mib < 200; mib++) if (!gzip.write(zeros)) await once(gzip, 'drain');
    gzip.end();
  };
  const pieces: Buffer[] = [];
  gzip.on('data', (piece: Buffer) => pieces.push(piece));
  await Promise.all([write(), once(gzip, 'end')]);
  return Buffer.concat(pieces);
}

/** An app whose requests go to the backend that does so. */
function fronting(act: string, lines = '', more: Readonly<Record<string, number>> = {}): TestApp {
  return {
    module: guest({ handle: '(return (i64.const 1))' }),
    manifest: `origin = "main"\n${limits({ wall_ms: 5_000, ...more })}
      [backends.main]\nurl = "http://127.0.0.1:${port}/${act}"\n${lines}`,
  };
}

const QUICK = 'first_byte_ms = 200\nbetween_bytes_ms = 200';

/** An app that reads the whole answer itself, and answers how many bytes it had, in four bytes. */
function reading(act: string, more: Readonly<Record<string, number>> = {}): TestApp {
  const { data, at } = texts(1_024, ['main', 'GET', '/']);
  return {
    module: guest({
      imports: KERB_FETCH,
      fields: `${data} (global $h (mut i32) (i32.const 0)) (global $n (mut i32) (i32.const 0)) (global $all (mut i32) (i32.const 0))`,
      handle: `(global.set $h (call $fetch ${at(0)} ${at(1)} ${at(2)}))
        (drop (call $wait (call $send (global.get $h)) (i32.const -1)))
        (loop $more
          (global.set $n (call $take (global.get $h) (i32.const 4096) (i32.const 32768)))
          (global.set $all (i32.add (global.get $all) (global.get $n)))
          (br_if $more (i32.gt_s (global.get $n) (i32.const 0))))
        (i32.store (i32.const 0) (global.get $all))
        (call $write (i32.const 1) (i32.const 0) (i32.const 4))`,
    }),
    manifest: `${limits({ wall_ms: 5_000, memory_mb: 1, ...more })}
      [backends.main]\nurl = "http://127.0.0.1:${port}/${act}"\n${QUICK}`,
  };
}

beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      const [, act = '', target = ''] = /^[A-Z]+ \/([a-z-]+)(\/\S*) /.exec(chunk.toString('latin1')) ?? [];
      ACTS[act]?.(socket, target);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  bomb = await makeBomb();
});

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** Connections that are left when no request of the app is in flight and those that are kept have had their time. */
async function connectionsLeft(edge: Edge, app: string): Promise<number> {
  await expect.poll(() => edge.inFlight(app), { timeout: 5_000 }).toBe(0);
  const late = Date.now() + 10_000;
  while (sockets.size > 0 && Date.now() < late) await new Promise((resolve) => setTimeout(resolve, 20));
  return sockets.size;
}

describe('a backend', () => {
  let edge: Edge;
  beforeAll(async () => {
    const failing = ['silent', 'head', 'one-field', 'head-drip', 'hints', 'hints-drip'];
    const broken = ['stall', 'half', 'reset'];
    edge = await startEdge({
      flags: ['--allow-backend', '127.0.0.0/8', '--cache', '0'],
      apps: {
        ...Object.fromEntries([...failing, ...broken].map((act) => [act, fronting(act, QUICK)])),
        drip: fronting('drip', QUICK),
        flood: fronting('flood'),
        sick: fronting('sick', 'health = { path = "/up", interval_s = 1, unhealthy = 1, healthy = 1 }'),
        'reads-drip': reading('drip', { wall_ms: 500 }),
        'reads-stall': reading('stall'),
        'reads-bomb': reading('bomb'),
        'relays-bomb': fronting('bomb'),
        bystander: BYSTANDER,
      },
    });
  });
  afterAll(() => edge.stop());

  it.each([
    ['that accepts and never answers', 'silent'],
    ['that sends fields without end', 'head'],
    ['that sends one field without end', 'one-field'],
    ['that drips its head', 'head-drip'],
    ['that sends informational answers without end', 'hints'],
    ['that drips informational answers', 'hints-drip'],
  ])('%s is a backend_error in time, and hurts nobody', async (_, app) => {
    await expectAttackEnds(edge, app, 'backend_error');
    expect(await connectionsLeft(edge, app)).toBe(0);
  });

  it.each([
    ['that falls silent in its body', 'stall', /begun$/],
    ['that closes in its body', 'half', /half$/],
    ['that resets in its body', 'reset', /200 OK/],
  ])('%s is cut for the client, who can tell', async (_, app, end) => {
    await besideBystander(edge, async () => {
      const client = (await RawClient.open(edge)).get(`${app}.localhost`);
      const received = await client.closed();
      expect(received).toMatch(end);
      expect(received).toContain('1000000');
    });
    expect(await connectionsLeft(edge, app)).toBe(0);
  });

  it('that drips its body is passed on as it comes, and let go when the client leaves', async () => {
    await besideBystander(edge, async () => {
      const client = (await RawClient.open(edge)).get('drip.localhost');
      // Longer than any of its timeouts, which begin anew with each byte.
      await client.until((received) => (received.split('\r\n\r\n')[1] ?? '').length > 15);
      client.socket.destroy();
    });
    expect(await connectionsLeft(edge, 'drip')).toBe(0);
  });

  it('that drips into a guest is ended by the guest’s own deadline', async () => {
    await expectAttackEnds(edge, 'reads-drip', 'wall_limit');
    expect(await connectionsLeft(edge, 'reads-drip')).toBe(0);
  });

  it('that falls silent while a guest reads is a body that broke off', async () => {
    const { status, body } = await edge.fetch('reads-stall');
    expect([status, body.readInt32LE()]).toEqual([200, 'begun'.length + ERRNO.broken]);
    expect(await connectionsLeft(edge, 'reads-stall')).toBe(0);
  });

  it('that fails its health checks is not asked until it is well again', async () => {
    const statusOf = async (): Promise<number> => (await edge.fetch('sick')).status;
    expect(await statusOf()).toBe(200);
    await expect.poll(statusOf, { timeout: 5_000 }).toBe(502);
    const { asked } = sick;
    for (let attack = 0; attack < 5; attack++) expectFailure(await edge.fetch('sick'), 'backend_error');
    expect(sick.asked).toBe(asked);
    sick.isWell = true;
    await expect.poll(statusOf, { timeout: 5_000 }).toBe(200);
  });

  it('that sends 64 MiB to clients who do not read is held back, and costs next to no memory', async () => {
    taken = 0;
    const before = await edge.metric('kerb_resident_bytes');
    const clients: RawClient[] = [];
    await besideBystander(edge, async () => {
      for (let index = 0; index < 4; index++) {
        const client = await RawClient.open(edge);
        client.socket.pause();
        clients.push(client.get('flood.localhost'));
      }
      await expect.poll(() => taken).toBeGreaterThanOrEqual(4 * MIB);
      let last = -1;
      while (last !== taken) {
        last = taken;
        await untilMetric(edge, 'kerb_resident_bytes', (bytes) => bytes > 0);
      }
    });
    // What the kernel buffers on the way, twice a connection.
    expect(taken).toBeLessThan(4 * 32 * MIB);
    expect((await edge.metric('kerb_resident_bytes')) - before).toBeLessThan(64 * MIB);
    for (const client of clients) client.socket.destroy();
    expect(await connectionsLeft(edge, 'flood')).toBe(0);
  });

  it('that sends a gzip bomb sends what it sends: nobody unpacks it', async () => {
    expect([bomb.length > 190_000, bomb.length < 220_000]).toEqual([true, true]);
    const before = await edge.metric('kerb_resident_bytes');
    await besideBystander(edge, async () => {
      const read = await edge.fetch('reads-bomb');
      expect([read.status, read.body.readUInt32LE()]).toEqual([200, bomb.length]);
      const { headers, body } = await edge.fetch('relays-bomb');
      expect([headers['content-encoding'], body.equals(bomb)]).toEqual(['gzip', true]);
    });
    expect((await edge.metric('kerb_resident_bytes')) - before).toBeLessThan(64 * MIB);
  });
});

describe('a tenant whose backends never answer', () => {
  const DESCRIPTORS = 256;
  /** A quarter of half. */
  const ITS_SOCKETS = DESCRIPTORS / 8;
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge({
      flags: ['--allow-backend', '127.0.0.0/8', '--cache', '0'],
      descriptors: DESCRIPTORS,
      apps: {
        greedy: fronting('silent', '', { concurrency: 100, wall_ms: 30_000 }),
        modest: fronting('well'),
        bystander: BYSTANDER,
      },
    });
  });
  afterAll(() => edge.stop());
  const clients: RawClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.socket.destroy();
  });

  it('does not use up the descriptors of the process: it is refused, and others reach theirs', async () => {
    for (let index = 0; index < ITS_SOCKETS; index++)
      clients.push((await RawClient.open(edge)).get('greedy.localhost', `/${index}`));
    await untilMetric(edge, 'kerb_budget_used{budget="sockets"}', (used) => used === ITS_SOCKETS);
    await besideBystander(edge, async () => {
      for (let attack = 0; attack < 15; attack++) expectFailure(await edge.fetch('greedy'), 'backend_error');
      const { status, text } = await edge.fetch('modest');
      expect([status, text]).toEqual([200, 'ok']);
    });
    expect(await edge.metric('kerb_budget_refused_total{budget="sockets"}')).toBe(15);
    expect(await edge.metric('kerb_budget_ceiling{budget="sockets"}')).toBe(DESCRIPTORS / 2);
    for (const client of clients.splice(0)) client.socket.destroy();
    await untilMetric(edge, 'kerb_budget_used{budget="sockets"}', (used) => used <= 1);
    // The refusals have not been held against the backend.
    clients.push((await RawClient.open(edge)).get('greedy.localhost', '/again'));
    await expect.poll(() => edge.inFlight('greedy')).toBe(1);
  });
});
