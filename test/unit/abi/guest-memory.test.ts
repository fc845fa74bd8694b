import { describe, expect, it } from 'vitest';
import { GuestFault } from '../../../src/abi/guest-fault.ts';
import { GuestMemory, MAX_TRANSFER_BYTES } from '../../../src/abi/guest-memory.ts';

const PAGE = 65_536;

function onePage(): { pages: WebAssembly.Memory; memory: GuestMemory } {
  const pages = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  return { pages, memory: new GuestMemory(pages) };
}

/** Pointers and lengths as a guest passes them: raw i32, so that large unsigned numbers are negative. */
const OUTSIDE: readonly (readonly [string, number, number])[] = [
  ['one byte after the end', PAGE, 1],
  ['the last byte and one more', PAGE - 1, 2],
  ['a negative pointer', -1, 1],
  ['a negative pointer whose sum wraps to the start', -4, 8],
  ['a negative length', 0, -1],
  ['a pointer and a length whose sum wraps to zero', PAGE, -PAGE],
  ['the largest pointer and length', -1, -1],
  ['the smallest i32 twice', -2_147_483_648, -2_147_483_648],
];

describe('a range outside the memory ends the guest', () => {
  it.each(OUTSIDE)('%s: read, text and check', (_, pointer, length) => {
    const { memory } = onePage();
    expect(() => memory.read(pointer, length)).toThrow(GuestFault);
    expect(() => memory.readText(pointer, length)).toThrow(GuestFault);
    expect(() => memory.checkRange(pointer, length)).toThrow(GuestFault);
  });

  it.each([
    ['one byte too far', PAGE - 3],
    ['at the end', PAGE],
    ['negative', -1],
    ['negative, wrapping', -2],
  ])('%s: scalars, and nothing is written', (_, pointer) => {
    const { pages, memory } = onePage();
    expect(() => memory.readU32(pointer)).toThrow(GuestFault);
    expect(() => memory.readU64(pointer)).toThrow(GuestFault);
    expect(() => memory.writeU32(pointer, 0xffff_ffff)).toThrow(GuestFault);
    expect(() => memory.writeU64(pointer, -1n)).toThrow(GuestFault);
    expect(() => memory.write(pointer, Buffer.from('four'))).toThrow(GuestFault);
    expect(() => memory.writeText(pointer, 10, 'four')).toThrow(GuestFault);
    expect(() => memory.writeBytes(pointer, 10, Buffer.from('four'))).toThrow(GuestFault);
    expect(new Uint8Array(pages.buffer).every((byte) => byte === 0)).toBe(true);
  });

  it('a byte after the end', () => {
    const { memory } = onePage();
    expect(() => memory.readU8(PAGE)).toThrow(GuestFault);
    expect(() => memory.writeU8(PAGE, 1)).toThrow(GuestFault);
    expect(() => memory.writeU8(-1, 1)).toThrow(GuestFault);
  });

  it("names the range for the tenant's log, and is the guest's failure", () => {
    const { memory } = onePage();
    const fault = catching(() => memory.read(-4, 8));
    expect(fault.message).toContain('8 bytes at 4294967292 of 65536');
    expect(fault.outcome).toBe('guest_trap');
  });

  it('of a memory without pages is every range with a byte in it', () => {
    const memory = new GuestMemory(new WebAssembly.Memory({ initial: 0, maximum: 0 }));
    expect(memory.byteLength).toBe(0);
    expect(() => memory.read(0, 1)).toThrow(GuestFault);
    expect(memory.read(0, 0)).toHaveLength(0);
    expect(memory.readText(0, 0)).toBe('');
  });
});

function catching(run: () => unknown): GuestFault {
  try {
    run();
  } catch (error) {
    if (error instanceof GuestFault) return error;
  }
  throw new Error('no GuestFault');
}

describe('a range inside the memory', () => {
  it('may end with it', () => {
    const { memory } = onePage();
    memory.write(PAGE - 3, Buffer.from('end'));
    expect(memory.readText(PAGE - 3, 3)).toBe('end');
    expect(memory.read(PAGE, 0)).toHaveLength(0);
    memory.writeU64(PAGE - 8, 1n);
    expect(memory.readU64(PAGE - 8)).toBe(1n);
  });

  it('round-trips scalars as unsigned little-endian', () => {
    const { pages, memory } = onePage();
    memory.writeU32(0, -2);
    expect(memory.readU32(0)).toBe(0xffff_fffe);
    memory.writeU64(8, -2n);
    expect(memory.readU64(8)).toBe(0xffff_ffff_ffff_fffen);
    memory.writeU8(16, 0x1ff);
    expect(memory.readU8(16)).toBe(0xff);
    memory.writeU32(20, 0x0102_0304);
    expect([...new Uint8Array(pages.buffer, 20, 4)]).toEqual([4, 3, 2, 1]);
  });

  it('takes any alignment', () => {
    const { memory } = onePage();
    for (let at = 0; at < 9; at++) {
      memory.writeU64(at, 0x0807_0605_0403_0201n);
      expect(memory.readU32(at + 3)).toBe(0x0706_0504);
    }
  });
});

describe('what is read', () => {
  it('is a copy: neither side sees later writes of the other', () => {
    const { pages, memory } = onePage();
    memory.write(0, Buffer.from('abc'));
    const copy = memory.read(0, 3);
    memory.write(0, Buffer.from('xyz'));
    expect(Buffer.from(copy).toString()).toBe('abc');
    copy.fill(0);
    expect(memory.readText(0, 3)).toBe('xyz');
    expect(copy.buffer).not.toBe(pages.buffer);
  });

  it('as text replaces what is not UTF-8', () => {
    const { memory } = onePage();
    memory.write(0, Uint8Array.of(0x61, 0xff, 0x62, 0xe2, 0x82));
    expect(memory.readText(0, 5)).toBe('a\ufffdb\ufffd');
  });

  it('cannot be larger than one transfer', () => {
    const pages = new WebAssembly.Memory({ initial: MAX_TRANSFER_BYTES / PAGE + 1 });
    const memory = new GuestMemory(pages);
    expect(memory.read(0, MAX_TRANSFER_BYTES)).toHaveLength(MAX_TRANSFER_BYTES);
    expect(() => memory.read(0, MAX_TRANSFER_BYTES + 1)).toThrow(/transfers 33554433 bytes/);
    expect(() => memory.checkRange(0, MAX_TRANSFER_BYTES + 1)).not.toThrow();
  });
});

describe('growth', () => {
  it.each([0, 1, 3])('by %i pages leaves no stale view', (delta) => {
    const { pages, memory } = onePage();
    memory.writeU32(0, 7);
    pages.grow(delta);
    expect(memory.byteLength).toBe((1 + delta) * PAGE);
    expect(memory.readU32(0)).toBe(7);
    memory.writeU32(0, 8);
    expect(new Uint32Array(pages.buffer)[0]).toBe(8);
  });

  it('makes new pages reachable, and only those', () => {
    const { pages, memory } = onePage();
    expect(() => memory.writeU8(PAGE, 1)).toThrow(GuestFault);
    pages.grow(1);
    memory.writeU8(PAGE, 1);
    memory.writeText(2 * PAGE - 2, 2, 'ok');
    expect(() => memory.writeU8(2 * PAGE, 1)).toThrow(GuestFault);
  });

  it('is seen by each method that comes first after it', () => {
    const first: readonly ((memory: GuestMemory) => unknown)[] = [
      (memory) => memory.read(PAGE, 1),
      (memory) => memory.readText(PAGE, 1),
      (memory) => memory.readU8(PAGE),
      (memory) => memory.readU32(PAGE),
      (memory) => memory.readU64(PAGE),
      (memory) => memory.write(PAGE, Buffer.from('x')),
      (memory) => memory.writeU8(PAGE, 1),
      (memory) => memory.writeU32(PAGE, 1),
      (memory) => memory.writeU64(PAGE, 1n),
      (memory) => memory.writeText(PAGE, 1, 'x'),
      (memory) => memory.writeBytes(PAGE, 1, Buffer.from('x')),
      (memory) => memory.checkRange(PAGE, 1),
    ];
    for (const access of first) {
      const { pages, memory } = onePage();
      pages.grow(1);
      expect(() => access(memory)).not.toThrow();
    }
  });

  it('of a memory that began empty is seen', () => {
    const pages = new WebAssembly.Memory({ initial: 0, maximum: 1 });
    const memory = new GuestMemory(pages);
    pages.grow(1);
    memory.writeU8(PAGE - 1, 9);
    expect(memory.readU8(PAGE - 1)).toBe(9);
  });
});

describe('a memory that has been let go of', () => {
  it('is out of bounds for whoever comes late, also after it has a new buffer', () => {
    const { pages, memory } = onePage();
    memory.writeU32(0, 7);
    memory.release();
    pages.grow(0);
    const late: readonly (() => unknown)[] = [
      () => memory.read(0, 1),
      () => memory.readText(0, 1),
      () => memory.readU8(0),
      () => memory.readU32(0),
      () => memory.readU64(0),
      () => memory.write(0, Buffer.from('x')),
      () => memory.writeU8(0, 1),
      () => memory.writeU32(0, 1),
      () => memory.writeU64(0, 1n),
      () => memory.writeText(0, 1, 'x'),
      () => memory.writeBytes(0, 1, Buffer.from('x')),
      () => memory.checkRange(0, 1),
    ];
    for (const access of late) expect(access).toThrow(GuestFault);
    expect([memory.byteLength, memory.contains(0, 1), new Uint32Array(pages.buffer)[0]]).toEqual([0, false, 7]);
  });
});

describe('a limited write', () => {
  it('answers the length and writes when it fits', () => {
    const { memory } = onePage();
    expect(memory.writeText(0, 5, 'grün')).toBe(5);
    expect(memory.readText(0, 5)).toBe('grün');
    expect(memory.writeBytes(8, 2, Uint8Array.of(1, 2))).toBe(2);
  });

  it('writes nothing when it does not, and does not look at the pointer', () => {
    const { pages, memory } = onePage();
    expect(memory.writeText(0, 4, 'grün')).toBe(5);
    expect(memory.writeText(-1, 0, 'grün')).toBe(5);
    expect(memory.writeBytes(-1, 1, Uint8Array.of(1, 2))).toBe(2);
    expect(new Uint8Array(pages.buffer).every((byte) => byte === 0)).toBe(true);
  });

  it('of nothing needs no memory', () => {
    const { memory } = onePage();
    expect(memory.writeText(-1, 0, '')).toBe(0);
    expect(memory.writeBytes(-1, -1, new Uint8Array(0))).toBe(0);
  });

  it('reads its limit as unsigned', () => {
    const { memory } = onePage();
    expect(memory.writeText(0, -1, 'text')).toBe(4);
    expect(memory.readText(0, 4)).toBe('text');
    expect(() => memory.writeText(PAGE - 2, -1, 'text')).toThrow(GuestFault);
  });
});
