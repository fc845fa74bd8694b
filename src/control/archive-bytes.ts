/** A stream of bytes, taken in lengths that its reader chooses. */
import { cutOff } from './archive-faults.ts';

const NOTHING = new Uint8Array(0);

/** The unpacked bytes of an archive. One reader; each call settles before the next. */
export class ArchiveBytes {
  readonly #chunks: AsyncIterator<Uint8Array, void, undefined>;
  #chunk: Uint8Array = NOTHING;

  constructor(chunks: AsyncIterable<Uint8Array, void, undefined>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next `length` bytes, in a buffer of their own; `null` at the end. Rejects with `bad_request` when there are fewer. */
  async take(length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    if (length > 0 && !(await this.#more())) return null;
    const taken = new Uint8Array(length);
    for (let at = 0; at < length;) {
      if (!(await this.#more())) throw cutOff();
      const part = this.#chunk.subarray(0, length - at);
      taken.set(part, at);
      at += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
    return taken;
  }

  /** Reads to the end. Answers how many bytes there were, or `null` when one of them was not zero. */
  async zerosToEnd(): Promise<number | null> {
    let length = 0;
    while (await this.#more()) {
      if (!isZero(this.#chunk)) return null;
      length += this.#chunk.length;
      this.#chunk = NOTHING;
    }
    return length;
  }

  /** Ends the stream where it is. Idempotent. */
  async close(): Promise<void> {
    this.#chunk = NOTHING;
    await this.#chunks.return?.();
  }

  /** Whether there is a byte; fetches the next chunk when this one is used up. */
  async #more(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#chunk = next.value;
    }
    return true;
  }
}

/** Whether every byte is zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
