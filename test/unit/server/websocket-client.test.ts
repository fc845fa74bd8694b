import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Closing } from '../../../src/capability/websocket.ts';
import {
  MAX_MESSAGES_PER_TURN,
  PAUSED_PUSH_MS,
  WEBSOCKET_HIGH_WATER_BYTES,
  WEBSOCKET_LOW_WATER_BYTES,
} from '../../../src/server/limits.ts';
import type { TransportWebSocket } from '../../../src/server/transport.ts';
import { ClientWebSocket } from '../../../src/server/websocket-client.ts';

/** Behaves as the transport's socket does where Kerb relies on it. */
class FakeSocket {
  readonly calls: string[] = [];
  buffered = 0;
  sends = 1;

  send(_bytes: Uint8Array, isBinary: boolean): number {
    this.calls.push(isBinary ? 'send binary' : 'send text');
    return this.sends;
  }

  getBufferedAmount(): number {
    return this.buffered;
  }

  ping(): void {
    this.calls.push('ping');
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  end(...args: unknown[]): void {
    this.calls.push(`end ${args.length === 0 ? '' : String(args[0])}`);
  }

  close(): void {
    this.calls.push('close');
  }
}

let socket: FakeSocket;
let client: ClientWebSocket;
let told: string[];
let closings: Closing[];

beforeEach(() => {
  vi.useFakeTimers();
  [socket, client, told, closings] = [new FakeSocket(), new ClientWebSocket(), [], []];
  client.opened(socket as unknown as TransportWebSocket);
  client.start({
    onMessage: (bytes, kind) => told.push(`${kind} ${Buffer.from(bytes).toString()}`),
    onDrain: () => told.push('drain'),
    onClose: (closing) => {
      told.push('close');
      closings.push(closing);
    },
    onGone: () => told.push('gone'),
  });
});
afterEach(() => vi.useRealTimers());

function lent(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text)).buffer;
}

describe('a client', () => {
  it('hands on copies of what is lent', () => {
    const bytes = lent('abc');
    let kept: Uint8Array | null = null;
    client.start({ onMessage: (copy) => (kept = copy), onDrain: () => {}, onClose: () => {}, onGone: () => {} });
    client.message(bytes, false);
    new Uint8Array(bytes).fill(0);
    expect(kept).toEqual(new Uint8Array(Buffer.from('abc')));
  });

  it('is full above the mark, and has room below the other', () => {
    socket.buffered = WEBSOCKET_HIGH_WATER_BYTES;
    expect(client.isFull).toBe(false);
    socket.buffered += 1;
    expect(client.isFull).toBe(true);
    client.drained();
    socket.buffered = WEBSOCKET_LOW_WATER_BYTES;
    client.drained();
    expect(told).toEqual(['drain']);
  });

  it('says when a message was dropped', () => {
    expect(client.send(new Uint8Array(1), 'text')).toBe(true);
    [socket.sends] = [0];
    expect(client.send(new Uint8Array(1), 'binary')).toBe(true);
    socket.sends = 2;
    expect(client.send(new Uint8Array(1), 'text')).toBe(false);
    expect(socket.calls).toEqual(['send text', 'send binary', 'send text']);
  });

  it('that is paused stays so behind every message and every write', () => {
    client.pause();
    client.message(lent('on its way already'), false);
    client.send(new Uint8Array(1), 'text');
    expect(socket.calls).toEqual(['pause', 'pause', 'send text', 'pause']);
    client.resume();
    client.resume();
    client.send(new Uint8Array(1), 'text');
    expect(socket.calls.slice(4)).toEqual(['resume', 'send text']);
  });

  it('that is paused is offered what waits for it, until it has taken it', () => {
    socket.buffered = WEBSOCKET_HIGH_WATER_BYTES * 2;
    client.pause();
    vi.advanceTimersByTime(PAUSED_PUSH_MS);
    expect([socket.calls, told]).toEqual([['pause', 'ping', 'pause'], []]);
    socket.buffered = 0;
    vi.advanceTimersByTime(PAUSED_PUSH_MS);
    expect(told).toEqual(['drain']);
    vi.advanceTimersByTime(10 * PAUSED_PUSH_MS);
    expect(socket.calls.filter((call) => call === 'ping').length).toBe(2);
  });

  it.each([
    [1001, 'end 1001'],
    [1005, 'end '],
    [1006, 'end '],
  ])('is closed with %i as "%s"', (code, call) => {
    client.pause();
    client.close(code, new Uint8Array(0));
    expect(socket.calls.slice(-2)).toEqual(['resume', call]);
  });

  it('that has closed is gone, and is not touched again', () => {
    client.pause();
    socket.calls.length = 0;
    client.closed(4000, lent('why'));
    expect(told).toEqual(['close', 'gone']);
    expect(closings).toEqual([{ code: 4000, reason: new Uint8Array(Buffer.from('why')), detail: null }]);
    client.close(1000, new Uint8Array(0));
    client.destroy();
    client.resume();
    expect([client.send(new Uint8Array(1), 'text'), client.isFull, socket.calls]).toEqual([false, false, []]);
  });

  it('that sends more messages in one turn than anybody should is cut off', () => {
    for (let number = 0; number < MAX_MESSAGES_PER_TURN; number += 1) client.message(lent(''), true);
    expect(socket.calls).toEqual([]);
    client.message(lent(''), true);
    expect([socket.calls, told.length]).toEqual([['close'], MAX_MESSAGES_PER_TURN]);
    client.closed(1006, lent(''));
    expect(closings[0]?.detail).toMatch(/cut off: it sent more than 8192 messages at once/);
  });

  it('may send as many again in the next turn', () => {
    for (let number = 0; number < MAX_MESSAGES_PER_TURN; number += 1) client.message(lent(''), true);
    vi.runAllTimers();
    client.message(lent(''), true);
    expect(socket.calls).toEqual([]);
  });

  it.each([
    ['', 'the client was lost: its connection broke'],
    ['Received too big message', 'the client was lost: Received too big message'],
  ])('that is lost with %j says why', (reason, detail) => {
    client.closed(1006, lent(reason));
    expect(closings).toEqual([{ code: 1006, reason: new Uint8Array(0), detail }]);
  });

  it('whose code the transport does not know has closed without one', () => {
    client.closed(1006, lent('Received invalid close payload'));
    expect(closings).toEqual([{ code: 1005, reason: new Uint8Array(0), detail: null }]);
  });
});
