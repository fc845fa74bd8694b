/** WebSockets through Kerb: real clients, real guests, real origins. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filter, REQUEST_HEADERS, RESPONSE_HEADERS } from '../filters.ts';
import { guest, PASS_GUEST, REQUEST, RESPONSE } from '../guests.ts';
import { startEdge, type Edge, type TestApp } from './edge.ts';
import { RawClient } from './raw-client.ts';
import { openThrough, openWebSocket, Origin, refusalOf, type Peer } from './websocket-peers.ts';

const MAX = 1024 * 1024;
const MIB = 1024 * 1024;

/** A Proxy-Wasm filter that leaves its mark on both heads; `more` comes after that. */
const marking = (request = '', response = ''): Uint8Array =>
  filter((text) => ({
    requestHeaders: `(drop (call $add_header_map_value ${REQUEST_HEADERS} ${text('x-filter')} ${text('asked')})) ${request}`,
    responseHeaders: `(drop (call $add_header_map_value ${RESPONSE_HEADERS} ${text('x-filter')} ${text('answered')})) ${response}`,
  }));

/** An app behind a filter. */
const behind = (module: Uint8Array, manifest: string, mode = 'closed'): TestApp => ({
  module: PASS_GUEST,
  files: { 'filter.wasm': module },
  manifest: manifest.replace(
    /(?=^\[)/m,
    `[[filters]]\nname = "mark"\nmain = "filter.wasm"\nfailure_mode = "${mode}"\n`,
  ),
});

let edge: Edge;
let origin: Origin;

beforeAll(async () => {
  origin = await Origin.start();
  const { manifest } = origin;
  edge = await startEdge({
    flags: ['--allow-backend', '127.0.0.0/8'],
    apps: {
      pass: { module: PASS_GUEST, manifest },
      edits: {
        module: guest((text) => ({
          handle: `(call $set ${REQUEST} ${text('x-guest')} ${text('was here')})
            (call $setUri ${text('/edited?by=guest')})
            (call $set ${REQUEST} ${text('sec-websocket-key')} ${text('AAAAAAAAAAAAAAAAAAAAAA==')})
            (call $set ${REQUEST} ${text('sec-websocket-version')} ${text('8')})
            (call $set ${REQUEST} ${text('sec-websocket-extensions')} ${text('permessage-deflate')})
            (call $set ${REQUEST} ${text('sec-websocket-accept')} ${text('x')})
            (i64.const 1)`,
          response: `(if (i32.eq (call $status) (i32.const 101)) (then (call $log (i32.const 0) ${text('saw the 101')})))`,
        })),
        manifest,
      },
      refuses: {
        module: guest((text) => ({
          handle: `(call $setStatus (i32.const 401)) (call $set ${RESPONSE} ${text('x-guest')} ${text('no')})
            (call $write ${RESPONSE} ${text('who are you?')}) (i64.const 0)`,
        })),
        manifest,
      },
      ordinary: {
        module: guest((text) => ({ handle: `(call $remove ${REQUEST} ${text('upgrade')}) (i64.const 1)` })),
        manifest,
      },
      late: {
        module: guest((text) => ({
          handle: `(drop (call $features (i32.const 2))) (i64.const 1)`,
          response: `(call $setStatus (i32.const 403)) (call $write ${RESPONSE} ${text('on second thought')})`,
        })),
        manifest,
      },
      'filter-alone': { module: marking(), manifest },
      'filter-before': behind(marking(), manifest),
      'filter-skipped': behind(marking('unreachable'), manifest, 'open'),
      'filter-skipped-late': behind(marking('', 'unreachable'), manifest, 'open'),
      'filter-fails': behind(marking('', 'unreachable'), manifest),
      traps: { module: guest(() => ({ handle: '(i64.const 1)', response: 'unreachable' })), manifest },
      few: { module: PASS_GUEST, manifest: `${manifest}\n[limits]\nwebsockets = 2` },
      none: { module: PASS_GUEST, manifest: `${manifest}\n[limits]\nwebsockets = 0` },
      alone: { module: guest((text) => ({ handle: `(call $write ${RESPONSE} ${text('alone')}) (i64.const 0)` })) },
    },
  });
});

afterAll(async () => {
  await edge.stop();
  await origin.close();
});

describe('messages', () => {
  it('go both ways whole, as text and as binary, from one byte to the cap', async () => {
    const { client, far } = await openThrough(edge, origin, 'pass');
    let number = 0;
    for (const size of [0, 1, 125, 126, 65_535, 65_536, MAX]) {
      for (const isBinary of [false, true]) {
        const bytes = Buffer.alloc(size, isBinary ? 0xff : 'x');
        client.socket.send(bytes, { binary: isBinary });
        const there = await far.message(number);
        expect([there.isBinary, there.bytes.equals(bytes)]).toEqual([isBinary, true]);
        far.socket.send(there.bytes, { binary: isBinary });
        const back = await client.message(number);
        expect([back.isBinary, back.bytes.equals(bytes)]).toEqual([isBinary, true]);
        number += 1;
      }
    }
    client.socket.close(1000);
    expect(await client.over()).toEqual({ code: 1000, reason: '' });
    expect(await far.over()).toEqual({ code: 1000, reason: '' });
  });

  it('say in the log how many they were, once, when it is over', async () => {
    const { client, far } = await openThrough(edge, origin, 'pass', { path: '/logged' });
    client.socket.send('12345');
    await far.message();
    far.socket.send('123');
    far.socket.send('456');
    await client.message(1);
    expect(edge.log.some((line) => line['target'] === '/logged')).toBe(false);
    far.socket.close(4001, 'enough');
    expect(await client.over()).toEqual({ code: 4001, reason: 'enough' });
    const line = await edge.untilLogged((one) => one['target'] === '/logged');
    const { status, outcome, websocket, instance } = line;
    expect({ status, outcome, websocket, instance }).toEqual({
      status: 101,
      outcome: 'ok',
      instance: 'fresh',
      websocket: { received_messages: 1, received_bytes: 5, sent_messages: 2, sent_bytes: 6, close_code: 4001 },
    });
  });
});

describe('a guest', () => {
  it('changes the request, sees the 101, and does not get at the handshake', async () => {
    const { client, far } = await openThrough(edge, origin, 'edits', { headers: { origin: 'https://page.example' } });
    const { url, headers } = origin.handshakes.at(-1) ?? {};
    expect([url, headers?.['x-guest'], headers?.origin]).toEqual([
      '/base/edited?by=guest',
      'was here',
      'https://page.example',
    ]);
    expect([headers?.['sec-websocket-version'], headers?.['sec-websocket-extensions']]).toEqual(['13', undefined]);
    await edge.untilLogged((line) => line['message'] === 'saw the 101');
    expect(await edge.inFlight('edits')).toBe(0);
    expect(await edge.metric('kerb_websockets{tenant="edits"}')).toBe(1);
    client.socket.close();
    await far.over();
  });

  it('refuses with an answer of its own', async () => {
    const before = origin.handshakes.length;
    const { status, headers, text } = await refusalOf(openWebSocket(edge, 'refuses'));
    expect([status, headers['x-guest'], text]).toEqual([401, 'no', 'who are you?']);
    expect(origin.handshakes.length).toBe(before);
  });

  it.each([
    ['ordinary', 200, 'plain GET /base/'],
    ['late', 403, 'on second thought'],
    ['alone', 200, 'alone'],
  ])('%s makes another answer of it', async (app, expected, body) => {
    const { status, text } = await refusalOf(openWebSocket(edge, app));
    expect([status, text]).toEqual([expected, body]);
  });
});

describe('a Proxy-Wasm filter', () => {
  it.each([
    ['filter-alone', 'asked'],
    ['filter-before', 'asked'],
    ['filter-skipped', undefined],
    ['filter-skipped-late', 'asked'],
  ])('%s lets the handshake through, and messages go both ways', async (app, mark) => {
    const { client, far } = await openThrough(edge, origin, app);
    expect(origin.handshakes.at(-1)?.headers['x-filter']).toBe(mark);
    client.socket.send('there');
    far.socket.send((await far.message()).bytes);
    expect((await client.message()).bytes.toString()).toBe('there');
    expect(await edge.inFlight(app)).toBe(0);
    client.socket.close(1000);
    expect(await far.over()).toEqual({ code: 1000, reason: '' });
  });

  it('that fails at the 101 ends the WebSocket that nobody got', async () => {
    const number = origin.peers.length;
    expect((await refusalOf(openWebSocket(edge, 'filter-fails'))).status).toBe(500);
    expect((await (await origin.peer(number)).over()).code).toBe(1006);
    expect(await edge.metric('kerb_websockets{tenant="filter-fails"}')).toBe(0);
  });
});

it('a guest that traps at the 101 ends the WebSocket that nobody got', async () => {
  const number = origin.peers.length;
  expect((await refusalOf(openWebSocket(edge, 'traps'))).status).toBe(500);
  const far = await origin.peer(number);
  expect((await far.over()).code).toBe(1006);
  expect(await edge.metric('kerb_websockets{tenant="traps"}')).toBe(0);
});

describe('an origin', () => {
  it('chooses the subprotocol among those of the client; extensions are offered by neither hop', async () => {
    const { client, far } = await openThrough(edge, origin, 'pass', { protocols: ['first', 'second'], compress: true });
    expect([client.socket.protocol, far.socket.protocol, client.socket.extensions]).toEqual(['second', 'second', '']);
    expect(origin.handshakes.at(-1)?.headers['sec-websocket-extensions']).toBeUndefined();
    client.socket.close();
    await far.over();
  });

  it('that is lost while the guest looks at the 101 is lost for the client', async () => {
    const client = await openWebSocket(edge, 'pass', { path: '/gone' });
    expect((await client.over()).code).toBe(1014);
  });

  it('adds its fields to the 101, but none of the handshake', async () => {
    const asking = openWebSocket(edge, 'pass');
    const peer = await asking;
    peer.socket.close();
    const client = await RawClient.open(edge);
    client.get('pass.localhost', '/', HANDSHAKE);
    const head = await client.until((all) => all.includes('\r\n\r\n'));
    client.leave();
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect([head.match(/x-origin: here/gi)?.length, head.match(/set-cookie: /gi)?.length]).toEqual([1, 2]);
    // The example of RFC 6455 section 1.3.
    expect(head.match(/sec-websocket-accept: (.*)\r/gi)).toEqual([
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r',
    ]);
    expect([head.match(/\r\nupgrade:/gi)?.length, head.match(/\r\nconnection:/gi)?.length]).toEqual([1, 1]);
  });

  it('refuses, and the client gets its answer', async () => {
    const { status, headers, text } = await refusalOf(openWebSocket(edge, 'pass', { path: '/refuse' }));
    expect([status, headers['x-why'], text]).toEqual([403, 'not you', 'not you']);
  });

  it('that switches without the right proof is a broken one', async () => {
    const { status, headers } = await refusalOf(openWebSocket(edge, 'pass', { path: '/lie' }));
    expect([status, headers['kerb-outcome']]).toEqual([502, 'backend_error']);
    expect(await edge.untilLogged((line) => line['target'] === '/lie')).toMatchObject({ outcome: 'backend_error' });
  });
});

/** The headers of the handshake in RFC 6455 section 1.3. */
const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

describe('closing', () => {
  it.each([1000, 1001, 1003, 1008, 1011, 4000, 4999])('with %i by the client reaches the origin', async (code) => {
    const { client, far } = await openThrough(edge, origin, 'pass');
    client.socket.close(code, 'so long');
    expect(await far.over()).toEqual({ code, reason: 'so long' });
    expect(await client.over()).toEqual({ code, reason: 'so long' });
  });

  it.each([1000, 1001, 1011, 1014, 3000, 4999])('with %i by the origin reaches the client', async (code) => {
    const { client, far } = await openThrough(edge, origin, 'pass');
    far.socket.close(code, 'so long');
    expect(await client.over()).toEqual({ code, reason: 'so long' });
    expect(await far.over()).toEqual({ code, reason: 'so long' });
  });

  it('without a code stays without one, and so does a code that the transport does not know', async () => {
    for (const code of [undefined, 3000]) {
      const { client, far } = await openThrough(edge, origin, 'pass');
      client.socket.close(code);
      expect((await far.over()).code).toBe(1005);
    }
    const { client, far } = await openThrough(edge, origin, 'pass');
    far.socket.close();
    expect((await client.over()).code).toBe(1005);
  });

  it('by the loss of the client is going away for the origin', async () => {
    const { client, far } = await openThrough(edge, origin, 'pass', { path: '/client-lost' });
    client.socket.terminate();
    expect((await far.over()).code).toBe(1001);
    const line = await edge.untilLogged((one) => one['target'] === '/client-lost');
    expect(line).toMatchObject({ outcome: 'client_closed', websocket: { close_code: 1006 } });
  });

  it('by the loss of the origin is a bad gateway for the client', async () => {
    const { client, far } = await openThrough(edge, origin, 'pass', { path: '/origin-lost' });
    far.socket.terminate();
    expect((await client.over()).code).toBe(1014);
    const line = await edge.untilLogged((one) => one['target'] === '/origin-lost');
    expect(line).toMatchObject({ outcome: 'backend_error', websocket: { close_code: 1006 } });
  });

  it('follows a message that is larger than the cap, on either side', async () => {
    const { client, far } = await openThrough(edge, origin, 'pass', { path: '/large-up' });
    client.socket.send(Buffer.alloc(MAX + 1));
    expect((await far.over()).code).toBe(1001);
    expect((await client.over()).code).toBe(1006);
    expect(far.messages).toEqual([]);
    expect((await edge.untilLogged((one) => one['target'] === '/large-up'))['detail']).toMatch(/too big message/);
    const other = await openThrough(edge, origin, 'pass');
    other.far.socket.send(Buffer.alloc(MAX + 1));
    expect((await other.far.over()).code).toBe(1009);
    expect((await other.client.over()).code).toBe(1014);
    expect(other.client.messages).toEqual([]);
  });
});

describe('frames', () => {
  it('of one message are put together, and pings between them are answered', async () => {
    const { client, far } = await openThrough(edge, origin, 'pass');
    client.socket.send('one ', { fin: false });
    client.socket.ping('between');
    client.socket.send('two ', { fin: false });
    client.socket.send('three', { fin: true });
    expect((await far.message()).bytes.toString()).toBe('one two three');
    await client.until(() => client.pongs.includes('between'));
    far.socket.send(Buffer.from([1]), { fin: false });
    far.socket.ping('of the origin');
    far.socket.send(Buffer.from([2]), { fin: true });
    expect((await client.message()).bytes).toEqual(Buffer.from([1, 2]));
    await far.until(() => far.pongs.includes('of the origin'));
    client.socket.close();
    await far.over();
  });
});

/** Sends `count` messages of 64 KiB; settles when all are on their way. */
function flood(peer: Peer, count: number): void {
  for (let number = 0; number < count; number += 1) {
    const bytes = Buffer.alloc(65_536);
    bytes.writeUInt32BE(number);
    peer.socket.send(bytes);
  }
}

function inOrder(messages: readonly { readonly bytes: Buffer }[]): boolean {
  return messages.every(({ bytes }, number) => bytes.length === 65_536 && bytes.readUInt32BE() === number);
}

async function residentMib(): Promise<number> {
  return (await edge.metric('kerb_resident_bytes')) / MIB;
}

describe('a peer that does not read', () => {
  const COUNT = 2_048;

  it.each(['client', 'origin'] as const)('makes the other side of the %s wait, not the edge remember', async (slow) => {
    const { client, far } = await openThrough(edge, origin, 'pass');
    const [reader, writer] = slow === 'client' ? [client, far] : [far, client];
    reader.socket.pause();
    const before = await residentMib();
    flood(writer, COUNT);
    // What the kernels of three hops take; the rest stays with the sender.
    let left = Number.POSITIVE_INFINITY;
    while (writer.socket.bufferedAmount < left) {
      left = writer.socket.bufferedAmount;
      for (let turn = 0; turn < 20; turn += 1) await edge.fetch('alone');
    }
    expect(left).toBeGreaterThan((COUNT * 65_536) / 2);
    expect((await residentMib()) - before).toBeLessThan(48);
    reader.socket.resume();
    await reader.message(COUNT - 1);
    expect(inOrder(reader.messages)).toBe(true);
    writer.socket.close();
    await reader.over();
  });

  it('on both sides at once ends in no standstill', async () => {
    const { client, far } = await openThrough(edge, origin, 'pass');
    for (const { socket } of [client, far]) socket.pause();
    for (const peer of [client, far]) flood(peer, COUNT / 4);
    for (let turn = 0; turn < 50; turn += 1) await edge.fetch('alone');
    client.socket.resume();
    await client.message(COUNT / 4 - 1);
    far.socket.resume();
    await far.message(COUNT / 4 - 1);
    expect([inOrder(client.messages), inOrder(far.messages)]).toEqual([true, true]);
    client.socket.close();
    await far.over();
  });
});

describe('the caps', () => {
  it('of a tenant refuse what is too much, and hurt no neighbour', async () => {
    const open = [await openThrough(edge, origin, 'few'), await openThrough(edge, origin, 'few')];
    const { status, headers } = await refusalOf(openWebSocket(edge, 'few'));
    expect([status, headers['kerb-outcome'], headers['retry-after']]).toEqual([429, 'concurrency_limit', '1']);
    expect((await edge.fetch('few')).text).toBe('plain GET /base/');
    const neighbour = await openThrough(edge, origin, 'pass');
    neighbour.client.socket.close();
    open[0]?.client.socket.close();
    await open[0]?.far.over();
    await edge.untilLogged((line) => line['tenant'] === 'few' && line['status'] === 101);
    const again = await openThrough(edge, origin, 'few');
    for (const { client } of [...open, again]) client.socket.close();
    await again.far.over();
  });

  it('count no handshake that came to nothing', async () => {
    for (let turn = 0; turn < 5; turn += 1) await refusalOf(openWebSocket(edge, 'few', { path: '/refuse' }));
    expect(await edge.metric('kerb_websockets{tenant="few"}')).toBe(0);
  });

  it('of none refuse every one', async () => {
    expect((await refusalOf(openWebSocket(edge, 'none'))).status).toBe(429);
    expect((await edge.fetch('none')).status).toBe(200);
  });
});
