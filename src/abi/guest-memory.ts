/**
 * The only place that touches a guest's linear memory.
 *
 * Guests choose every pointer and length. Each access takes them as the raw i32 values, reads them as unsigned, checks
 * `pointer + length` against the memory as it is now, and copies: no view of guest memory leaves this file, because growth
 * detaches views and a pooled memory belongs to another request a moment later.
 */
import { Buffer } from 'node:buffer';
import { GuestFault } from './guest-fault.ts';

/** The longest text or byte string taken from or given to a guest in one hostcall; a longer one ends the guest. 32 MiB. */
export const MAX_TRANSFER_BYTES = 32 * 1024 * 1024;

/** Checked access to one `WebAssembly.Memory`. Every method throws {@link GuestFault} when a range leaves the memory. */
export class GuestMemory {
  /** `null`: it is somebody else's by now. */
  #memory: WebAssembly.Memory | null;
  #bytes: Buffer;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#bytes = Buffer.from(memory.buffer);
  }

  /** Lets go of the memory for good: whatever is read or written from now on is out of bounds. */
  release(): void {
    this.#memory = null;
    this.#bytes = Buffer.alloc(0);
  }

  /** Size now, in bytes. */
  get byteLength(): number {
    return this.#now().length;
  }

  /** A copy of `length` bytes at `pointer`. Small ones share a slab of the host's: hand none to code that transfers it. */
  read(pointer: number, length: number): Uint8Array {
    const start = this.#check(pointer, length);
    return Buffer.from(this.#bytes.subarray(start, start + (length >>> 0)));
  }

  /** `length` bytes at `pointer` as UTF-8 text; ill-formed sequences become U+FFFD. */
  readText(pointer: number, length: number): string {
    if (length === 0) return '';
    const start = this.#check(pointer, length);
    return this.#bytes.toString('utf8', start, start + (length >>> 0));
  }

  /** The little-endian u32 at `pointer`. */
  readU32(pointer: number): number {
    const start = this.#check(pointer, 4);
    return this.#bytes.readUInt32LE(start);
  }

  /** The little-endian u64 at `pointer`. */
  readU64(pointer: number): bigint {
    const start = this.#check(pointer, 8);
    return this.#bytes.readBigUInt64LE(start);
  }

  /** The byte at `pointer`. */
  readU8(pointer: number): number {
    const start = this.#check(pointer, 1);
    return this.#bytes.readUInt8(start);
  }

  /** Copies `bytes` to `pointer`. */
  write(pointer: number, bytes: Uint8Array): void {
    const start = this.#check(pointer, bytes.length);
    this.#bytes.set(bytes, start);
  }

  /** Writes a little-endian u32. */
  writeU32(pointer: number, value: number): void {
    const start = this.#check(pointer, 4);
    this.#bytes.writeUInt32LE(value >>> 0, start);
  }

  /** Writes a little-endian u64. */
  writeU64(pointer: number, value: bigint): void {
    const start = this.#check(pointer, 8);
    this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), start);
  }

  /** Writes one byte. */
  writeU8(pointer: number, value: number): void {
    const start = this.#check(pointer, 1);
    this.#bytes[start] = value & 0xff;
  }

  /**
   * Writes `text` as UTF-8 when it is no longer than `limit` bytes, and nothing otherwise; answers its length in bytes either
   * way, so that the guest can come back with a larger buffer.
   */
  writeText(pointer: number, limit: number, text: string): number {
    const length = Buffer.byteLength(text);
    if (length === 0 || length > limit >>> 0) return length;
    const start = this.#check(pointer, length);
    this.#bytes.write(text, start, length, 'utf8');
    return length;
  }

  /** As {@link writeText}, for bytes. */
  writeBytes(pointer: number, limit: number, bytes: Uint8Array): number {
    if (bytes.length > 0 && bytes.length <= limit >>> 0) this.write(pointer, bytes);
    return bytes.length;
  }

  /** Whether `length` bytes at `pointer` are inside the memory: for ABIs that answer a status where they are not. */
  contains(pointer: number, length: number): boolean {
    return (pointer >>> 0) + (length >>> 0) <= this.#now().length;
  }

  /**
   * Throws unless `length` bytes at `pointer` are inside the memory: for buffers of which a part may be used, and for results that are
   * written after a wait. They may be more than one transfer.
   */
  checkRange(pointer: number, length: number): void {
    if (this.contains(pointer, length)) return;
    const [start, size] = [pointer >>> 0, length >>> 0];
    throw new GuestFault(`hostcall with memory out of bounds: ${size} bytes at ${start} of ${this.#bytes.length}`);
  }

  /** The offset of a range that may be transferred. May replace the view: it is read afterwards, never before. */
  #check(pointer: number, length: number): number {
    this.checkRange(pointer, length);
    const size = length >>> 0;
    if (size > MAX_TRANSFER_BYTES)
      throw new GuestFault(`hostcall transfers ${size} bytes, more than ${MAX_TRANSFER_BYTES}`);
    return pointer >>> 0;
  }

  /** The view of the memory as it is now. Growth, even by 0 pages, detaches the old buffer, whose length is then 0. */
  #now(): Buffer {
    if (this.#bytes.length === 0 && this.#memory !== null) this.#bytes = Buffer.from(this.#memory.buffer);
    return this.#bytes;
  }
}
