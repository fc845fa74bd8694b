/** One client's place in a body that several read. */
import { BodyError, type BodySource } from '../http/body.ts';

/** Chunks in the order of their arrival. A reader holds the last one that it took; what all have taken is garbage. */
export interface Link {
  readonly chunk: Uint8Array;
  next: Link | null;
}

/** Whether more comes: it does, that was all, or it broke off. */
export type End = 'open' | 'ended' | Error;

/** What a reader asks of the body that it reads. */
export interface Shared {
  end(): End;
  /** A read waits, and there is nothing for it. */
  wanted(): void;
  /** The reader reads no more. Called again and again. */
  left(reader: SharedBodyReader): void;
}

interface Waiter {
  readonly maxBytes: number;
  readonly resolve: (chunk: Uint8Array | null) => void;
  readonly reject: (error: Error) => void;
}

/** One client's place in a shared body. */
export class SharedBodyReader implements BodySource {
  readonly #shared: Shared;
  #at: Link;
  /** Bytes taken of the link after `#at`. */
  #offset = 0;
  #waiter: Waiter | null = null;
  #isOver: 'no' | 'cancelled' | 'cut' = 'no';
  /** Bytes taken so far. */
  takenBytes = 0;

  constructor(first: Link, shared: Shared) {
    this.#at = first;
    this.#shared = shared;
  }

  read(maxBytes: number): Uint8Array | null | Promise<Uint8Array | null> {
    if (!(maxBytes >= 1)) throw new TypeError('read at least one byte');
    if (this.#waiter !== null) throw new TypeError('the body is already being read');
    if (this.#isOver === 'cancelled') return null;
    const chunk = this.#isOver === 'cut' ? null : this.#take(maxBytes);
    if (chunk !== null) return chunk;
    const end = this.#isOver === 'cut' ? new BodyError('closed') : this.#shared.end();
    if (end === 'ended') return this.#over();
    if (end !== 'open') return Promise.reject(end);
    return new Promise((resolve, reject) => {
      this.#waiter = { maxBytes, resolve, reject };
      this.#shared.wanted();
    });
  }

  cancel(): void {
    if (this.#isOver === 'no') this.#isOver = 'cancelled';
    this.#settle(null);
    this.#shared.left(this);
  }

  /** Looks again whether there is something for a pending read. */
  wake(): void {
    if (this.#waiter === null) return;
    const chunk = this.#take(this.#waiter.maxBytes);
    const end = this.#shared.end();
    if (chunk !== null) this.#settle(chunk);
    else if (end === 'ended') this.#settle(this.#over());
    else if (end === 'open') this.#shared.wanted();
    else this.#settle(end);
  }

  /** Ends it: it is too far behind. */
  cut(): void {
    this.#isOver = 'cut';
    this.#settle(new BodyError('closed'));
    this.#shared.left(this);
  }

  #over(): null {
    this.#shared.left(this);
    return null;
  }

  #settle(result: Uint8Array | null | Error): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    if (result instanceof Error) waiter?.reject(result);
    else waiter?.resolve(result);
  }

  #take(maxBytes: number): Uint8Array | null {
    const link = this.#at.next;
    if (link === null) return null;
    const chunk = link.chunk.subarray(this.#offset, this.#offset + maxBytes);
    this.#offset += chunk.length;
    this.takenBytes += chunk.length;
    if (this.#offset < link.chunk.length) return chunk;
    this.#at = link;
    this.#offset = 0;
    return chunk;
  }
}
