/** A response body between a socket that pushes and a reader that pulls. */
import { BodyError, type BodySource } from '../http/body.ts';
import { HIGH_WATER_BYTES, LOW_WATER_BYTES } from './limits.ts';

/** The transport's end of a body. */
export interface Flow {
  /** Asks the transport to push no more; what is on its way still comes. */
  pause(): void;
  /** Lets it push again. May push before it returns. */
  resume(): void;
  /** Gives the exchange up. */
  abort(): void;
}

interface Waiter {
  readonly maxBytes: number;
  readonly resolve: (chunk: Uint8Array | null) => void;
  readonly reject: (error: BodyError) => void;
}

/**
 * Holds what arrived and was not read: up to {@link HIGH_WATER_BYTES} and one socket read, then the socket is paused, and the
 * backend feels the reader's pace. Bytes that arrived before the body broke off are read before the break is seen, except
 * after an abort.
 *
 * Chunks are views of what the socket read, which is never written again; one allocation may back several chunks, so they
 * are not to be transferred to another thread.
 */
export class ResponseBody implements BodySource {
  readonly #flow: Flow;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isPaused = false;
  #end: 'open' | 'ended' | BodyError = 'open';
  #waiter: Waiter | null = null;
  #onRead: (() => void) | null = null;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  read(maxBytes: number): Uint8Array | null | Promise<Uint8Array | null> {
    if (!(maxBytes >= 1)) throw new TypeError('read at least one byte');
    if (this.#waiter !== null) throw new TypeError('the body is already being read');
    const chunk = this.#take(maxBytes);
    if (chunk !== null) return chunk;
    if (this.#end === 'ended') return this.#answerEnd();
    if (this.#end !== 'open') return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiter = { maxBytes, resolve, reject };
    });
  }

  cancel(): void {
    const wasOpen = this.#end === 'open';
    this.#onRead = null;
    this.#drop();
    this.#settle('ended');
    if (wasOpen) this.#flow.abort();
  }

  /** Takes bytes from the transport. */
  push(chunk: Uint8Array): void {
    if (this.#end !== 'open' || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.resolve(this.#take(waiter.maxBytes));
    if (this.#bytes < HIGH_WATER_BYTES || this.#isPaused) return;
    this.#isPaused = true;
    this.#flow.pause();
  }

  /**
   * Says that the body is complete.
   *
   * @param onRead - Called when a reader learns of it, just before; never for a body that was cancelled.
   */
  end(onRead: () => void = () => {}): void {
    if (this.#end === 'open') this.#onRead = onRead;
    this.#settle('ended');
  }

  /** Says that the body broke off. What is queued can still be read. */
  fail(cause: Error): void {
    this.#settle(new BodyError('closed', { cause }));
  }

  /** Says that the exchange was given up: nothing more is read. */
  abort(cause: Error): void {
    if (this.#end === 'open' || this.#chunks.length > 0) this.#end = new BodyError('closed', { cause });
    this.#drop();
    this.#release();
  }

  #settle(end: 'ended' | BodyError): void {
    if (this.#end === 'open') this.#end = end;
    this.#release();
  }

  /** Answers the pending read with the end. */
  #release(): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    if (waiter === null) return;
    if (this.#end instanceof BodyError) waiter.reject(this.#end);
    else waiter.resolve(this.#answerEnd());
  }

  #answerEnd(): null {
    this.#onRead?.();
    this.#onRead = null;
    return null;
  }

  #drop(): void {
    this.#chunks.length = 0;
    this.#bytes = 0;
  }

  /** Up to `maxBytes` of the first chunk, or `null` when nothing is queued. Wakes the transport when little is left. */
  #take(maxBytes: number): Uint8Array | null {
    const [first] = this.#chunks;
    if (first === undefined) return null;
    const chunk = first.length <= maxBytes ? first : first.subarray(0, maxBytes);
    if (chunk === first) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(maxBytes);
    this.#bytes -= chunk.length;
    if (this.#isPaused && this.#bytes <= LOW_WATER_BYTES) {
      this.#isPaused = false;
      this.#flow.resume();
    }
    return chunk;
  }
}
