/** The bytes of files: those of an image, which are only read, and those of a scratch folder, in blocks. */
import { Buffer } from 'node:buffer';
import { ERRNO, type Errno } from '../errno.ts';
import { BLOCK_BYTES } from './limits.ts';

/** The bytes of a file. Positions and sizes are whole numbers from 0 to 2^53. */
export interface FileContent {
  readonly size: number;
  /** At most `length` bytes from `position` on; none at the end. Not to be written, nor kept. */
  read(position: number, length: number): Uint8Array;
  /** Writes all of `bytes`, zeros before them where the file ended earlier; or answers why nothing was written. */
  write(position: number, bytes: Uint8Array): Errno;
  /** Cuts the file, or extends it with zeros. */
  resize(size: number): Errno;
  /** Gives back what it takes: nobody reads it any more. */
  drop(): void;
}

/** Bytes that never change. */
export class FixedContent implements FileContent {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(position: number, length: number): Uint8Array {
    return this.#bytes.subarray(position, position + length);
  }

  write(): Errno {
    return ERRNO.rofs;
  }

  resize(): Errno {
    return ERRNO.rofs;
  }

  drop(): void {}
}

/** Sets room aside and gives it back. */
export interface Room {
  /** What there is in all: no file can be larger. */
  readonly totalBytes: number;
  take(bytes: number): Errno;
  give(bytes: number): void;
}

/**
 * Bytes in blocks. A block is counted when the file grows over it and made when it is first written, so that a file of zeros costs
 * its guest and not the host.
 */
export class BlockContent implements FileContent {
  readonly #room: Room;
  readonly #blocks: (Uint8Array | undefined)[] = [];
  #size = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  get size(): number {
    return this.#size;
  }

  read(position: number, length: number): Uint8Array {
    const end = Math.min(position + length, this.#size);
    if (position >= end) return new Uint8Array(0);
    const bytes = Buffer.alloc(end - position);
    for (let at = position; at < end;) {
      const start = at % BLOCK_BYTES;
      const count = Math.min(BLOCK_BYTES - start, end - at);
      const block = this.#blocks[(at - start) / BLOCK_BYTES];
      if (block !== undefined) bytes.set(block.subarray(start, start + count), at - position);
      at += count;
    }
    return bytes;
  }

  write(position: number, bytes: Uint8Array): Errno {
    const end = position + bytes.length;
    if (bytes.length === 0) return ERRNO.success;
    const errno = end > this.#size ? this.resize(end) : ERRNO.success;
    if (errno !== ERRNO.success) return errno;
    for (let at = position; at < end;) {
      const start = at % BLOCK_BYTES;
      const count = Math.min(BLOCK_BYTES - start, end - at);
      const from = at - position;
      this.#block((at - start) / BLOCK_BYTES).set(bytes.subarray(from, from + count), start);
      at += count;
    }
    return ERRNO.success;
  }

  resize(size: number): Errno {
    if (size > this.#room.totalBytes) return ERRNO.fbig;
    const more = blocksOf(size) - blocksOf(this.#size);
    if (more > 0) {
      const errno = this.#room.take(more * BLOCK_BYTES);
      if (errno !== ERRNO.success) return errno;
    } else if (more < 0) this.#room.give(-more * BLOCK_BYTES);
    if (size < this.#size) this.#cut(size);
    this.#size = size;
    return ERRNO.success;
  }

  drop(): void {
    this.resize(0);
  }

  #block(index: number): Uint8Array {
    return (this.#blocks[index] ??= new Uint8Array(BLOCK_BYTES));
  }

  /** What is cut off must not come back when the file grows again. */
  #cut(size: number): void {
    this.#blocks.length = Math.min(this.#blocks.length, blocksOf(size));
    this.#blocks[Math.floor(size / BLOCK_BYTES)]?.fill(0, size % BLOCK_BYTES);
  }
}

function blocksOf(size: number): number {
  return Math.ceil(size / BLOCK_BYTES);
}
