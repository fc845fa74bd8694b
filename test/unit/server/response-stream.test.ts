/* oxlint-disable vitest/valid-expect -- what is refused later is expected before the clock moves, and awaited after */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InvalidResponse } from '../../../src/abi/abi.ts';
import { STALLED_CLIENT_MS } from '../../../src/server/limits.ts';
import { ResponseStream } from '../../../src/server/response-stream.ts';
import { FakeTransport } from './fake-transport.ts';

let fake: FakeTransport;
let ends: number;
beforeEach(() => {
  fake = new FakeTransport();
  ends = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

function stream(length: number | null): ResponseStream {
  const made = new ResponseStream(fake.response, length, () => {
    ends += 1;
  });
  fake.onAborted(() => made.abandon());
  return made;
}

const FOUR = Buffer.from('four');

describe('a chunked body', () => {
  it('takes chunks at once while the client is quick', () => {
    const one = stream(null);
    expect([one.write(FOUR), one.write(FOUR)]).toEqual([undefined, undefined]);
    one.end();
    expect([fake.body, fake.ended, ends]).toEqual(['fourfour', { length: undefined, close: undefined }, 1]);
  });

  it('waits for a slow client, who has lost nothing', async () => {
    const one = stream(null);
    fake.room = 4;
    const waiting = one.write(FOUR);
    expect(waiting).toBeInstanceOf(Promise);
    expect(fake.drain(100)).toBe(true);
    await waiting;
    expect(one.write(FOUR)).toBeUndefined();
    expect(fake.body).toBe('fourfour');
  });

  it('sends no empty chunk: it would end the body', () => {
    const one = stream(null);
    expect(one.write(new Uint8Array(0))).toBeUndefined();
    expect(fake.calls).toEqual([]);
  });

  it('never asks the transport to close: it would write a Connection field into the body', () => {
    const one = stream(null);
    void one.write(FOUR);
    one.end();
    expect(fake.ended?.close).toBeUndefined();
  });
});

describe('a sized body', () => {
  it('ends by itself with its last byte', () => {
    const one = stream(8);
    void one.write(FOUR);
    expect(ends).toBe(0);
    void one.write(FOUR);
    expect([fake.ended, ends]).toEqual([{ length: 8, close: false }, 1]);
    one.end();
    expect(ends).toBe(1);
  });

  it('of no bytes ends with its end', () => {
    stream(0).end();
    expect(fake.ended).toEqual({ length: 0, close: false });
  });

  it('goes on from where a slow client stopped, in as many steps as it takes', async () => {
    const one = stream(8);
    fake.room = 1;
    const waiting = one.write(Buffer.from('abcdefgh'));
    expect(fake.body).toBe('a');
    expect(fake.drain(3)).toBe(false);
    expect(fake.drain(2)).toBe(false);
    expect(fake.drain(100)).toBe(true);
    await waiting;
    expect([fake.body, ends]).toEqual(['abcdefgh', 1]);
  });

  it('in several writes keeps its place', async () => {
    const one = stream(12);
    void one.write(FOUR);
    fake.room = 2;
    const waiting = one.write(Buffer.from('more'));
    fake.drain(100);
    await waiting;
    void one.write(Buffer.from('last'));
    expect(fake.body).toBe('fourmorelast');
  });

  it('that would pass its length sends nothing of the excess', () => {
    const one = stream(6);
    void one.write(FOUR);
    expect(() => one.write(FOUR)).toThrow(InvalidResponse);
    expect(fake.body).toBe('four');
  });

  it('that ends early says so, for the caller to cut', () => {
    const one = stream(6);
    void one.write(FOUR);
    expect(() => one.end()).toThrow(/after 4 of 6 bytes/);
    expect([fake.ended, ends]).toEqual([null, 0]);
  });
});

describe('a stream', () => {
  it('takes one write at a time', () => {
    const one = stream(null);
    fake.room = 0;
    const waiting = expect(one.write(FOUR)).rejects.toMatchObject({ fault: 'closed' });
    expect(() => one.write(FOUR)).toThrow(TypeError);
    expect(() => one.end()).toThrow(TypeError);
    one.abandon();
    return waiting;
  });

  it('whose client goes rejects what waits and what comes', async () => {
    const one = stream(null);
    fake.room = 0;
    const waiting = one.write(FOUR) as Promise<void>;
    fake.abort();
    await expect(waiting).rejects.toMatchObject({ fault: 'closed' });
    await expect(one.write(FOUR)).rejects.toMatchObject({ fault: 'closed' });
    one.end();
    expect(ends).toBe(0);
  });

  it('whose client takes nothing for too long is closed', async () => {
    vi.useFakeTimers();
    const one = stream(null);
    fake.room = 0;
    const refused = expect(one.write(FOUR)).rejects.toMatchObject({ fault: 'closed' });
    vi.advanceTimersByTime(STALLED_CLIENT_MS - 1);
    expect(fake.closed).toBe(false);
    vi.advanceTimersByTime(1);
    await refused;
    expect([fake.closed, ends]).toEqual([true, 1]);
  });

  it('whose client takes something in time is not', () => {
    vi.useFakeTimers();
    const one = stream(null);
    fake.room = 0;
    void one.write(FOUR);
    vi.advanceTimersByTime(STALLED_CLIENT_MS - 1);
    fake.drain(100);
    vi.advanceTimersByTime(STALLED_CLIENT_MS);
    expect(fake.closed).toBe(false);
  });

  it('answers a late writable event without anything to write', () => {
    const one = stream(null);
    fake.room = 0;
    void one.write(FOUR);
    expect([fake.drain(100), fake.drain(100)]).toEqual([true, true]);
  });

  it('that swallows drops everything', () => {
    const one = stream(0);
    one.swallow();
    expect(one.write(FOUR)).toBeUndefined();
    one.end();
    expect(fake.calls).toEqual([]);
  });
});
