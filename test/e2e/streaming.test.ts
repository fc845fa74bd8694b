/** Bodies larger than any buffer, at the pace of the slower side. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ECHO_GUEST, guest, REQUEST, RESPONSE, writePieces } from '../guests.ts';
import { startEdge, type Edge } from './edge.ts';
import { RawClient } from './raw-client.ts';

const MIB = 1024 * 1024;
const LARGE = 64 * MIB;

/** Reads the body to its end, 32 KiB at a time, and answers with its last eight bytes. */
const DRAIN_GUEST = guest(() => ({
  handle: `(loop $more
      (local.set $l (call $read ${REQUEST} (i32.const 0) (i32.const 32768)))
      (if (i32.wrap_i64 (local.get $l)) (then (local.set $n (i32.wrap_i64 (local.get $l)))))
      (br_if $more (i64.eqz (i64.shr_u (local.get $l) (i64.const 32)))))
    (call $write ${RESPONSE} (i32.sub (local.get $n) (i32.const 8)) (i32.const 8))
    (i64.const 0)`,
}));

/** Streams a head with the Content-Length `length`, and then `pieces` pieces of 64 KiB. */
function sized(length: number, pieces: number): Uint8Array {
  return guest((text) => ({
    handle: `(call $set ${RESPONSE} ${text('content-length')} ${text(String(length))})
      ${writePieces(pieces, 65_536)} (i64.const 0)`,
  }));
}

const LIMITS = '[limits]\ncpu_ms = 10000\nrequest_body_mb = 100';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({
    apps: {
      drain: { module: DRAIN_GUEST, manifest: LIMITS },
      echo: { module: ECHO_GUEST, manifest: LIMITS },
      chunks: {
        module: guest(() => ({ handle: `${writePieces(LARGE / 65_536, 65_536)} (i64.const 0)` })),
        manifest: LIMITS,
      },
      sized: { module: sized(LARGE, LARGE / 65_536), manifest: LIMITS },
      short: { module: sized(5 * 65_536, 4), manifest: LIMITS },
      long: { module: sized(3 * 65_536 + 1, 4), manifest: LIMITS },
      traps: { module: guest(() => ({ handle: `${writePieces(4, 65_536)} unreachable` })), manifest: LIMITS },
      bounded: { module: DRAIN_GUEST, manifest: '[limits]\nrequest_body_mb = 1' },
    },
  });
});
afterAll(() => edge.stop());

async function residentMib(): Promise<number> {
  return (await edge.metric('kerb_resident_bytes')) / MIB;
}

/** Connects and sends bytes; the answer is not read before somebody resumes the socket. */
async function stalledClient(bytes: string): Promise<Socket> {
  const socket = connect({ port: edge.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.pause();
  socket.write(bytes);
  return socket;
}

/** Reads a response to the end of its connection and answers the bytes after the head. */
async function bodyBytes(socket: Socket): Promise<number> {
  let [total, headBytes] = [0, 0];
  socket.on('data', (chunk: Buffer) => {
    if (headBytes === 0) headBytes = chunk.indexOf('\r\n\r\n') + 4;
    total += chunk.length;
  });
  socket.resume();
  await once(socket, 'close');
  return total - headBytes;
}

function closing(app: string): string {
  return `GET / HTTP/1.1\r\nHost: ${app}.localhost\r\nConnection: close\r\n\r\n`;
}

describe('a download with a reader that stops', () => {
  it('in chunks waits in the guest, not in the memory of the edge', async () => {
    const before = await residentMib();
    const socket = await stalledClient(closing('chunks'));
    // The guest has met its first wait when its requests stand still; meanwhile the edge serves others.
    await edge.fetch('echo', '/', { method: 'POST', body: 'others are served' });
    const during = await residentMib();
    expect(during - before).toBeLessThan(LARGE / MIB / 2);
    expect(edge.log.some((line) => line['tenant'] === 'chunks')).toBe(false);
    // 64 KiB pieces as chunks: "10000\r\n", the bytes, "\r\n"; the end is "0\r\n\r\n".
    expect(await bodyBytes(socket)).toBe((LARGE / 65_536) * (65_536 + 9) + 5);
    expect((await edge.untilLogged((line) => line['tenant'] === 'chunks'))['outcome']).toBe('ok');
  });

  it('with a Content-Length arrives whole, and is not chunked', async () => {
    const before = await residentMib();
    const socket = await stalledClient(closing('sized'));
    await edge.fetch('echo', '/', { method: 'POST', body: 'others are served' });
    expect((await residentMib()) - before).toBeLessThan(LARGE / MIB / 2);
    expect(await bodyBytes(socket)).toBe(LARGE);
  });

  it('that goes away ends the guest as client_closed', async () => {
    const socket = await stalledClient(`GET /gone HTTP/1.1\r\nHost: chunks.localhost\r\n\r\n`);
    await edge.fetch('echo', '/', { method: 'POST', body: 'others are served' });
    socket.destroy();
    const line = await edge.untilLogged((one) => one['target'] === '/gone');
    expect(line['outcome']).toBe('client_closed');
  });
});

describe('a streamed response that is not what its head said', () => {
  it.each(['short', 'long'])('%s is cut, so that the client sees it, and logged', async (app) => {
    const client = await RawClient.open(edge);
    client.get(`${app}.localhost`);
    const text = await client.closed();
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    expect(text.length - text.indexOf('\r\n\r\n') - 4).toBeLessThan(length);
    const line = await edge.untilLogged((one) => one['tenant'] === app);
    expect(line['outcome']).toBe('no_response');
    expect(line['detail']).toMatch(/Content-Length|of \d+ bytes/);
  });

  it('of a guest that traps in the middle has no last chunk', async () => {
    const client = await RawClient.open(edge);
    client.get('traps.localhost');
    const text = await client.closed();
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(text.endsWith('0\r\n\r\n')).toBe(false);
    expect((await edge.untilLogged((one) => one['tenant'] === 'traps'))['outcome']).toBe('guest_trap');
  });
});

describe('an upload', () => {
  it('of 64 MiB passes through a guest whose memory is 256 KiB, and little of it waits in the edge', async () => {
    const before = await residentMib();
    const piece = Buffer.alloc(MIB, 'u');
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < LARGE / MIB - 1; i++) yield piece;
      yield Buffer.concat([piece.subarray(8), Buffer.from('the-last')]);
    }
    const { status, text } = await edge.fetch('drain', '/', { method: 'POST', body: body() });
    expect([status, text]).toEqual([200, 'the-last']);
    expect((await residentMib()) - before).toBeLessThan(LARGE / MIB);
  });

  it('in one-byte chunks is put together again', async () => {
    const client = await RawClient.open(edge);
    const text = 'every byte comes in a chunk of its own, and is read as one body';
    client.send('POST / HTTP/1.1\r\nHost: echo.localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
    client.send(Array.from(text, (char) => `1\r\n${char}\r\n`).join('') + '0\r\n\r\n');
    expect(await client.until((all) => all.endsWith(text))).toMatch(/^HTTP\/1\.1 200 OK/);
    client.leave();
  });

  it("beyond the tenant's limit is refused by its Content-Length, before it is sent", async () => {
    const client = await RawClient.open(edge);
    client.send(`POST / HTTP/1.1\r\nHost: bounded.localhost\r\nContent-Length: ${MIB + 1}\r\n\r\n`);
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 413 [\s\S]*"outcome":"body_limit"/);
  });

  it('beyond the limit without a Content-Length is refused when the guest reads that far', async () => {
    const client = await RawClient.open(edge);
    client.send('POST / HTTP/1.1\r\nHost: bounded.localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let i = 0; i < 17; i++) client.send(piece);
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 413 [\s\S]*"outcome":"body_limit"/);
  });

  it('that breaks off ends the guest as client_closed', async () => {
    const client = await RawClient.open(edge);
    client.send('POST /broken HTTP/1.1\r\nHost: drain.localhost\r\nContent-Length: 1000\r\n\r\nhalf');
    await edge.fetch('echo', '/', { method: 'POST', body: 'later' });
    client.leave();
    const line = await edge.untilLogged((one) => one['target'] === '/broken');
    expect([line['outcome'], line['status']]).toEqual(['client_closed', 0]);
  });
});

describe('an echo', () => {
  it('of 5 MB gives back every byte', async () => {
    const sent = Buffer.from(Uint8Array.from({ length: 5_000_000 }, (_, i) => (i * 31 + (i >> 9)) & 0xff));
    const { status, body } = await edge.fetch('echo', '/', { method: 'POST', body: sent });
    expect(status).toBe(200);
    expect(body.equals(sent)).toBe(true);
  });

  it('of a small body has a Content-Length, of a large one chunks', async () => {
    const small = await edge.fetch('echo', '/', { method: 'POST', body: 'small' });
    expect(small.headers['content-length']).toBe('5');
    const large = await edge.fetch('echo', '/', { method: 'POST', body: 'l'.repeat(65_536) });
    expect(large.headers['transfer-encoding']).toBe('chunked');
  });

  it('streams: the first bytes come back before the last are sent', async () => {
    const client = await RawClient.open(edge);
    client.send('POST / HTTP/1.1\r\nHost: echo.localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
    client.send(`18000\r\n${'a'.repeat(0x18000)}\r\n`);
    await client.until((text) => text.split('a').length > 65_536);
    client.send('3\r\nend\r\n0\r\n\r\n');
    expect((await client.until((text) => text.endsWith('0\r\n\r\n'))).includes('end')).toBe(true);
    client.leave();
  });

  it('to a chunked request says in its head that the connection closes, and nowhere else', async () => {
    const client = await RawClient.open(edge);
    client.send('POST / HTTP/1.1\r\nHost: echo.localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
    client.send(`18000\r\n${'a'.repeat(0x18000)}\r\n0\r\n\r\n`);
    const text = await client.until((one) => one.endsWith('0\r\n\r\n'));
    const end = text.indexOf('\r\n\r\n');
    expect(text.slice(0, end).toLowerCase()).toContain('connection: close');
    expect(text.slice(end).toLowerCase()).not.toContain('connection');
    client.leave();
  });
});
