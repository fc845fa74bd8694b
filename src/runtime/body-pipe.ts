/** A body between two guests: one writes it, the other reads it, at the pace of the slower. */
import { BodyError, type BodySink, type BodySource } from '../http/body.ts';

const NOTHING = new Uint8Array(0);

/** Holds one chunk at a time. */
export class BodyPipe implements BodySink, BodySource {
  #chunk: Uint8Array = NOTHING;
  #written: PromiseWithResolvers<void> | null = null;
  #reader: { readonly maxBytes: number; readonly settle: PromiseWithResolvers<Uint8Array | null> } | null = null;
  #state: 'open' | 'ended' | 'failed' | 'cancelled' = 'open';

  /** Whether nobody reads on. */
  get cancelled(): boolean {
    return this.#state === 'cancelled';
  }

  /** Settles when the chunk was read. Rejects when nobody reads on. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#state !== 'open') return Promise.reject(new BodyError('closed'));
    if (chunk.length === 0) return undefined;
    if (this.#written !== null) throw new TypeError('a second write before the first one settled');
    this.#chunk = chunk;
    this.#written = Promise.withResolvers<void>();
    const { promise } = this.#written;
    this.#serve();
    return promise;
  }

  /** Says that the body is whole. */
  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#serve();
  }

  /** Says that it breaks off: reads reject. */
  fail(): void {
    if (this.#state === 'open') this.#state = 'failed';
    this.#serve();
  }

  read(maxBytes: number): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#reader !== null) throw new TypeError('a second read before the first one settled');
    if (this.#chunk.length > 0) return this.#take(maxBytes);
    if (this.#state === 'failed') return Promise.reject(new BodyError('closed'));
    if (this.#state !== 'open') return null;
    const settle = Promise.withResolvers<Uint8Array | null>();
    this.#reader = { maxBytes, settle };
    return settle.promise;
  }

  cancel(): void {
    if (this.#state === 'open') this.#state = 'cancelled';
    this.#chunk = NOTHING;
    this.#written?.reject(new BodyError('closed'));
    this.#written = null;
    this.#serve();
  }

  #serve(): void {
    const reader = this.#reader;
    if (reader === null || (this.#chunk.length === 0 && this.#state === 'open')) return;
    this.#reader = null;
    if (this.#chunk.length > 0) reader.settle.resolve(this.#take(reader.maxBytes));
    else if (this.#state === 'failed') reader.settle.reject(new BodyError('closed'));
    else reader.settle.resolve(null);
  }

  #take(maxBytes: number): Uint8Array {
    const taken = this.#chunk.subarray(0, maxBytes);
    this.#chunk = this.#chunk.subarray(taken.length);
    if (this.#chunk.length > 0) return taken;
    this.#written?.resolve();
    this.#written = null;
    return taken;
  }
}
