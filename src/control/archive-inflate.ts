/** The bytes inside a gzip stream (RFC 1952), piece by piece and not one piece beyond the limits. */
import { createGunzip } from 'node:zlib';
import { archiveFault, archiveTooLarge, cutOff } from './archive-faults.ts';
import { ARCHIVE_LIMITS } from './archive-limits.ts';

/**
 * Unpacks `bytes` in pieces of at most 64 KiB, off the thread. Ending the iteration early ends the work.
 *
 * Throws a KerbError. `too_large`: more than {@link ARCHIVE_LIMITS} bytes before or after unpacking, or a ratio that only a bomb has.
 * `bad_request`: not gzip, damaged, cut off, or more behind its end; a second member (§2.2) counts as that, for what readers
 * make of one differs.
 */
export async function* inflated(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array, void, undefined> {
  if (bytes.length > ARCHIVE_LIMITS.compressedBytes) {
    throw archiveTooLarge(`is ${bytes.length} bytes long, and ${ARCHIVE_LIMITS.compressedBytes} are taken; pack less`);
  }
  const gunzip = createGunzip({ chunkSize: ARCHIVE_LIMITS.chunkBytes, rejectGarbageAfterEnd: true });
  gunzip.end(bytes);
  let length = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      checkGrowth(length, bytes.length);
      yield chunk;
    }
  } catch (error) {
    throw zlibFault(error);
  }
}

function checkGrowth(length: number, sentBytes: number): void {
  const { bytes, ratio, ratioFloorBytes } = ARCHIVE_LIMITS;
  if (length > bytes) throw archiveTooLarge(`unpacks to more than ${bytes} bytes; pack only what the app needs`);
  if (length > Math.max(ratioFloorBytes, sentBytes * ratio)) {
    throw archiveTooLarge(`unpacks to more than ${ratio} times its size; take out files that are nothing but filling`);
  }
}

function zlibFault(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'Z_BUF_ERROR') return cutOff();
  if (code === 'ERR_TRAILING_JUNK_AFTER_STREAM_END') {
    return archiveFault('has more bytes behind its end; send one gzip stream and nothing else');
  }
  if (code.startsWith('Z_')) return archiveFault('is damaged: it cannot be unpacked; pack and send it again');
  return error;
}
