/** The body of a request as standard input. */
import type { BodySource } from '../../http/body.ts';
import type { Direction, Readiness } from '../wasi/descriptor.ts';
import { ERRNO, type Errno } from '../wasi/errno.ts';
import { InputStream } from '../wasi/standard-streams.ts';
import { EVENT_HANGUP, EVENT_TYPE, FDFLAGS } from '../wasi/typenames.ts';
import { READ_AHEAD_BYTES } from './limits.ts';

const NOTHING = new Uint8Array(0);

/** Pulls the body as the guest reads it; a poll reads ahead, and what it gets waits here. */
export class BodyInput extends InputStream {
  readonly #body: BodySource;
  /** Read ahead; empty: nothing. */
  #ahead = NOTHING;
  #ended = false;
  /** A read that a poll has begun. */
  #reading: Promise<void> | null = null;

  constructor(body: BodySource) {
    super();
    this.#body = body;
  }

  /** Errors: `again` instead of a wait, with the flag `nonblock`. */
  override read(limit: number): Uint8Array | Errno | Promise<Uint8Array | Errno> {
    if (limit === 0) return NOTHING;
    const blocks = (this.flags & FDFLAGS.nonblock) === 0;
    if (this.#reading !== null) return blocks ? this.#reading.then(() => this.read(limit)) : ERRNO.again;
    if (this.#ahead.length > 0 || this.#ended) return this.#take(limit);
    const chunk = this.#body.read(limit);
    if (!(chunk instanceof Promise)) return this.#noted(chunk);
    if (blocks) return chunk.then((later) => this.#noted(later));
    void this.#wait(chunk);
    return ERRNO.again;
  }

  override poll(direction: Direction): Readiness | Errno | Promise<unknown> {
    if (direction !== EVENT_TYPE.fd_read) return ERRNO.badf;
    if (this.#reading !== null) return this.#reading;
    if (this.#ahead.length === 0 && !this.#ended) {
      const chunk = this.#body.read(READ_AHEAD_BYTES);
      if (chunk instanceof Promise) return this.#wait(chunk);
      this.#ahead = this.#noted(chunk);
    }
    return { bytes: this.#ahead.length, flags: this.#ended ? EVENT_HANGUP : 0 };
  }

  #wait(chunk: Promise<Uint8Array | null>): Promise<void> {
    const reading = chunk.then((later) => {
      this.#ahead = this.#noted(later);
      this.#reading = null;
    });
    // The poll may end by a clock before: what fails is told by the next read.
    reading.catch(() => undefined);
    this.#reading = reading;
    return reading;
  }

  #take(limit: number): Uint8Array {
    const chunk = this.#ahead.subarray(0, limit);
    this.#ahead = this.#ahead.subarray(chunk.length);
    return chunk;
  }

  /** The bytes of a chunk; notes the end. */
  #noted(chunk: Uint8Array | null): Uint8Array<ArrayBuffer> {
    if (chunk === null) this.#ended = true;
    return (chunk ?? NOTHING) as Uint8Array<ArrayBuffer>;
  }
}
