/**
 * Lists of buffers (`iovec_array`, `ciovec_array`): pairs of u32, 8 bytes each.
 *
 * ```text
 * list → | pointer | length | pointer | length | …
 * ```
 */
import { Buffer } from 'node:buffer';
import type { GuestMemory } from '../guest-memory.ts';
import { ERRNO, type Errno } from './errno.ts';
import { MAX_IOVECS } from './limits.ts';

const IOVEC_BYTES = 8;
const MAX_SIZE = 0xffff_ffff;

/** A buffer in guest memory, checked to lie inside it. */
interface Iovec {
  readonly pointer: number;
  readonly length: number;
}

/** A decoded list, independent of the memory that it came from: filling its buffers cannot change it. */
export interface IovecList {
  readonly buffers: readonly Iovec[];
  /** The sum of the lengths. */
  readonly totalBytes: number;
}

/**
 * Decodes `count` buffers at `list` and checks that each is inside the memory; otherwise {@link GuestMemory} throws.
 * Errors: `inval` for more than {@link MAX_IOVECS} buffers, and for a total that a u32 result cannot tell.
 */
export function decodeIovecs(memory: GuestMemory, list: number, count: number): IovecList | Errno {
  const size = count >>> 0;
  if (size > MAX_IOVECS) return ERRNO.inval;
  memory.checkRange(list, size * IOVEC_BYTES);
  const buffers: Iovec[] = [];
  let totalBytes = 0;
  for (let index = 0; index < size; index += 1) {
    const at = (list >>> 0) + index * IOVEC_BYTES;
    const buffer = { pointer: memory.readU32(at), length: memory.readU32(at + 4) };
    memory.checkRange(buffer.pointer, buffer.length);
    buffers.push(buffer);
    totalBytes += buffer.length;
  }
  return totalBytes > MAX_SIZE ? ERRNO.inval : { buffers, totalBytes };
}

/** A copy of the buffers' bytes in order, the first `limit` of them. */
export function gather(memory: GuestMemory, { buffers, totalBytes }: IovecList, limit: number): Uint8Array {
  const [only] = buffers;
  if (only !== undefined && buffers.length === 1) return memory.read(only.pointer, Math.min(only.length, limit));
  const gathered = Buffer.allocUnsafe(Math.min(totalBytes, limit));
  let offset = 0;
  for (const { pointer, length } of buffers) {
    if (offset === gathered.length) break;
    const taken = memory.read(pointer, Math.min(length, gathered.length - offset));
    gathered.set(taken, offset);
    offset += taken.length;
  }
  return gathered;
}

/** Fills the buffers in order with `bytes`, which are no more than their total. */
export function scatter(memory: GuestMemory, { buffers }: IovecList, bytes: Uint8Array): void {
  let offset = 0;
  for (const { pointer, length } of buffers) {
    if (offset === bytes.length) return;
    const part = bytes.subarray(offset, offset + length);
    memory.write(pointer, part);
    offset += part.length;
  }
}
