/** A response channel that notes what it is told, with a reader as slow as a test wants. */
import type { TransportResponse } from '../../../src/server/transport.ts';

type Abort = () => void;

/** Behaves as the transport does where Kerb relies on it: calls after the end throw, `close` aborts. */
export class FakeTransport {
  readonly calls: string[] = [];
  status = '';
  readonly fields: [string, string][] = [];
  body = '';
  /** How it ended: `null` while it has not. */
  ended: { readonly length: number | undefined; readonly close: boolean } | null = null;
  closed = false;
  /** Bytes of body that are taken before the reader stalls. */
  room = Number.POSITIVE_INFINITY;
  #onAborted: Abort = () => {};
  #onWritable: ((offset: number) => boolean) | null = null;
  #corked = false;

  /** As Kerb takes it. */
  get response(): TransportResponse {
    return this as unknown as TransportResponse;
  }

  onAborted(handler: Abort): this {
    this.#onAborted = handler;
    return this;
  }

  onWritable(handler: (offset: number) => boolean): this {
    this.#onWritable = handler;
    return this;
  }

  cork(run: () => void): this {
    this.#alive('cork');
    this.#corked = true;
    run();
    this.#corked = false;
    return this;
  }

  writeStatus(status: string): this {
    this.#alive('writeStatus');
    this.status = status;
    return this;
  }

  writeHeader(name: string, value: string): this {
    this.#alive('writeHeader');
    this.fields.push([name, value]);
    return this;
  }

  write(chunk: Uint8Array): boolean {
    this.#alive('write');
    this.body += Buffer.from(chunk).toString();
    this.room -= chunk.length;
    return this.room > 0;
  }

  tryEnd(chunk: Uint8Array, total: number): [boolean, boolean] {
    this.#alive('tryEnd');
    const taken = chunk.subarray(0, Math.max(0, this.room));
    this.room -= taken.length;
    this.body += Buffer.from(taken).toString();
    const done = this.body.length === total;
    if (done) this.ended = { length: total, close: false };
    return [taken.length === chunk.length, done];
  }

  end(body: Uint8Array | string | undefined, close: boolean): this {
    this.#alive('end');
    this.body += Buffer.from(body ?? '').toString();
    this.ended = { length: undefined, close };
    return this;
  }

  endWithoutBody(...args: [number?, boolean?]): this {
    this.#alive('endWithoutBody');
    if (args.length > 0 && args[0] === undefined) throw new TypeError('the transport would write 2^63 as the length');
    this.ended = { length: args[0], close: args[1] ?? false };
    return this;
  }

  close(): this {
    this.#alive('close');
    this.closed = true;
    this.#onAborted();
    return this;
  }

  /** The client goes away. */
  abort(): void {
    this.closed = true;
    this.#onAborted();
  }

  /** The reader takes `bytes` more. Answers what the handler answered. */
  drain(bytes: number): boolean | undefined {
    this.room = bytes;
    return this.#onWritable?.(this.body.length);
  }

  #alive(call: string): void {
    if (this.ended !== null || this.closed) throw new Error(`${call} after the end of a response`);
    if (!this.#corked && call.startsWith('write')) throw new Error(`${call} outside cork`);
    this.calls.push(call);
  }
}
