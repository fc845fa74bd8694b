/** Bytes that gather piece by piece. */

/** The least that a buffer grows to, so that a guest that writes byte by byte does not copy at every call. */
const LEAST_BYTES = 1024;

/** Shared, because an array of its own would cost each request a buffer. */
const NOTHING = new Uint8Array(0);

/** Accounts for memory, in pages of 64 KiB; see `GuestHost.hold`. */
export type Hold = (pages: number) => void;

const PAGE_BYTES = 65_536;

function pagesOf(buffer: Uint8Array): number {
  return Math.floor(buffer.length / PAGE_BYTES);
}

/**
 * Pieces gathered in one buffer that doubles. A list of pieces would cost the host a few hundred bytes for each, and it is the
 * guest or the client who chooses how small they are.
 */
export class CollectedBytes {
  readonly #hold: Hold;
  #buffer: Uint8Array = NOTHING;
  #length = 0;

  /** @param hold - Accounts for the buffer; what it throws keeps a piece from being added. */
  constructor(hold: Hold) {
    this.#hold = hold;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Everything so far. Stays as it is while more is added. */
  get bytes(): Uint8Array {
    return this.#length === this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, this.#length);
  }

  /** Adds a piece, which the caller must not write again. The first one is not copied. */
  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (this.#length === 0) this.#replace(piece);
    else this.#put(piece, length);
    this.#length = length;
  }

  /** Forgets everything. */
  clear(): void {
    this.#replace(NOTHING);
    this.#length = 0;
  }

  /** Less than a page is not worth accounting for: nearly every body is. For a moment both buffers are there. */
  #replace(buffer: Uint8Array): void {
    const before = pagesOf(this.#buffer);
    const pages = pagesOf(buffer);
    if (pages > 0) this.#hold(pages);
    this.#buffer = buffer;
    if (before > 0) this.#hold(-before);
  }

  #put(piece: Uint8Array, length: number): void {
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length, LEAST_BYTES));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#replace(larger);
    }
    this.#buffer.set(piece, this.#length);
  }
}
