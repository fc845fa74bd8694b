import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inflated } from '../../../src/control/archive-inflate.ts';
import { ARCHIVE_LIMITS } from '../../../src/control/archive-limits.ts';
import { KerbError } from '../../../src/errors.ts';
import { gzipped } from './tar-bytes.ts';

const MIB = 1024 * 1024;

/** How many bytes came before the end or the error. */
async function drained(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ length: number; largest: number; error: KerbError | null }> {
  let length = 0;
  let largest = 0;
  try {
    for await (const chunk of inflated(bytes)) {
      length += chunk.length;
      largest = Math.max(largest, chunk.length);
    }
    return { length, largest, error: null };
  } catch (error) {
    if (!(error instanceof KerbError)) throw error;
    return { length, largest, error };
  }
}

/** A quarter of each 64 KiB does not compress: far from the ratio of a bomb. */
function mixed(length: number): Buffer {
  const piece = Buffer.alloc(64 * 1024);
  let state = 1;
  for (let at = 0; at < piece.length / 4; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    piece[at] = state >>> 24;
  }
  return Buffer.alloc(length, piece);
}

describe('a gzip stream', () => {
  it('comes in pieces', async () => {
    const { length, largest, error } = await drained(gzipped(mixed(3 * MIB)));
    expect([length, largest, error]).toEqual([3 * MIB, ARCHIVE_LIMITS.chunkBytes, null]);
  });

  it('may be mostly zeros while it is small', async () => {
    expect((await drained(gzipped(Buffer.alloc(ARCHIVE_LIMITS.ratioFloorBytes)))).error).toBeNull();
  });

  it('that is a bomb ends at the floor of the ratio', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(40 * MIB)));
    const { length, error } = await drained(bomb);
    expect([error?.code, error?.message]).toEqual(['too_large', expect.stringMatching(/200 times its size/)]);
    expect(length).toBeLessThanOrEqual(ARCHIVE_LIMITS.ratioFloorBytes);
  });

  it('ends at the most bytes, whatever its ratio', async () => {
    const { length, error } = await drained(gzipped(mixed(ARCHIVE_LIMITS.bytes + 1)));
    expect([error?.code, error?.message]).toEqual(['too_large', expect.stringMatching(/more than 67108864 bytes/)]);
    expect(length).toBeLessThanOrEqual(ARCHIVE_LIMITS.bytes);
  });

  it('that is too large as it is sent is not looked at', async () => {
    const { length, error } = await drained(new Uint8Array(ARCHIVE_LIMITS.compressedBytes + 1));
    expect([length, error?.code]).toEqual([0, 'too_large']);
  });

  const whole = gzipped(Buffer.from('hello'.repeat(10_000)));
  it.each([
    ['nothing', new Uint8Array(0), /cut off/],
    ['only its beginning', whole.slice(0, -9), /cut off/],
    ['without its length', whole.slice(0, -1), /cut off/],
    ['a wrong checksum', whole.map((byte, at) => (at === whole.length - 6 ? byte ^ 1 : byte)), /damaged/],
    ['a text', new Uint8Array(Buffer.from('<html>')), /damaged/],
    ['garbage behind it', new Uint8Array(Buffer.concat([whole, Buffer.from('x')])), /more bytes behind its end/],
    ['zeros behind it', new Uint8Array(Buffer.concat([whole, Buffer.alloc(8)])), /more bytes behind its end/],
    ['a second stream behind it', new Uint8Array(Buffer.concat([whole, whole])), /more bytes behind its end/],
  ])('with %s is refused', async (_, bytes, said) => {
    const { error } = await drained(bytes);
    expect([error?.code, error?.message]).toEqual(['bad_request', expect.stringMatching(said)]);
  });

  it('may be left at any place', async () => {
    for await (const chunk of inflated(gzipped(mixed(MIB)))) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });
});
