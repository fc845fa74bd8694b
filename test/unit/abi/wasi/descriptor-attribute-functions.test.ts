import { beforeEach, describe, expect, test } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { RIGHTS } from '../../../../src/abi/wasi/typenames.ts';
import { MEMORY_BYTES, TinyHost } from './tiny-host.ts';

const SEEK_OR_TELL = (1n << 2n) | (1n << 5n);

let host: TinyHost;

beforeEach(() => {
  host = new TinyHost();
});

/** The rights that fd_fdstat_get tells. */
function rights(fd: number): bigint {
  expect(host.call('fd_fdstat_get', fd, 64)).toBe(0);
  return host.memory.readU64(72);
}

describe('fd_fdstat_get', () => {
  test.each([[0], [1], [2]])('%i is what libc takes for a terminal', (fd) => {
    host.memory.write(64, Buffer.alloc(32, 0xee));
    expect(rights(fd) & SEEK_OR_TELL).toBe(0n);
    expect(host.memory.readU8(64)).toBe(2);
    expect(host.bytes(65, 7)).toEqual(Buffer.alloc(7));
    expect(host.memory.readU64(80)).toBe(0n);
    expect(host.memory.readU8(88)).toBe(0xee);
  });

  test('input reads and does not write, outputs write and do not read', () => {
    const readOrWrite = BigInt(RIGHTS.fd_read | RIGHTS.fd_write);
    expect(rights(0) & readOrWrite).toBe(BigInt(RIGHTS.fd_read));
    expect(rights(1) & readOrWrite).toBe(BigInt(RIGHTS.fd_write));
    expect(rights(2) & readOrWrite).toBe(BigInt(RIGHTS.fd_write));
  });

  test.each([[3], [-1]])('%i is not open, and nothing is written', (fd) => {
    const before = host.snapshot();
    expect(host.call('fd_fdstat_get', fd, 64)).toBe(ERRNO.badf);
    expect(host.snapshot()).toEqual(before);
  });

  test.each([[-24], [MEMORY_BYTES - 23]])('a result at %i ends the guest', (pointer) => {
    expect(() => host.call('fd_fdstat_get', 1, pointer)).toThrow(GuestFault);
  });
});

describe('fd_fdstat_set_flags', () => {
  test('sets append and nonblock, and they are told', () => {
    expect(host.call('fd_fdstat_set_flags', 1, 5)).toBe(0);
    host.call('fd_fdstat_get', 1, 64);
    expect(host.memory.readU8(66)).toBe(5);
    expect(host.call('fd_fdstat_set_flags', 1, 0)).toBe(0);
    host.call('fd_fdstat_get', 1, 64);
    expect(host.memory.readU8(66)).toBe(0);
  });

  test.each([
    [1, 2, ERRNO.notsup],
    [1, 8 | 4, ERRNO.notsup],
    [1, 16, ERRNO.notsup],
    [1, 32, ERRNO.inval],
    [1, -1, ERRNO.inval],
    [9, 0, ERRNO.badf],
  ])('of %i to %i answers %i and changes nothing', (fd, flags, errno) => {
    expect(host.call('fd_fdstat_set_flags', fd, flags)).toBe(errno);
    host.call('fd_fdstat_get', 1, 64);
    expect(host.memory.readU8(66)).toBe(0);
  });
});

describe('fd_fdstat_set_rights', () => {
  test('only takes rights away, and the operations notice', () => {
    expect(host.call('fd_fdstat_set_rights', 1, BigInt(RIGHTS.fd_sync), 0n)).toBe(0);
    expect(rights(1)).toBe(BigInt(RIGHTS.fd_sync));
    expect(host.print(1, 'x\n')).toBe(ERRNO.notcapable);
    expect(host.call('fd_fdstat_set_flags', 1, 0)).toBe(ERRNO.notcapable);
    expect(host.call('fd_filestat_get', 1, 64)).toBe(ERRNO.notcapable);
    expect(host.call('fd_datasync', 1)).toBe(ERRNO.notcapable);
    expect(host.call('fd_sync', 1)).toBe(0);
    expect(host.lines).toEqual([]);
  });

  test.each([
    ['a right of another kind', BigInt(RIGHTS.fd_read), 0n],
    ['a right that was given away', BigInt(RIGHTS.fd_write | RIGHTS.fd_sync), 0n],
    ['every bit', -1n, 0n],
    ['an unknown bit', 1n << 40n, 0n],
    ['a right to inherit', 0n, 1n],
  ])('never adds %s', (_, base, inheriting) => {
    expect(host.call('fd_fdstat_set_rights', 1, BigInt(RIGHTS.fd_write), 0n)).toBe(0);
    expect(host.call('fd_fdstat_set_rights', 1, base, inheriting)).toBe(ERRNO.notcapable);
    expect(rights(1)).toBe(BigInt(RIGHTS.fd_write));
  });

  test('of a closed descriptor is badf', () => {
    expect(host.call('fd_fdstat_set_rights', 3, 0n, 0n)).toBe(ERRNO.badf);
  });
});

describe('fd_filestat_get', () => {
  test.each([
    ['wasi_snapshot_preview1', 64],
    ['wasi_unstable', 56],
  ] as const)('of %s writes %i bytes: a character device and zeros', (module, bytes) => {
    host.memory.write(128, Buffer.alloc(80, 0xee));
    expect(host.invoke('fd_filestat_get', [1, 128], module)).toBe(0);
    const expected = Buffer.alloc(80, 0xee);
    expected.fill(0, 0, bytes);
    expected[16] = 2;
    expect(host.bytes(128, 80)).toEqual(expected);
  });

  test('of a closed descriptor is badf; a result out of bounds ends the guest', () => {
    expect(host.call('fd_filestat_get', 3, -1)).toBe(ERRNO.badf);
    expect(() => host.call('fd_filestat_get', 1, -1)).toThrow(GuestFault);
    expect(() => host.call('fd_filestat_get', 1, MEMORY_BYTES - 63)).toThrow(GuestFault);
  });
});

describe('fd_close and the syncs', () => {
  test.each([[0], [1], [2]])('%i can be closed once', (fd) => {
    expect(host.call('fd_close', fd)).toBe(0);
    expect(host.call('fd_close', fd)).toBe(ERRNO.badf);
    expect(host.call('fd_fdstat_get', fd, 0)).toBe(ERRNO.badf);
  });

  test.each([['fd_sync'], ['fd_datasync']])('%s logs the unfinished line', (name) => {
    host.print(2, 'half');
    expect(host.call(name, 2)).toBe(0);
    expect(host.lines).toEqual([['error', 'half']]);
    expect(host.call(name, 0)).toBe(0);
    expect(host.call(name, 3)).toBe(ERRNO.badf);
  });

  test('fd_close logs the unfinished line', () => {
    host.print(1, 'half');
    expect(host.call('fd_close', 1)).toBe(0);
    expect(host.lines).toEqual([['info', 'half']]);
  });
});

describe('what streams do not have', () => {
  test.each([
    ['fd_advise', [0n, 0n, 0], ERRNO.spipe],
    ['fd_advise', [-1n, -1n, 5], ERRNO.spipe],
    ['fd_advise', [0n, 0n, 6], ERRNO.inval],
    ['fd_advise', [0n, 0n, -1], ERRNO.inval],
    ['fd_allocate', [0n, 1n], ERRNO.nodev],
    ['fd_filestat_set_size', [-1n], ERRNO.inval],
    ['fd_filestat_set_times', [0n, 0n, 0], ERRNO.notsup],
    ['fd_filestat_set_times', [0n, 0n, 1 | 8], ERRNO.notsup],
    ['fd_filestat_set_times', [0n, 0n, 1 | 2], ERRNO.inval],
    ['fd_filestat_set_times', [0n, 0n, 4 | 8], ERRNO.inval],
    ['fd_filestat_set_times', [0n, 0n, 16], ERRNO.inval],
  ] as const)('%s(fd, %o) answers %i', (name, args, errno) => {
    for (const fd of [0, 1, 2]) expect(host.call(name, fd, ...args)).toBe(errno);
    for (const fd of [3, -1]) expect(host.call(name, fd, ...args)).toBe(ERRNO.badf);
  });
});
