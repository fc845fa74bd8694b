/* oxlint-disable vitest/valid-expect -- what is refused later is expected before the clock moves, and awaited after */
import { beforeEach, describe, expect, it } from 'vitest';
import { BodyError, type BodySource } from '../../../src/http/body.ts';
import { relay } from '../../../src/server/relay.ts';
import { ResponseStream } from '../../../src/server/response-stream.ts';
import { FakeTransport } from './fake-transport.ts';

let fake: FakeTransport;
beforeEach(() => {
  fake = new FakeTransport();
});

function stream(length: number | null = null): ResponseStream {
  return new ResponseStream(fake.response, length, () => {});
}

/** A source of pieces, at once or late; counts what is read and cancelled. */
class Source implements BodySource {
  readonly #pieces: (string | Error)[];
  readonly #pace: 'at once' | 'late';
  reads = 0;
  cancelled = false;

  constructor(pace: 'at once' | 'late', ...pieces: (string | Error)[]) {
    this.#pace = pace;
    this.#pieces = pieces;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    this.reads += 1;
    if (this.cancelled) return null;
    const piece = this.#pieces.shift();
    if (piece instanceof Error) return Promise.reject(piece);
    const chunk = piece === undefined ? null : Buffer.from(piece);
    return this.#pace === 'late' ? Promise.resolve(chunk) : chunk;
  }

  cancel(): void {
    this.cancelled = true;
  }
}

describe('a relay', () => {
  it.each(['at once', 'late'] as const)('carries a body that comes %s to its end', async (pace) => {
    await relay(new Source(pace, 'one ', 'two'), stream());
    expect([fake.body, fake.ended !== null]).toEqual(['one two', true]);
  });

  it('reads on only when the client has taken what there is', async () => {
    const source = new Source('at once', 'first', 'second', 'third');
    fake.room = 1;
    const running = relay(source, stream());
    await Promise.resolve();
    expect(source.reads).toBe(1);
    fake.drain(1000);
    await running;
    expect(fake.body).toBe('firstsecondthird');
  });

  it('of a body that breaks off leaves the response open, to be cut', async () => {
    const source = new Source('late', 'half', new BodyError('closed'));
    await expect(relay(source, stream())).rejects.toBeInstanceOf(BodyError);
    expect([fake.body, fake.ended, source.cancelled]).toEqual(['half', null, true]);
  });

  it('to a client that goes gives the source up', async () => {
    const source = new Source('at once', 'a', 'b', 'c');
    const one = stream();
    fake.room = 0;
    const running = expect(relay(source, one)).rejects.toMatchObject({ fault: 'closed' });
    await Promise.resolve();
    one.abandon();
    await running;
    expect(source.cancelled).toBe(true);
  });

  it('of a body that nobody gets does not read it', async () => {
    const source = new Source('at once', 'endless');
    const one = stream(0);
    one.swallow();
    await relay(source, one);
    expect([fake.body, source.cancelled]).toEqual(['', true]);
  });

  it('of a body that is not as long as its head said fails', async () => {
    const long = new Source('at once', 'abc', 'def');
    await expect(relay(long, stream(4))).rejects.toThrow(/passes its Content-Length/);
    expect(long.cancelled).toBe(true);
    await expect(relay(new Source('at once', 'abc'), stream(4))).rejects.toThrow(/after 3 of 4 bytes/);
  });
});
