/** Bounds-checked reading of the binary format's primitives: bytes, LEB128 integers, names. */

import { KerbError } from '../errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The error for bytes that are not a module: code `bad_module`, with the byte offset where reading stopped. */
export function malformed(offset: number, what: string): KerbError {
  return new KerbError('bad_module', `not a valid WebAssembly module: ${what} at byte ${offset}`);
}

/**
 * A cursor over `bytes[offset, end)`. Every read checks the end; every integer is LEB128 exactly as the core specification
 * demands (§5.2.2: no excess bytes, unused bits are sign or zero). All methods throw `bad_module` on violation.
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  /** Where the next read happens. */
  offset: number;

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  /** Bytes left. */
  get remaining(): number {
    return this.end - this.offset;
  }

  /** One byte. */
  byte(): number {
    if (this.offset >= this.end) throw malformed(this.offset, 'unexpected end');
    return this.bytes[this.offset++] as number;
  }

  /** Moves past `length` bytes. */
  skip(length: number): void {
    if (length > this.end - this.offset) throw malformed(this.offset, 'unexpected end');
    this.offset += length;
  }

  /** An unsigned 32-bit integer, at most five bytes. */
  u32(): number {
    const first = this.byte();
    return first < 0x80 ? first : this.#longU32(first & 0x7f);
  }

  #longU32(first: number): number {
    let result = first;
    for (let shift = 7; shift < 35; shift += 7) {
      const next = this.byte();
      if (shift === 28 && next > 0x0f) throw malformed(this.offset - 1, 'integer too large');
      result += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return result;
    }
    throw malformed(this.offset, 'integer too long');
  }

  /** An unsigned 64-bit integer, rounded to a double: for bounds that are only compared. */
  u64(): number {
    let result = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const next = this.byte();
      if (shift === 63 && next > 0x01) throw malformed(this.offset - 1, 'integer too large');
      result += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return result;
    }
    throw malformed(this.offset, 'integer too long');
  }

  /** A signed 32-bit integer, at most five bytes. */
  s32(): number {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const next = this.byte();
      if (shift === 28 && next > 0x07 && (next < 0x78 || next > 0x7f))
        throw malformed(this.offset - 1, 'integer too large');
      result |= (next & 0x7f) << shift;
      if (next < 0x80) return shift < 28 && (next & 0x40) !== 0 ? result | (-1 << (shift + 7)) : result;
    }
    throw malformed(this.offset, 'integer too long');
  }

  /** A signed 33-bit integer: the form of block types (§5.4.1) and heap types. */
  s33(): number {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const next = this.byte();
      if (shift === 28 && next > 0x0f && (next < 0x70 || next > 0x7f))
        throw malformed(this.offset - 1, 'integer too large');
      result += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return (next & 0x40) !== 0 ? result - 2 ** (shift + 7) : result;
    }
    throw malformed(this.offset, 'integer too long');
  }

  /** Moves past a signed 64-bit integer, at most ten bytes. */
  skipS64(): void {
    for (let count = 1; count <= 10; count++) {
      const next = this.byte();
      if (count === 10 && next !== 0x00 && next !== 0x7f) throw malformed(this.offset - 1, 'integer too large');
      if (next < 0x80) return;
    }
    throw malformed(this.offset, 'integer too long');
  }

  /** The length of a vector whose items take at least `itemBytes` each: never more than the bytes left can hold. */
  count(itemBytes: number): number {
    const at = this.offset;
    const count = this.u32();
    if (count * itemBytes > this.remaining) throw malformed(at, `a vector of ${count} items that does not fit`);
    return count;
  }

  /** A name: a byte count and well-formed UTF-8 (§5.2.4). */
  name(): string {
    const length = this.count(1);
    const from = this.offset;
    this.offset += length;
    try {
      return utf8.decode(this.bytes.subarray(from, this.offset));
    } catch {
      throw malformed(from, 'a name that is not UTF-8');
    }
  }

  /** A reader over the next `length` bytes; this one moves past them. */
  slice(length: number): Reader {
    const from = this.offset;
    this.skip(length);
    return new Reader(this.bytes, from, this.offset);
  }
}
