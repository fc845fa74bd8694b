/** A body on its way through a filter, chunk by chunk. */
import type { BodySource } from '../../http/body.ts';
import type { HeaderList } from '../../http/headers.ts';
import type { Gate } from './gate.ts';
import { Lookahead, type Piece } from './lookahead.ts';
import type { StreamBuffer } from './stream-buffer.ts';

/** What one direction of a stream does with a body. */
export interface BodyFilter {
  readonly buffer: StreamBuffer;
  readonly gate: Gate;
  /** Shows the filter what lies in the buffer; the gate says afterwards whether that goes on. */
  onBody(last: boolean): Promise<void>;
  /** The same with trailers, of which there is at least one. */
  onTrailers(): Promise<void>;
  /** Called when the filter has let go what lay in the buffer. */
  onPassed(): void;
  /** Waits for what may never come: rejects when the stream ends otherwise. */
  unlessOver<T>(wait: Promise<T>): Promise<T>;
  /** Waits until the gate opens. Rejects also when nothing is under way that could open it. */
  untilOpen(): Promise<void>;
  /** Called when reading fails; the stream ends. */
  fail(error: unknown): void;
}

/** Gives what the filter lets through. Pieces may be empty. */
export class FilteredBody {
  readonly #source: Lookahead;
  readonly #trailers: HeaderList | null;
  readonly #filter: BodyFilter;

  /** @param trailers - Filled when the body has ended; `null`: none ever come. */
  constructor(source: BodySource, trailers: HeaderList | null, filter: BodyFilter) {
    this.#source = new Lookahead(source);
    this.#trailers = trailers;
    this.#filter = filter;
  }

  /** What the filter lets through next. Waits while it pauses; meanwhile the body goes on to be read, into the buffer. */
  async next(): Promise<Piece> {
    const { buffer, gate } = this.#filter;
    for (;;) {
      const { bytes, last } = await this.#filter.unlessOver(this.#source.take());
      if (bytes.length > 0) buffer.append(bytes);
      const trailed = last && (this.#trailers?.size ?? 0) > 0;
      // A last piece that is empty is not shown before trailers: they are what ends the body.
      if (!trailed || bytes.length > 0) await this.#filter.onBody(last && !trailed);
      if (gate.paused && !last) await this.#untilMoreOrOpen();
      if (gate.paused && !last) continue;
      if (gate.paused) await this.#filter.untilOpen();
      if (trailed) await this.#showTrailers();
      this.#filter.onPassed();
      return { bytes: buffer.take(), last };
    }
  }

  cancel(): void {
    this.#source.cancel();
  }

  async #showTrailers(): Promise<void> {
    await this.#filter.onTrailers();
    if (this.#filter.gate.paused) await this.#filter.untilOpen();
  }

  /** The body may go on, or the filter may open the gate from another callback. */
  #untilMoreOrOpen(): Promise<void> {
    return this.#filter.unlessOver(this.#filter.gate.whenOpenOr(this.#source.ready()));
  }
}

/** What a {@link FilteredBody} gives after a first piece, for whoever pulls it. */
export class FilteredSource implements BodySource {
  readonly #body: FilteredBody;
  readonly #filter: Pick<BodyFilter, 'fail'>;
  #rest: Uint8Array;
  #last = false;
  #cancelled = false;

  constructor(first: Uint8Array, body: FilteredBody, filter: Pick<BodyFilter, 'fail'>) {
    this.#rest = first;
    this.#body = body;
    this.#filter = filter;
  }

  read(maxBytes: number): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#rest.length > 0) return this.#take(maxBytes);
    return this.#last || this.#cancelled ? null : this.#more(maxBytes);
  }

  cancel(): void {
    this.#cancelled = true;
    this.#rest = this.#rest.subarray(0, 0);
    this.#body.cancel();
  }

  async #more(maxBytes: number): Promise<Uint8Array | null> {
    try {
      while (this.#rest.length === 0 && !this.#last && !this.#cancelled) {
        const { bytes, last } = await this.#body.next();
        this.#rest = bytes;
        this.#last = last;
      }
    } catch (error) {
      this.#filter.fail(error);
      throw error;
    }
    return this.#rest.length === 0 ? null : this.#take(maxBytes);
  }

  #take(maxBytes: number): Uint8Array {
    const chunk = this.#rest.subarray(0, maxBytes);
    this.#rest = this.#rest.subarray(chunk.length);
    return chunk;
  }
}
