/** Lists of strings as WASI gives them to a guest: arguments and environment. */
import { Buffer } from 'node:buffer';
import type { GuestMemory } from '../guest-memory.ts';

const POINTER_BYTES = 4;

/**
 * NUL-terminated strings, encoded once.
 *
 * ```text
 * pointers → | u32 | u32 | …       one per string, into the block
 * block    → | a r g 0 \0 a r g 1 \0 …
 * ```
 */
export class StringBlock {
  readonly #block: Buffer;
  readonly #offsets: readonly number[];

  /** Throws `TypeError` for a string with a NUL in it, which would read as two. */
  constructor(strings: readonly string[]) {
    const offsets: number[] = [];
    let length = 0;
    for (const text of strings) {
      if (text.includes('\0')) throw new TypeError(`${JSON.stringify(text.slice(0, 40))} contains a NUL character`);
      offsets.push(length);
      length += Buffer.byteLength(text) + 1;
    }
    this.#offsets = offsets;
    this.#block = Buffer.from(strings.map((text) => `${text}\0`).join(''));
  }

  /** The strings `NAME=value` of an environment. Throws `TypeError` for an empty name, or one with `=` or NUL in it. */
  static ofEnvironment(env: Readonly<Record<string, string>>): StringBlock {
    return new StringBlock(
      Object.entries(env).map(([name, value]) => {
        if (name === '' || name.includes('=')) throw new TypeError(`${JSON.stringify(name)} cannot name a variable`);
        return `${name}=${value}`;
      }),
    );
  }

  /** How many strings there are. */
  get count(): number {
    return this.#offsets.length;
  }

  /** The bytes of all strings with their terminators. */
  get byteLength(): number {
    return this.#block.length;
  }

  /** Writes the pointers and the block, after checking both places. */
  writeTo(memory: GuestMemory, pointers: number, block: number): void {
    const table = Buffer.alloc(this.count * POINTER_BYTES);
    memory.checkRange(pointers, table.length);
    memory.checkRange(block, this.#block.length);
    // Both fit in a memory of 4 GiB, so that a pointer into the block fits in a u32.
    this.#offsets.forEach((offset, index) => table.writeUInt32LE((block >>> 0) + offset, index * POINTER_BYTES));
    memory.write(pointers, table);
    memory.write(block, this.#block);
  }
}
