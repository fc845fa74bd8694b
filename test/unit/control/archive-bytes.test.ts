import { describe, expect, it } from 'vitest';
import { ArchiveBytes, isZero } from '../../../src/control/archive-bytes.ts';

/** Yields parts of these lengths, byte after byte counted up; `closed` counts how often it was ended. */
function source(...lengths: readonly number[]): { bytes: ArchiveBytes; closed: () => number } {
  let closed = 0;
  let next = 0;
  async function* parts(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (const length of lengths) yield Uint8Array.from({ length }, () => next++);
    } finally {
      closed++;
    }
  }
  return { bytes: new ArchiveBytes(parts()), closed: () => closed };
}

describe('a stream of bytes', () => {
  it('is taken in any lengths, across its pieces and empty ones', async () => {
    const { bytes } = source(3, 0, 1, 4);
    expect(await bytes.take(2)).toEqual(Uint8Array.of(0, 1));
    expect(await bytes.take(0)).toEqual(new Uint8Array(0));
    expect(await bytes.take(5)).toEqual(Uint8Array.of(2, 3, 4, 5, 6));
    expect(await bytes.take(1)).toEqual(Uint8Array.of(7));
    expect(await bytes.take(1)).toBeNull();
    expect(await bytes.take(0)).toEqual(new Uint8Array(0));
  });

  it('that ends in the middle of what is taken is refused', async () => {
    await expect(source(3).bytes.take(4)).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('has zeros counted to its end', async () => {
    expect(await source(1).bytes.zerosToEnd()).toBe(1);
    expect(await source(2).bytes.zerosToEnd()).toBeNull();
    expect(await source().bytes.zerosToEnd()).toBe(0);
  });

  it('is ended where it is', async () => {
    const { bytes, closed } = source(3, 3);
    await bytes.take(1);
    await bytes.close();
    await bytes.close();
    expect([await bytes.take(1), closed()]).toEqual([null, 1]);
  });

  it('knows zeros', () => {
    expect([isZero(new Uint8Array(9)), isZero(Uint8Array.of(0, 1)), isZero(new Uint8Array(0))]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
