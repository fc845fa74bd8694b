/** How bodies flow through Kerb: pulled from a source, pushed into a sink, both with backpressure. */

/** Where a body comes from. One reader at a time; a second `read` before the first one settles is a `TypeError`. */
export interface BodySource {
  /**
   * Takes up to `maxBytes` (at least 1) bytes.
   *
   * Answers at once with a non-empty chunk when bytes are at hand, with `null` at the end of the body, and with a
   * promise of either while the sender has not sent more. The chunk belongs to the caller and is never written again.
   * Rejects with {@link BodyError} when the body breaks off or passes its limit.
   */
  read(maxBytes: number): Uint8Array | null | Promise<Uint8Array | null>;
  /** Says that nobody reads on. Idempotent; pending reads answer `null`. */
  cancel(): void;
}

/** Where a body goes. */
export interface BodySink {
  /**
   * Takes a chunk, which the caller must not write again afterwards.
   * Answers a promise when the receiver is slow: it settles when more is welcome, and rejects with {@link BodyError} when the
   * receiver is gone.
   */
  write(chunk: Uint8Array): void | Promise<void>;
}

/** Why a body ended early. */
export type BodyFault =
  /** The sender or receiver went away. */
  | 'closed'
  /** More bytes than the cap allows. */
  | 'too_large';

/** A body that ended early. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly fault: BodyFault;

  /** @param options - `cause`: what lies behind it, for logs. */
  constructor(fault: BodyFault, options?: ErrorOptions) {
    super(fault === 'closed' ? 'the body broke off' : 'the body is larger than its cap', options);
    this.fault = fault;
  }
}

/** A body that is wholly at hand. */
export class BytesSource implements BodySource {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  read(maxBytes: number): Uint8Array | null {
    if (this.#rest.length === 0) return null;
    const chunk = this.#rest.subarray(0, maxBytes);
    this.#rest = this.#rest.subarray(chunk.length);
    return chunk;
  }

  cancel(): void {
    this.#rest = new Uint8Array(0);
  }
}

/** Bytes at hand, then the rest of another source. */
export class PrefixedSource implements BodySource {
  readonly #prefix: BytesSource;
  readonly #rest: BodySource;

  constructor(prefix: Uint8Array, rest: BodySource) {
    this.#prefix = new BytesSource(prefix);
    this.#rest = rest;
  }

  read(maxBytes: number): Uint8Array | null | Promise<Uint8Array | null> {
    return this.#prefix.read(maxBytes) ?? this.#rest.read(maxBytes);
  }

  cancel(): void {
    this.#prefix.cancel();
    this.#rest.cancel();
  }
}
