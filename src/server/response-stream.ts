/** The body of a response that is sent piece by piece. */
import { InvalidResponse } from '../abi/abi.ts';
import { BodyError, type BodySink } from '../http/body.ts';
import { STALLED_CLIENT_MS } from './limits.ts';
import type { TransportResponse } from './transport.ts';

interface Drain {
  readonly resolve: () => void;
  readonly reject: (error: BodyError) => void;
  readonly timer: NodeJS.Timeout;
  /** Bytes of a sized body that the transport has not taken, and where in the response they begin. */
  rest: Uint8Array | null;
  restAt: number;
}

/** Streams one body; one write at a time. */
export class ResponseStream implements BodySink {
  readonly #response: TransportResponse;
  /** Content-Length; `null`: chunked. */
  readonly #length: number | null;
  readonly #onEnd: () => void;
  #sent = 0;
  #state: 'open' | 'ended' | 'gone' | 'swallowing' = 'open';
  #drain: Drain | null = null;
  #listening = false;

  constructor(response: TransportResponse, length: number | null, onEnd: () => void) {
    this.#response = response;
    this.#length = length;
    this.#onEnd = onEnd;
  }

  /** Whether what is written goes nowhere. */
  get swallows(): boolean {
    return this.#state === 'swallowing';
  }

  /** Whether a write waits for the client. */
  get waits(): boolean {
    return this.#drain !== null;
  }

  /** Takes bytes and drops them: the response may have no content. */
  swallow(): void {
    this.#state = 'swallowing';
  }

  /** Says that the client is gone: a pending write rejects, later ones do at once. */
  abandon(): void {
    if (this.#state === 'ended') return;
    this.#state = 'gone';
    const drain = this.#drain;
    this.#drain = null;
    if (drain === null) return;
    clearTimeout(drain.timer);
    drain.reject(new BodyError('closed'));
  }

  /** See {@link BodySink.write}. Throws {@link InvalidResponse} when the body passes its Content-Length. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#state === 'swallowing' || chunk.length === 0) return undefined;
    if (this.#state !== 'open') return Promise.reject(new BodyError('closed'));
    if (this.#drain !== null) throw new TypeError('a second write before the first one settled');
    return this.#length === null ? this.#writeChunk(chunk) : this.#writeSized(chunk, this.#length);
  }

  /** Ends the body. Throws {@link InvalidResponse} when it is shorter than its Content-Length: the caller cuts it. */
  end(): void {
    if (this.#state === 'swallowing') this.#state = 'ended';
    if (this.#state !== 'open') return;
    if (this.#length !== null && this.#sent < this.#length) {
      throw new InvalidResponse(`the body ended after ${this.#sent} of ${this.#length} bytes`);
    }
    if (this.#drain !== null) throw new TypeError('the body ends while a write is pending');
    this.#complete();
    this.#finish();
  }

  /**
   * Ends the body. The transport is not asked to close the connection: once a body has begun it would write a Connection field
   * into it. The head has said so where it is to be closed, and the client closes.
   */
  #finish(): void {
    this.#response.cork(() => {
      if (this.#length === null) this.#response.end();
      else this.#response.endWithoutBody(0);
    });
  }

  #writeChunk(chunk: Uint8Array): void | Promise<void> {
    let welcome = true;
    this.#response.cork(() => {
      welcome = this.#response.write(chunk);
    });
    return welcome ? undefined : this.#awaitDrain(null, 0);
  }

  /** Bytes beyond the Content-Length would be read as the next response: the caller cuts the connection instead. */
  #writeSized(chunk: Uint8Array, length: number): void | Promise<void> {
    if (this.#sent + chunk.length > length) {
      throw new InvalidResponse(`the body passes its Content-Length of ${length}`);
    }
    const at = this.#sent;
    this.#sent += chunk.length;
    let [taken, done] = [true, false];
    this.#response.cork(() => {
      [taken, done] = this.#response.tryEnd(chunk, length);
    });
    if (done) this.#complete();
    return taken || done ? undefined : this.#awaitDrain(chunk, at);
  }

  #complete(): void {
    this.#state = 'ended';
    this.#onEnd();
  }

  #awaitDrain(rest: Uint8Array | null, restAt: number): Promise<void> {
    if (!this.#listening) this.#response.onWritable((offset) => this.#writable(offset));
    this.#listening = true;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#stalled(), STALLED_CLIENT_MS);
      this.#drain = { resolve, reject, timer, rest, restAt };
    });
  }

  /** The transport has room again from byte `offset` of the body on. Answers whether it took all that was offered. */
  #writable(offset: number): boolean {
    const drain = this.#drain;
    if (drain === null) return true;
    if (drain.rest !== null && this.#length !== null) {
      const [taken, done] = this.#response.tryEnd(drain.rest.subarray(offset - drain.restAt), this.#length);
      if (done) this.#complete();
      else if (!taken) return false;
    }
    this.#drain = null;
    clearTimeout(drain.timer);
    drain.resolve();
    return true;
  }

  #stalled(): void {
    this.#onEnd();
    this.abandon();
    this.#response.close();
  }
}
