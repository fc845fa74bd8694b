import { beforeEach, describe, expect, test } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { GuestMemory, MAX_TRANSFER_BYTES } from '../../../../src/abi/guest-memory.ts';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { decodeIovecs, gather, scatter, type IovecList } from '../../../../src/abi/wasi/iovec.ts';
import { MAX_IOVECS } from '../../../../src/abi/wasi/limits.ts';
import { MEMORY_BYTES, TinyHost } from './tiny-host.ts';

let host: TinyHost;

beforeEach(() => {
  host = new TinyHost();
});

function decoded(list: number, count: number): IovecList {
  const answer = decodeIovecs(host.memory, list, count);
  if (typeof answer === 'number') throw new Error(`errno ${answer}`);
  return answer;
}

describe('decoding', () => {
  test('gives the buffers and their total', () => {
    host.putIovecs(8, [100, 3], [200, 0], [300, 5]);
    expect(decoded(8, 3)).toEqual({
      buffers: [
        { pointer: 100, length: 3 },
        { pointer: 200, length: 0 },
        { pointer: 300, length: 5 },
      ],
      totalBytes: 8,
    });
  });

  test('takes an empty list anywhere inside, and the list up to the last byte', () => {
    expect(decoded(MEMORY_BYTES, 0).buffers).toEqual([]);
    expect(decoded(MEMORY_BYTES - 8, 1).buffers).toEqual([{ pointer: 0, length: 0 }]);
  });

  test('takes as many buffers as the limit, and no more', () => {
    expect(decoded(0, MAX_IOVECS).buffers).toHaveLength(MAX_IOVECS);
    expect(decodeIovecs(host.memory, 0, MAX_IOVECS + 1)).toBe(ERRNO.inval);
  });
});

describe('a buffer that is larger than one transfer', () => {
  test('is filled, and taken from, in part', () => {
    const memory = new GuestMemory(new WebAssembly.Memory({ initial: MAX_TRANSFER_BYTES / 65_536 + 1 }));
    memory.writeU32(0, 8);
    memory.writeU32(4, MAX_TRANSFER_BYTES + 1);
    const iovecs = decodeIovecs(memory, 0, 1);
    if (typeof iovecs === 'number') throw new Error(`errno ${iovecs}`);
    scatter(memory, iovecs, Buffer.from('abc'));
    expect(Buffer.from(gather(memory, iovecs, 3)).toString()).toBe('abc');
  });
});

describe('a hostile list', () => {
  test.each([[-1], [0x8000_0000 | 0], [0x2000_0000]])('of %i buffers is invalid before any is read', (count) => {
    expect(decodeIovecs(host.memory, 0, count)).toBe(ERRNO.inval);
  });

  test.each([
    ['starts at a negative pointer', -8, 1],
    ['starts past the memory, though empty', MEMORY_BYTES + 1, 0],
    ['ends past the memory', MEMORY_BYTES - 7, 1],
    ['is longer than the memory', MEMORY_BYTES - 8, 2],
  ])('that %s ends the guest', (_, list, count) => {
    expect(() => decodeIovecs(host.memory, list, count)).toThrow(GuestFault);
  });

  test.each([
    ['starts past the end', MEMORY_BYTES + 1, 0],
    ['ends past the end', MEMORY_BYTES - 3, 4],
    ['wraps around 2^32', 0xffff_fff0, 0x20],
    ['is as long as the address space', 0, 0xffff_ffff],
  ])('with a buffer that %s ends the guest', (_, pointer, length) => {
    host.putIovecs(0, [10, 1], [pointer, length]);
    expect(() => decodeIovecs(host.memory, 0, 2)).toThrow(GuestFault);
  });

  test('whose lengths overflow a u32 is invalid, although each buffer is inside the memory', () => {
    host = new TinyHost({ pages: new WebAssembly.Memory({ initial: 512 }) });
    const whole = Array.from({ length: 129 }, () => [0, 32 * 1024 * 1024] as const);
    host.putIovecs(0, ...whole);
    expect(decodeIovecs(host.memory, 0, 129)).toBe(ERRNO.inval);
    expect(decoded(0, 127).totalBytes).toBe(127 * 32 * 1024 * 1024);
  });
});

describe('gathering', () => {
  test('joins the buffers up to the limit', () => {
    host.put(100, 'abc');
    host.put(200, 'defg');
    host.putIovecs(0, [100, 3], [150, 0], [200, 4]);
    const list = decoded(0, 3);
    expect(Buffer.from(gather(host.memory, list, 99)).toString()).toBe('abcdefg');
    expect(Buffer.from(gather(host.memory, list, 5)).toString()).toBe('abcde');
    expect(gather(host.memory, list, 0)).toHaveLength(0);
  });

  test('of 4 GiB of overlapping buffers copies the limit alone', () => {
    host = new TinyHost({ pages: new WebAssembly.Memory({ initial: 512 }) });
    host.putIovecs(0, ...Array.from({ length: 127 }, () => [0, 32 * 1024 * 1024] as const));
    expect(gather(host.memory, decoded(0, 127), 1000)).toHaveLength(1000);
  });
});

describe('scattering', () => {
  test('fills the buffers in order and stops where the bytes end', () => {
    host.putIovecs(0, [100, 2], [150, 0], [200, 4], [300, 4]);
    scatter(host.memory, decoded(0, 4), Buffer.from('abcde'));
    expect(host.bytes(100, 3).toString()).toBe('ab\0');
    expect(host.bytes(200, 4).toString()).toBe('cde\0');
    expect(host.bytes(300, 4).toString()).toBe('\0\0\0\0');
  });

  test('into the list itself follows the list as it was', () => {
    host.putIovecs(0, [8, 8], [100, 4]);
    scatter(host.memory, decoded(0, 2), Buffer.from('\0\0\0\0\0\0\0\0real'));
    expect(host.bytes(100, 4).toString()).toBe('real');
  });
});
