/** Texts that guests hand to `kerb_*`: checked before they are copied, and UTF-8 or refused, for two keys must not become one. */
import type { GuestMemory } from '../guest-memory.ts';
import { ERRNO, type Errno } from './errno.ts';

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text at `pointer`, or the errno for one that is longer than `maxBytes` or not UTF-8. Throws `GuestFault` for memory out of
 * bounds, whatever its length.
 */
export function textAt(memory: GuestMemory, pointer: number, length: number, maxBytes: number): string | Errno {
  const bytes = bytesAt(memory, pointer, length, maxBytes);
  if (typeof bytes === 'number') return bytes;
  try {
    return UTF_8.decode(bytes);
  } catch {
    return ERRNO.invalid;
  }
}

/** A copy of the bytes at `pointer`, with the same refusals. */
export function bytesAt(
  memory: GuestMemory,
  pointer: number,
  length: number,
  maxBytes: number,
): Uint8Array<ArrayBufferLike> | Errno {
  memory.checkRange(pointer, length);
  return length >>> 0 > maxBytes ? ERRNO.too_large : memory.read(pointer, length);
}

/** A text that is not empty: a name, or a key of a config. */
export function nameAt(memory: GuestMemory, pointer: number, length: number, maxBytes: number): string | Errno {
  const name = textAt(memory, pointer, length, maxBytes);
  return name === '' ? ERRNO.invalid : name;
}

/** A key of a key-value store; not `.` or `..`, which no address of the API can name (RFC 3986 section 5.2.4). */
export function keyAt(memory: GuestMemory, pointer: number, length: number, maxBytes: number): string | Errno {
  const key = nameAt(memory, pointer, length, maxBytes);
  return key === '.' || key === '..' ? ERRNO.invalid : key;
}
