import { describe, expect, it } from 'vitest';
import { Reader } from '../../../src/wasm/reader.ts';
import { Writer } from '../../../src/wasm/writer.ts';

function written(write: (out: Writer) => void): number[] {
  const out = new Writer();
  write(out);
  return [...out.toBytes()];
}

describe('integers', () => {
  it.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1])('unsigned %d reads back', (value) => {
    expect(new Reader(Uint8Array.from(written((out) => out.u32(value)))).u32()).toBe(value);
  });

  it.each([0, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1])('signed %d reads back', (value) => {
    expect(new Reader(Uint8Array.from(written((out) => out.s33(value)))).s33()).toBe(value);
  });

  it('take as few bytes as they can', () => {
    expect(written((out) => out.u32(127))).toHaveLength(1);
    expect(written((out) => out.u32(128))).toHaveLength(2);
    expect(written((out) => out.s33(-64))).toEqual([0x40]);
    expect(written((out) => out.s33(64))).toEqual([0xc0, 0x00]);
  });
});

describe('ranges', () => {
  const source = Uint8Array.from({ length: 200 }, (_, index) => index);

  it.each([
    [0, 0],
    [3, 10],
    [5, 150],
  ])('copy [%d, %d) of the source', (from, to) => {
    expect(written((out) => out.range(source, from, to))).toEqual([...source.subarray(from, to)]);
  });
});

describe('the buffer', () => {
  it('grows as needed and keeps what it had', () => {
    const bytes = written((out) => {
      for (let value = 0; value < 1_000; value++) out.byte(value & 0xff);
    });
    expect(bytes).toHaveLength(1_000);
    expect(bytes[999]).toBe(999 & 0xff);
  });

  it('frames another writer with its length', () => {
    const content = new Writer();
    content.name('é');
    expect(written((out) => out.sized(content))).toEqual([3, 2, 0xc3, 0xa9]);
  });

  it('starts over after a reset', () => {
    const out = new Writer();
    out.bytes([1, 2, 3]);
    out.reset();
    out.byte(9);
    expect([...out.view()]).toEqual([9]);
  });
});
