import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { STALLED_WEBSOCKET_MS } from '../../../src/server/limits.ts';
import { WebSocketRelay, type WebSocketEnd } from '../../../src/server/websocket-relay.ts';
import { FakePeer } from './fake-peer.ts';

let client: FakePeer;
let origin: FakePeer;
let ends: WebSocketEnd[];
let relay: WebSocketRelay;

beforeEach(() => {
  vi.useFakeTimers();
  [client, origin, ends] = [new FakePeer(), new FakePeer(), []];
  relay = new WebSocketRelay(client, origin, (end) => ends.push(end));
  relay.start();
});
afterEach(() => vi.useRealTimers());

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('a relay', () => {
  it('carries messages both ways and counts them', () => {
    client.events.onMessage(bytes('up'), 'text');
    origin.events.onMessage(bytes('down'), 'binary');
    origin.events.onMessage(bytes('again'), 'text');
    expect([origin.calls, client.calls]).toEqual([['text up'], ['binary down', 'text again']]);
    client.leave(1000, 'bye');
    expect(origin.calls.at(-1)).toBe('close 1000 bye');
    expect(ends).toEqual([]);
    origin.leave(1000);
    expect(ends).toEqual([
      {
        outcome: 'ok',
        detail: null,
        figures: { receivedMessages: 1, receivedBytes: 2, sentMessages: 2, sentBytes: 9, closeCode: 1000 },
      },
    ]);
  });

  it.each([
    ['client', 'origin', 'client_closed', 1001],
    ['origin', 'client', 'backend_error', 1014],
  ] as const)('tells the loss of the %s to the %s, as %s', (lost, other, outcome, code) => {
    const peers = { client, origin };
    peers[lost].leave(1006, '', 'it was lost');
    expect(peers[other].calls).toEqual([`close ${code}`]);
    peers[other].leave(code);
    expect(ends).toMatchObject([{ outcome, detail: 'it was lost', figures: { closeCode: 1006 } }]);
  });

  it.each([
    ['client', 'origin'],
    ['origin', 'client'],
  ] as const)('pauses the %s while the %s is full', (from, to) => {
    const peers = { client, origin };
    peers[to].isFull = true;
    peers[from].events.onMessage(bytes('x'), 'text');
    expect(peers[from].calls).toEqual(['pause']);
    expect(relay.isFull).toBe(true);
    peers[to].isFull = false;
    peers[to].events.onDrain();
    expect(peers[from].calls).toEqual(['pause', 'resume']);
    vi.advanceTimersByTime(STALLED_WEBSOCKET_MS);
    expect(ends).toEqual([]);
    expect(peers[to].calls).toEqual(['text x']);
  });

  it.each([
    ['client', 'origin', 'backend_error', 1014],
    ['origin', 'client', 'client_closed', 1008],
  ] as const)('ends when what came from the %s is not taken', (from, to, outcome, code) => {
    const peers = { client, origin };
    peers[to].isFull = true;
    peers[from].events.onMessage(bytes('x'), 'text');
    vi.advanceTimersByTime(STALLED_WEBSOCKET_MS);
    expect(client.calls).toContain(`close ${code}`);
    expect(origin.calls).toContain('close 1001');
    expect(peers[to].calls.at(-1)).toBe('destroy');
    for (const peer of [client, origin]) peer.leave(1006);
    expect(ends).toMatchObject([{ outcome, detail: `the ${to} took nothing for ${STALLED_WEBSOCKET_MS} ms` }]);
  });

  it('ends when the client cannot be sent what has come', () => {
    client.takes = false;
    origin.events.onMessage(bytes('x'), 'text');
    expect([client.calls, origin.calls]).toEqual([['close 1013'], ['close 1001']]);
  });

  it('drops what comes for a side that has closed', () => {
    origin.events.onClose({ code: 1000, reason: bytes(''), detail: null });
    client.events.onMessage(bytes('too late'), 'text');
    expect(origin.calls).toEqual([]);
  });

  it('ends for a reason of ours, which is the one that is told', () => {
    relay.end('draining', 'why', 1001);
    expect([client.calls, origin.calls]).toEqual([['close 1001'], ['close 1001']]);
    client.leave(1000);
    origin.leave(1006, '', 'it was lost');
    expect(ends).toMatchObject([{ outcome: 'draining', detail: 'why', figures: { closeCode: 1001 } }]);
  });

  it('is over once', () => {
    client.leave(1000);
    origin.leave(1000);
    origin.events.onGone();
    expect(ends.length).toBe(1);
    relay.destroy();
    expect([client.calls.at(-1), origin.calls.at(-1)]).toEqual(['destroy', 'destroy']);
  });
});
