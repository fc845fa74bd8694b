/** One half of a stream, the request or the response: what its filter may see and change, and whether it goes on. */
import { GuestFault } from '../guest-fault.ts';
import type { FieldMap } from './field-map.ts';
import type { BodyFilter } from './filtered-body.ts';
import { Gate } from './gate.ts';
import { StreamBuffer } from './stream-buffer.ts';
import { ACTION } from './types.ts';

/** What of the stream its halves need. */
export interface DirectionStream {
  invoke(name: string, args: () => readonly number[], apply?: (result: number) => void): Promise<void>;
  unlessOver<T>(wait: Promise<T>): Promise<T>;
  reconsider(): void;
  fail(error: unknown): void;
}

/** Names of callbacks and outcomes, which are the same but for the half. */
export type DirectionName = 'request' | 'response';

/** A half of a stream. */
export class Direction implements BodyFilter {
  readonly name: DirectionName;
  readonly buffer: StreamBuffer;
  readonly gate = new Gate();
  /** `null`: it has not begun. */
  head: FieldMap | null = null;
  /** `null`: there are none to be seen. */
  trailers: FieldMap | null = null;
  /** Whether the head is on its way, so that nobody changes it any more. */
  sent = false;
  /** Whether it waits for nothing but its gate. */
  waits = false;
  /** Bytes of the body that have passed the filter or lie before it. */
  get seenBytes(): number {
    return this.#passedBytes + this.buffer.length;
  }

  readonly #stream: DirectionStream;
  #passedBytes = 0;
  #bodyShown = false;

  constructor(name: DirectionName, stream: DirectionStream, hold: (pages: number) => void) {
    this.name = name;
    this.#stream = stream;
    this.buffer = new StreamBuffer(hold, name === 'request' ? 'body_limit' : 'backend_error');
  }

  /** The head, which has come. */
  get message(): FieldMap {
    if (this.head === null) throw new TypeError(`a ${this.name} that has not begun`);
    return this.head;
  }

  /** What of the body lies before the filter; `null`: none does. */
  get shownBody(): StreamBuffer | null {
    return this.#bodyShown ? this.buffer : null;
  }

  /** Shows the filter the head, and waits while it pauses. */
  async headers(last: boolean): Promise<void> {
    await this.#show('headers', () => [this.message.size, Number(last)]);
    if (this.gate.paused) await this.untilOpen();
  }

  async onBody(last: boolean): Promise<void> {
    this.#bodyShown = true;
    await this.#show('body', () => [this.buffer.length, Number(last)]);
  }

  onTrailers(): Promise<void> {
    return this.#show('trailers', () => [this.trailers?.size ?? 0]);
  }

  onPassed(): void {
    this.#bodyShown = false;
    this.#passedBytes += this.buffer.length;
  }

  unlessOver<T>(wait: Promise<T>): Promise<T> {
    return this.#stream.unlessOver(wait);
  }

  async untilOpen(): Promise<void> {
    this.waits = true;
    this.#stream.reconsider();
    await this.#stream.unlessOver(this.gate.whenOpen());
    this.waits = false;
  }

  fail(error: unknown): void {
    this.#stream.fail(error);
  }

  /** Leaves what there is of it to be read, and nothing to be changed. */
  leave(): void {
    this.sent = true;
    this.#bodyShown = false;
  }

  /** Calls `proxy_on_<name>_<part>`, and opens or shuts the gate as it answers. A stream that goes another way goes no further. */
  async #show(part: string, args: () => readonly number[]): Promise<void> {
    const apply = (action: number): void => {
      if (action === ACTION.continue) this.gate.open();
      else this.gate.pause();
    };
    await this.#stream.invoke(`proxy_on_${this.name}_${part}`, args, apply);
    await this.#stream.unlessOver(Promise.resolve());
  }
}

/** What a filter gets that closes a stream. */
export function closed(name: DirectionName): GuestFault {
  return new GuestFault(`the filter closed the ${name}`, 'no_response');
}
