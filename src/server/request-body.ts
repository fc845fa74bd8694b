/** A request body on its way from the transport to a guest. */
import { BodyError, type BodyFault, type BodySource } from '../http/body.ts';
import { declaredLength } from '../http/framing.ts';
import type { HeaderList } from '../http/headers.ts';
import { BODY_BACKLOG_BYTES, GATHERED_BODY_BYTES } from './limits.ts';
import type { ResponseWriter } from './response-writer.ts';
import type { TransportResponse } from './transport.ts';

/** How a body stops and starts its sender. */
export interface BodyFlow {
  /** Answers whether the sender is paused now; asked again with the next chunk where it is not. */
  pause(): boolean;
  resume(): void;
}

/** Room that is made for what follows a small chunk. */
const BLOCK_BYTES = 4096;

interface Reader {
  readonly maxBytes: number;
  readonly resolve: (chunk: Uint8Array | null) => void;
  readonly reject: (error: BodyError) => void;
}

/** Chunks pushed by the transport, pulled by a guest; the sender is paused while too much waits. */
export class RequestBody implements BodySource {
  readonly #flow: BodyFlow;
  #limit: number;
  readonly #chunks: Uint8Array[] = [];
  #waiting = 0;
  #received = 0;
  #state: 'open' | 'ended' | 'cancelled' | BodyFault = 'open';
  #paused = false;
  #touched = false;
  #reader: Reader | null = null;
  #onOver: (() => void) | null = null;

  /** @param limitBytes - A body with more fails as `too_large`. */
  constructor(limitBytes: number, flow: BodyFlow) {
    this.#limit = limitBytes;
    this.#flow = flow;
  }

  /** Whether all of it can still be read: nobody has begun to, and it has not failed. */
  get untouched(): boolean {
    return !this.#touched && (this.#state === 'open' || this.#state === 'ended');
  }

  /** Has the body fail as `too_large` if it has, or comes to have, more bytes: for one that was received before its limit was known. */
  limitTo(bytes: number): void {
    this.#limit = bytes;
    if (this.#received > bytes) this.fail('too_large');
  }

  /** Calls `callback` once the body has come in whole or has failed. At most one callback. */
  whenOver(callback: () => void): void {
    if (this.#state === 'open') this.#onOver = callback;
    else callback();
  }

  /** Takes a chunk from the transport, whose memory is only lent: it is copied. */
  push(lent: ArrayBuffer, last: boolean): void {
    if (this.#state === 'open' && lent.byteLength > 0) {
      this.#received += lent.byteLength;
      if (this.#received > this.#limit) return this.fail('too_large');
      this.#keep(new Uint8Array(lent));
      this.#waiting += lent.byteLength;
    }
    if (last && this.#state === 'open') this.#state = 'ended';
    this.#serve();
    this.#tellOver();
    if (this.#waiting > BODY_BACKLOG_BYTES && !this.#paused && this.#state === 'open') {
      this.#paused = this.#flow.pause();
    }
  }

  /** Ends the body early: reads reject from now on. */
  fail(fault: BodyFault): void {
    if (this.#state !== 'open') return;
    this.#state = fault;
    this.#forget();
    this.#reader?.reject(new BodyError(fault));
    this.#reader = null;
    this.#tellOver();
  }

  read(maxBytes: number): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#reader !== null) throw new TypeError('a second read before the first one settled');
    this.#touched = true;
    const chunk = this.#take(maxBytes);
    if (chunk !== undefined) return chunk;
    return new Promise((resolve, reject) => {
      this.#reader = { maxBytes, resolve, reject };
    });
  }

  cancel(): void {
    this.#onOver = null;
    this.#touched = true;
    if (this.#state === 'open') this.#state = 'cancelled';
    this.#forget();
    this.#serve();
  }

  /** A chunk, the end, or `undefined` while there is nothing yet. Throws {@link BodyError} when the body has failed. */
  #take(maxBytes: number): Uint8Array | null | undefined {
    if (this.#state === 'closed' || this.#state === 'too_large') throw new BodyError(this.#state);
    const first = this.#chunks[0];
    if (first === undefined) return this.#state === 'open' ? undefined : null;
    const chunk = first.subarray(0, maxBytes);
    if (chunk.length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(chunk.length);
    this.#waiting -= chunk.length;
    this.#resume();
    return chunk;
  }

  /**
   * Keeps a copy. Small chunks share blocks: each alone costs hundreds of bytes, and the client chooses how small they are.
   */
  #keep(lent: Uint8Array): void {
    const last = this.#chunks.at(-1);
    if (last === undefined || lent.length >= BLOCK_BYTES) {
      this.#chunks.push(lent.slice());
      return;
    }
    const { buffer, byteOffset } = last;
    const end = byteOffset + last.length;
    if (end + lent.length <= buffer.byteLength) {
      new Uint8Array(buffer, end, lent.length).set(lent);
      this.#chunks[this.#chunks.length - 1] = new Uint8Array(buffer, byteOffset, last.length + lent.length);
      return;
    }
    const block = new Uint8Array(BLOCK_BYTES);
    block.set(lent);
    this.#chunks.push(block.subarray(0, lent.length));
  }

  #serve(): void {
    const reader = this.#reader;
    if (reader === null) return;
    const chunk = this.#take(reader.maxBytes);
    if (chunk === undefined) return;
    this.#reader = null;
    reader.resolve(chunk);
  }

  #tellOver(): void {
    if (this.#state === 'open') return;
    const callback = this.#onOver;
    this.#onOver = null;
    callback?.();
  }

  #forget(): void {
    this.#chunks.length = 0;
    this.#waiting = 0;
    this.#resume();
  }

  #resume(): void {
    if (!this.#paused || this.#waiting > BODY_BACKLOG_BYTES / 2) return;
    this.#paused = false;
    this.#flow.resume();
  }
}

/**
 * Whether a body is small enough to be gathered before the guest begins: a slow sender then holds no sandbox and no place in its
 * tenant's concurrency, and the guest's reads need not wait.
 */
export function isGathered(headers: HeaderList): boolean {
  const length = declaredLength(headers);
  return length !== null && length <= GATHERED_BODY_BYTES;
}

/** Registers for the body of a request, in its handler: the transport drops what nobody has asked for when that returns. */
export function receiveBody(response: TransportResponse, writer: ResponseWriter, limitBytes: number): RequestBody {
  const body = new RequestBody(limitBytes, {
    pause: () => {
      if (writer.ended || writer.waits) return false;
      response.pause();
      return true;
    },
    resume: () => void (writer.ended || response.resume()),
  });
  response.onData((chunk, last) => body.push(chunk, last));
  return body;
}
