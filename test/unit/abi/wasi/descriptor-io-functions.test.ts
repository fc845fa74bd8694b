import { beforeEach, describe, expect, test } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { MAX_WRITE_BYTES } from '../../../../src/abi/wasi/limits.ts';
import { MEMORY_BYTES, TinyHost } from './tiny-host.ts';

let host: TinyHost;

beforeEach(() => {
  host = new TinyHost();
});

describe('fd_write', () => {
  test('logs buffers as one stream of lines and tells how many bytes it took', () => {
    host.put(100, 'hel');
    host.put(200, 'lo\nwor');
    host.putIovecs(0, [100, 3], [150, 0], [200, 6]);
    expect(host.call('fd_write', 1, 0, 3, 64)).toBe(0);
    expect(host.memory.readU32(64)).toBe(9);
    expect(host.lines).toEqual([['info', 'hello']]);
    host.guest.flush();
    expect(host.lines[1]).toEqual(['info', 'wor']);
  });

  test('takes an empty list and an empty buffer', () => {
    host.memory.writeU32(64, 99);
    expect(host.call('fd_write', 2, 0, 0, 64)).toBe(0);
    expect(host.memory.readU32(64)).toBe(0);
    expect(host.call('fd_write', 2, 0, 1, 64)).toBe(0);
    expect(host.lines).toEqual([]);
  });

  test('takes a large write in parts, as a pipe would', () => {
    host.memory.write(0, Buffer.alloc(MEMORY_BYTES, 'x\n'));
    host.putIovecs(0, [1024, 40_000]);
    expect(host.call('fd_write', 1, 0, 1, 16)).toBe(0);
    expect(host.memory.readU32(16)).toBe(MAX_WRITE_BYTES);
    expect(host.lines).toHaveLength(MAX_WRITE_BYTES / 2);
  });

  test('whose result overlaps the list and the data logs the data as it was', () => {
    host.putIovecs(0, [0, 8]);
    host.put(8, 'unused');
    expect(host.call('fd_write', 1, 0, 1, 0)).toBe(0);
    expect(host.memory.readU32(0)).toBe(8);
    host.guest.flush();
    expect(host.lines).toEqual([['info', String.raw`\x00\x00\x00\x00\x08\x00\x00\x00`]]);
  });

  test('nothing is kept of a level that the log leaves out, and the guest does not notice', () => {
    host.silent.add('info');
    expect(host.print(1, 'quiet\n')).toBe(0);
    expect(host.memory.readU32(16)).toBe(6);
    expect(host.lines).toEqual([]);
  });

  test.each([[0], [3], [-1]])('to %i is badf', (fd) => {
    expect(host.print(fd, 'x\n')).toBe(ERRNO.badf);
    expect(host.lines).toEqual([]);
  });
});

describe.each([
  ['fd_write', 1],
  ['fd_read', 0],
])('%s with hostile arguments', (name, fd) => {
  test.each([
    ['a negative list', -8, 1, 64],
    ['a list that ends past the memory', MEMORY_BYTES - 8, 2, 64],
    ['a negative result', 0, 1, -4],
    ['a result that ends past the memory', 0, 1, MEMORY_BYTES - 3],
  ])('%s ends the guest before anything happens', (_, list, count, result) => {
    host.put(100, 'x\n');
    host.putIovecs(0, [100, 2]);
    const before = host.snapshot();
    expect(() => host.call(name, fd, list, count, result)).toThrow(GuestFault);
    expect(host.snapshot()).toEqual(before);
    expect(host.lines).toEqual([]);
  });

  test.each([
    [0xffff_ffff, 1],
    [MEMORY_BYTES, 1],
    [0, 0xffff_ffff],
    [0xffff_ffff, 0xffff_ffff],
  ])('a later buffer at %i of %i bytes ends the guest before the first is used', (pointer, length) => {
    host.put(100, 'x\n');
    host.putIovecs(0, [100, 2], [pointer, length]);
    expect(() => host.call(name, fd, 0, 2, 64)).toThrow(GuestFault);
    expect(host.lines).toEqual([]);
  });

  test.each([[1025], [-1], [0x2000_0001]])('%i buffers are too many', (count) => {
    const before = host.snapshot();
    expect(host.call(name, fd, 0, count, 64)).toBe(ERRNO.inval);
    expect(host.snapshot()).toEqual(before);
  });

  test('a descriptor that is not open is told before any pointer is looked at', () => {
    expect(host.call(name, 77, -1, -1, -1)).toBe(ERRNO.badf);
  });
});

describe('fd_read', () => {
  test('of standard input is at its end at once and writes to no buffer', () => {
    host.memory.write(100, Buffer.alloc(8, 0xee));
    host.putIovecs(0, [100, 8]);
    host.memory.writeU32(64, 99);
    expect(host.call('fd_read', 0, 0, 1, 64)).toBe(0);
    expect(host.memory.readU32(64)).toBe(0);
    expect(host.bytes(100, 8)).toEqual(Buffer.alloc(8, 0xee));
  });

  test.each([[1], [2], [3], [-1]])('of %i is badf and tells nothing', (fd) => {
    host.memory.writeU32(64, 99);
    expect(host.call('fd_read', fd, 0, 0, 64)).toBe(ERRNO.badf);
    expect(host.memory.readU32(64)).toBe(99);
  });

  test('without its right is not capable', () => {
    expect(host.call('fd_fdstat_set_rights', 0, 0n, 0n)).toBe(0);
    expect(host.call('fd_read', 0, 0, 0, 64)).toBe(ERRNO.notcapable);
  });
});

describe('fd_renumber', () => {
  test('sends standard error to where standard output goes', () => {
    expect(host.call('fd_renumber', 1, 2)).toBe(0);
    expect(host.print(2, 'x\n')).toBe(0);
    expect(host.lines).toEqual([['info', 'x']]);
    expect(host.print(1, 'x\n')).toBe(ERRNO.badf);
  });

  test.each([
    [1, 3],
    [3, 1],
    [1, -1],
    [1, 0x7fff_ffff],
  ])('from %i to %i is badf: no descriptor is made', (fd, to) => {
    expect(host.call('fd_renumber', fd, to)).toBe(ERRNO.badf);
    expect(host.print(1, 'still here\n')).toBe(0);
  });
});

test.each([[0], [1], [3], [4], [-1]])('%i is no preopened folder: libc stops looking', (fd) => {
  expect(host.call('fd_prestat_get', fd, -1)).toBe(ERRNO.badf);
  expect(host.call('fd_prestat_dir_name', fd, -1, -1)).toBe(ERRNO.badf);
});

describe('what streams do not have', () => {
  test.each([
    ['fd_pread', [-1, -1, -1n, -1], ERRNO.spipe],
    ['fd_pwrite', [-1, -1, -1n, -1], ERRNO.spipe],
    ['fd_tell', [-1], ERRNO.spipe],
    ['fd_seek', [0n, 0, -1], ERRNO.spipe],
    ['fd_seek', [-1n, 2, -1], ERRNO.spipe],
    ['fd_seek', [0n, 3, -1], ERRNO.inval],
    ['fd_seek', [0n, -1, -1], ERRNO.inval],
    ['fd_readdir', [-1, -1, -1n, -1], ERRNO.notdir],
  ] as const)('%s(fd, %o) answers %i and touches no memory', (name, args, errno) => {
    for (const fd of [0, 1, 2]) expect(host.call(name, fd, ...args)).toBe(errno);
    for (const fd of [3, -1]) expect(host.call(name, fd, ...args)).toBe(ERRNO.badf);
  });
});
