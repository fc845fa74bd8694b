/** The side towards an origin, over real sockets. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Closing, WebSocketEvents } from '../../../src/capability/websocket.ts';
import { MAX_MESSAGE_BYTES, WEBSOCKET_CLOSE_MS, WEBSOCKET_PING_MS } from '../../../src/upstream/limits.ts';
import { OriginWebSocket } from '../../../src/upstream/websocket.ts';
import { Receiver, Sender, type FrameSender } from '../../../src/upstream/websocket-frames.ts';

/** Notes everything that it is told. */
class Notes implements WebSocketEvents {
  readonly said: string[] = [];
  readonly closings: Closing[] = [];
  gone = 0;
  drains = 0;
  readonly #watchers = new Set<() => void>();

  onMessage(bytes: Uint8Array, kind: string): void {
    this.said.push(`${kind} ${Buffer.from(bytes).toString()}`);
    this.#notify();
  }

  onDrain(): void {
    this.drains += 1;
    this.#notify();
  }

  onClose(closing: Closing): void {
    this.closings.push(closing);
    this.#notify();
  }

  onGone(): void {
    this.gone += 1;
    this.#notify();
  }

  async until(look: () => boolean): Promise<void> {
    while (!look()) await new Promise<void>((resolve) => this.#watchers.add(resolve));
  }

  #notify(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}

let server: Server;
let far: Socket;
let near: Socket;
let origin: FrameSender;
let heard: string[];
let socket: OriginWebSocket;
let notes: Notes;
let wake: () => void;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  [far] = await accepted;
  far.on('error', () => undefined);
  origin = new Sender(far);
  [heard, wake] = [[], () => undefined];
  const receiver = new Receiver({ isServer: true, maxPayload: 0, maxFragments: 0, maxBufferedChunks: 0 });
  const note = (text: string): void => {
    heard.push(text);
    wake();
  };
  receiver
    .on('message', (bytes: Buffer, isBinary: boolean) => note(`${isBinary ? 'binary' : 'text'} ${bytes.toString()}`))
    .on('ping', () => note('ping'))
    .on('pong', (bytes: Buffer) => note(`pong ${bytes.toString()}`))
    .on('conclude', (code: number, reason: Buffer) => note(`close ${code} ${reason.toString()}`));
  far.on('data', (chunk) => receiver.write(chunk));
  [socket, notes] = [new OriginWebSocket(near, null), new Notes()];
});

afterEach(() => {
  vi.useRealTimers();
  near.destroy();
  far.destroy();
  server.close();
});

async function untilHeard(text: string): Promise<void> {
  while (!heard.includes(text)) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

const PLAIN = { binary: false, compress: false, fin: true, mask: false } as const;

describe('a WebSocket to an origin', () => {
  it('reads nothing before it starts, then everything', async () => {
    origin.send(Buffer.from('early'), PLAIN);
    await new Promise(setImmediate);
    socket.start(notes);
    await notes.until(() => notes.said.length > 0);
    expect(notes.said).toEqual(['text early']);
  });

  it('sends masked frames, as clients do', async () => {
    socket.start(notes);
    expect(socket.send(Buffer.from('to there'), 'text')).toBe(true);
    expect(socket.send(Buffer.from('bytes'), 'binary')).toBe(true);
    await untilHeard('binary bytes');
    expect(heard).toEqual(['text to there', 'binary bytes']);
  });

  it('answers pings with what they hold', async () => {
    socket.start(notes);
    origin.ping(Buffer.from('are you there'), false);
    await untilHeard('pong are you there');
    expect(heard).toEqual(['pong are you there']);
  });

  it('answers a close frame, tells of it once, and goes', async () => {
    socket.start(notes);
    origin.close(4001, Buffer.from('enough'), false);
    await untilHeard('close 4001 enough');
    await notes.until(() => notes.gone === 1);
    expect(notes.closings).toMatchObject([{ code: 4001, detail: null }]);
    expect(Buffer.from(notes.closings[0]?.reason ?? []).toString()).toBe('enough');
    expect(socket.send(Buffer.from('late'), 'text')).toBe(false);
  });

  it.each([
    [1000, 'close 1000 bye'],
    [1005, 'close 1005 '],
    [1006, 'close 1005 '],
    [1015, 'close 1005 '],
  ])('closes with %i as "%s", and waits for the answer', async (code, expected) => {
    socket.start(notes);
    socket.close(code, Buffer.from('bye'));
    socket.close(4000, Buffer.from('again'));
    await untilHeard(expected);
    expect([notes.closings, notes.gone]).toEqual([[], 0]);
    origin.close(1000, new Uint8Array(0), false);
    await notes.until(() => notes.gone === 1);
    expect([notes.closings.length, heard]).toEqual([1, [expected]]);
  });

  it('is lost with its connection', async () => {
    socket.start(notes);
    far.resetAndDestroy();
    await notes.until(() => notes.gone === 1);
    expect(notes.closings).toMatchObject([
      { code: 1006, detail: 'the connection to the origin was lost (ECONNRESET)' },
    ]);
  });

  it('tells of a loss from before its start', async () => {
    near.resume();
    far.end();
    await once(near, 'close');
    socket.start(notes);
    expect([notes.closings.length, notes.gone]).toEqual([1, 1]);
  });

  it.each([
    ['a reserved bit', Buffer.from([0xf1, 0x00]), 1002],
    ['a masked frame', Buffer.from([0x81, 0x80, 0, 0, 0, 0]), 1002],
    ['a compressed frame', Buffer.from([0xc1, 0x00]), 1002],
    ['text that is no UTF-8', Buffer.from([0x81, 0x01, 0xff]), 1007],
    ['a close code that may not be sent', Buffer.from([0x88, 0x02, 0x03, 0xed]), 1002],
  ])('refuses %s', async (_, bytes, code) => {
    socket.start(notes);
    far.write(bytes);
    await untilHeard(`close ${code} `);
    expect(notes.closings).toMatchObject([{ code: 1006 }]);
    expect(notes.closings[0]?.detail).toMatch(/^the origin broke the WebSocket protocol: /);
  });

  it('refuses a message beyond the cap when its head is there', async () => {
    socket.start(notes);
    const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(MAX_MESSAGE_BYTES + 1, 6);
    far.write(head);
    await untilHeard('close 1009 ');
    expect(notes.said).toEqual([]);
  });

  it('says when it is full, and when there is room again', async () => {
    socket.start(notes);
    far.pause();
    for (let number = 0; !socket.isFull; number += 1) socket.send(Buffer.alloc(65_536), 'binary');
    expect(notes.drains).toBe(0);
    far.resume();
    await notes.until(() => notes.drains > 0);
    expect(socket.isFull).toBe(false);
  });

  it('leaves out answers to pings while the origin takes none', async () => {
    socket.start(notes);
    far.pause();
    while (!socket.isFull) socket.send(Buffer.alloc(65_536), 'binary');
    const before = near.writableLength;
    for (let number = 0; number < 100; number += 1) origin.ping(Buffer.alloc(125), false);
    origin.send(Buffer.from('behind them'), PLAIN);
    await notes.until(() => notes.said.includes('text behind them'));
    expect(near.writableLength).toBeLessThanOrEqual(before);
  });
});

describe('in time', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] }));

  it('a silent origin is pinged, and lost when it stays silent', async () => {
    socket.start(notes);
    vi.advanceTimersByTime(WEBSOCKET_PING_MS);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(WEBSOCKET_PING_MS);
    await untilHeard('ping');
    vi.advanceTimersByTime(WEBSOCKET_PING_MS);
    await notes.until(() => notes.gone === 1);
    expect(notes.closings[0]?.detail).toMatch(/answered no ping/);
  });

  it('one that answers stays, and so does one that nobody reads', async () => {
    socket.start(notes);
    vi.advanceTimersByTime(2 * WEBSOCKET_PING_MS);
    await untilHeard('ping');
    origin.pong(new Uint8Array(0), false);
    origin.send(Buffer.from('marker'), PLAIN);
    await notes.until(() => notes.said.length === 1);
    vi.advanceTimersByTime(WEBSOCKET_PING_MS);
    expect(notes.gone).toBe(0);
    socket.pause();
    vi.advanceTimersByTime(10 * WEBSOCKET_PING_MS);
    expect([notes.gone, near.destroyed]).toEqual([0, false]);
  });

  it('a close that is not answered breaks it off', async () => {
    socket.start(notes);
    socket.close(1000, new Uint8Array(0));
    await untilHeard('close 1000 ');
    vi.advanceTimersByTime(WEBSOCKET_CLOSE_MS);
    await notes.until(() => notes.gone === 1);
    expect(notes.closings).toMatchObject([{ code: 1006 }]);
  });
});
