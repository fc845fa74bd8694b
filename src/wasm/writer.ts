/** A growing buffer with the binary format's primitives. */

const encoder = new TextEncoder();

/** Appends bytes; integers are written in their shortest LEB128 form. */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** @param capacity bytes to reserve; the buffer doubles as needed. */
  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(Math.max(capacity, 16));
  }

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): void {
    this.#length = 0;
  }

  /** A view of what was written, valid until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** One byte. */
  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Several bytes. */
  bytes(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** The bytes `source[from, to)`. Short ranges are copied without a view: rewriting makes many of them. */
  range(source: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from);
    if (to - from > 32) {
      this.#bytes.set(source.subarray(from, to), this.#length);
      this.#length += to - from;
      return;
    }
    for (let at = from; at < to; at++) this.#bytes[this.#length++] = source[at] as number;
  }

  /** An unsigned 32-bit integer. */
  u32(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** A signed integer of at most 33 bits. */
  s33(value: number): void {
    let rest = value;
    while (rest < -64 || rest > 63) {
      const low = ((rest % 128) + 128) % 128;
      this.byte(low | 0x80);
      rest = (rest - low) / 128;
    }
    this.byte(rest & 0x7f);
  }

  /** A name: byte count and UTF-8. */
  name(text: string): void {
    const bytes = encoder.encode(text);
    this.u32(bytes.length);
    this.bytes(bytes);
  }

  /** A byte count and the bytes of another writer: how sections and bodies are framed. */
  sized(content: Writer): void {
    this.u32(content.length);
    this.bytes(content.view());
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.view());
    this.#bytes = grown;
  }
}
