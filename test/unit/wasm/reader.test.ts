import { describe, expect, it } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import { Reader } from '../../../src/wasm/reader.ts';

const reader = (...bytes: readonly number[]): Reader => new Reader(Uint8Array.from(bytes));

describe('unsigned integers', () => {
  it.each([
    [[0], 0],
    [[0x7f], 127],
    [[0x80, 0x01], 128],
    [[0xe5, 0x8e, 0x26], 624_485],
    [[0xff, 0xff, 0xff, 0xff, 0x0f], 0xffff_ffff],
    [[0x83, 0x80, 0x80, 0x80, 0x00], 3],
  ])('%j reads as %d', (bytes, value) => {
    const from = reader(...bytes);
    expect(from.u32()).toBe(value);
    expect(from.remaining).toBe(0);
  });

  it.each([
    ['more than 32 bits', [0xff, 0xff, 0xff, 0xff, 0x1f]],
    ['more than five bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
    ['no last byte', [0x80, 0x80]],
    ['no byte', []],
  ])('are refused with %s', (_, bytes) => {
    expect(() => reader(...bytes).u32()).toThrow(KerbError);
  });

  it('of 64 bits are read to their full width and no further', () => {
    expect(reader(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01).u64()).toBe(2 ** 64);
    expect(() => reader(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02).u64()).toThrow('too large');
    expect(() => reader(...Array.from({ length: 11 }, () => 0x80)).u64()).toThrow('too l');
  });
});

describe('signed integers', () => {
  it.each([
    [[0x00], 0],
    [[0x7f], -1],
    [[0x40], -64],
    [[0x3f], 63],
    [[0xc0, 0x00], 64],
    [[0x80, 0x7f], -128],
    [[0xff, 0xff, 0xff, 0xff, 0x07], 2 ** 31 - 1],
    [[0x80, 0x80, 0x80, 0x80, 0x78], -(2 ** 31)],
  ])('%j reads as %d', (bytes, value) => {
    expect(reader(...bytes).s32()).toBe(value);
    expect(reader(...bytes).s33()).toBe(value);
  });

  it('refuse bits that are not the sign', () => {
    expect(() => reader(0xff, 0xff, 0xff, 0xff, 0x0f).s32()).toThrow('too large');
    expect(() => reader(0x80, 0x80, 0x80, 0x80, 0x70).s32()).toThrow('too large');
    expect(reader(0xff, 0xff, 0xff, 0xff, 0x0f).s33()).toBe(2 ** 32 - 1);
    expect(() => reader(0x80, 0x80, 0x80, 0x80, 0x10).s33()).toThrow('too large');
  });

  it('of 64 bits end after ten bytes at most', () => {
    const minimum = reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f);
    minimum.skipS64();
    expect(minimum.remaining).toBe(0);
    expect(() => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01).skipS64()).toThrow('too large');
  });
});

describe('vectors and names', () => {
  it('are counted against the bytes that are left', () => {
    expect(reader(2, 0, 0).count(1)).toBe(2);
    expect(() => reader(3, 0, 0).count(1)).toThrow('a vector of 3 items that does not fit at byte 0');
    expect(() => reader(2, 0, 0).count(2)).toThrow(KerbError);
  });

  it('are UTF-8, with a byte order mark as a character', () => {
    expect(reader(2, 0xc3, 0xa9).name()).toBe('é');
    expect(reader(3, 0xef, 0xbb, 0xbf).name()).toBe('\ufeff');
    expect(() => reader(1, 0xff).name()).toThrow('not UTF-8 at byte 1');
    expect(() => reader(3, 0xed, 0xa0, 0x80).name()).toThrow('not UTF-8');
  });
});

describe('slices', () => {
  it('end where they were told to', () => {
    const whole = reader(1, 2, 3);
    const part = whole.slice(2);
    expect([part.byte(), part.byte(), whole.byte()]).toEqual([1, 2, 3]);
    expect(() => part.byte()).toThrow('unexpected end at byte 2');
    expect(() => reader(1).slice(2)).toThrow('unexpected end');
  });
});
