import { beforeEach, describe, expect, test } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { MAX_DESCRIPTORS } from '../../../../src/abi/wasi/limits.ts';
import { WASI_PREVIEW1 } from '../../../../src/abi/wasi/preview1.ts';
import { UNSUPPORTED } from '../../../../src/abi/wasi/unsupported.ts';
import { RIGHTS } from '../../../../src/abi/wasi/typenames.ts';
import type { Scalar } from '../../../../src/abi/host-function.ts';
import { ALL_RIGHTS, APP, BUFFER_AT, file, FileHost, MADE_MS, RESULT_AT, TMP } from './file-host.ts';
import { MEMORY_BYTES } from './tiny-host.ts';

const CREAT = 1;
const DIRECTORY = 2;
const EXCL = 4;
const TRUNC = 8;

let host: FileHost;

beforeEach(() => {
  host = new FileHost([
    file('a.txt', 'alpha'),
    file('sub/b.txt', 'beta'),
    { kind: 'link', path: 'link', target: 'sub/b.txt' },
    { kind: 'link', path: 'folder-link', target: 'sub' },
    { kind: 'link', path: 'dangling', target: 'nowhere' },
  ]);
});

describe('preopened folders', () => {
  test('are told with their paths, in the order of the manifest, the scratch folder last', () => {
    for (const [fd, path] of [
      [APP, '/app'],
      [TMP, '/tmp'],
    ] as const) {
      host.memory.write(RESULT_AT, Buffer.alloc(16, 0xee));
      expect(host.call('fd_prestat_get', fd, RESULT_AT)).toBe(0);
      expect(host.bytes(RESULT_AT, 9)).toEqual(Buffer.from([0, 0, 0, 0, 4, 0, 0, 0, 0xee]));
      expect(host.call('fd_prestat_dir_name', fd, BUFFER_AT, 4)).toBe(0);
      expect(host.bytes(BUFFER_AT, 4).toString()).toBe(path);
    }
    expect(host.call('fd_prestat_get', 5, RESULT_AT)).toBe(ERRNO.badf);
  });

  test('have names that fit, or none', () => {
    expect(host.call('fd_prestat_dir_name', APP, BUFFER_AT, 3)).toBe(ERRNO.nametoolong);
    expect(() => host.call('fd_prestat_dir_name', APP, MEMORY_BYTES - 3, 4)).toThrow(GuestFault);
    expect(() => host.call('fd_prestat_get', APP, MEMORY_BYTES - 7)).toThrow(GuestFault);
  });

  test('are what a guest opens only by opening: a folder that it opened is none', () => {
    expect(host.call('fd_prestat_get', host.opened(APP, 'sub'), RESULT_AT)).toBe(ERRNO.badf);
  });

  test('are open again after a reset, and the scratch folder is empty', () => {
    host.make('x', 'X');
    host.call('fd_close', APP);
    host.guest.reset();
    expect(host.names(TMP)).toEqual(['.', '..']);
    expect(host.text(host.opened(APP, 'a.txt'))).toBe('alpha');
  });
});

describe('files of the app', () => {
  test('are read whole and in parts', () => {
    const fd = host.opened(APP, 'sub/b.txt');
    expect([host.text(fd, 3), host.text(fd, 3), host.text(fd, 3)]).toEqual(['bet', 'a', '']);
    expect(host.call('fd_seek', fd, -3n, 2, RESULT_AT)).toBe(0);
    expect(host.memory.readU64(RESULT_AT)).toBe(1n);
    expect(host.text(fd)).toBe('eta');
    host.putIovecs(0, [BUFFER_AT, 100]);
    expect(host.call('fd_pread', fd, 0, 1, 2n, 16)).toBe(0);
    expect(host.bytes(BUFFER_AT, host.memory.readU32(16)).toString()).toBe('ta');
    for (const offset of [4n, -1n, 1n << 62n]) {
      expect(host.call('fd_pread', fd, 0, 1, offset, 16)).toBe(0);
      expect(host.memory.readU32(16)).toBe(0);
    }
  });

  test('have the time of their deployment', () => {
    expect(host.stat(APP, 'a.txt')).toEqual({ type: 4, links: 1n, size: 5n, mtim: BigInt(MADE_MS) * 1_000_000n });
    expect(host.stat(APP, 'sub')).toMatchObject({ type: 3 });
    expect(host.stat(APP, 'link', 0)).toMatchObject({ type: 7, size: 9n });
    expect(host.stat(APP, 'link', 1)).toMatchObject({ type: 4, size: 4n });
    expect(host.stat(APP, 'dangling', 1)).toBe(ERRNO.noent);
  });

  test.each<[string, (host: FileHost) => Scalar | void]>([
    ['written', (h) => h.open(APP, 'a.txt')],
    ['cut', (h) => h.open(APP, 'a.txt', { oflags: TRUNC, rights: 0n })],
    ['made', (h) => h.open(APP, 'new', { oflags: CREAT })],
    ['made as folders', (h) => h.call('path_create_directory', APP, ...h.path('new'))],
    ['removed', (h) => h.call('path_unlink_file', APP, ...h.path('a.txt'))],
    ['removed as folders', (h) => h.call('path_remove_directory', APP, ...h.path('sub'))],
    ['renamed', (h) => h.call('path_rename', APP, ...h.path('a.txt'), APP, ...h.other('b'))],
    ['linked', (h) => h.call('path_link', APP, 0, ...h.path('a.txt'), APP, ...h.other('b'))],
    ['linked symbolically', (h) => h.call('path_symlink', ...h.other('a.txt'), APP, ...h.path('b'))],
    ['dated', (h) => h.call('path_filestat_set_times', APP, 0, ...h.path('a.txt'), 1n, 1n, 5)],
    ['dated by descriptor', (h) => h.call('fd_filestat_set_times', h.opened(APP, 'a.txt'), 1n, 1n, 5)],
    ['resized', (h) => h.call('fd_filestat_set_size', h.opened(APP, 'a.txt'), 1n)],
    ['allocated', (h) => h.call('fd_allocate', h.opened(APP, 'a.txt'), 0n, 1n)],
  ])('cannot be %s: rofs', (_, change) => {
    expect(change(host)).toBe(ERRNO.rofs);
    expect(host.text(host.opened(APP, 'a.txt'))).toBe('alpha');
    expect(host.names(APP).sort()).toEqual(['.', '..', 'a.txt', 'dangling', 'folder-link', 'link', 'sub']);
  });

  test('are shared by guests of a deployment, which see nothing of each other', () => {
    const fd = host.opened(APP, 'a.txt');
    expect(host.call('fd_close', fd)).toBe(0);
    expect(host.stat(APP, 'a.txt')).toMatchObject({ links: 1n, size: 5n });
  });
});

describe('path_open', () => {
  test.each([
    ['missing', {}, ERRNO.noent],
    ['missing/file', { oflags: CREAT }, ERRNO.noent],
    ['file/inside', {}, ERRNO.notdir],
    ['file/', {}, ERRNO.notdir],
    ['file', { oflags: DIRECTORY }, ERRNO.notdir],
    ['file', { oflags: CREAT | EXCL }, ERRNO.exist],
    ['new/', { oflags: CREAT }, ERRNO.isdir],
    ['folder', {}, ERRNO.isdir],
    ['folder', { oflags: TRUNC, rights: 0n }, ERRNO.isdir],
    ['folder', { oflags: CREAT, rights: 0n }, ERRNO.isdir],
    ['folder', { oflags: CREAT | DIRECTORY }, ERRNO.inval],
    ['link', { lookup: 0 }, ERRNO.loop],
    ['link', { oflags: CREAT | EXCL }, ERRNO.exist],
    ['circle', {}, ERRNO.loop],
    ['file', { oflags: 16 }, ERRNO.inval],
    ['file', { fdflags: 32 }, ERRNO.inval],
    ['file', { lookup: 2 }, ERRNO.inval],
    ['', {}, ERRNO.noent],
    ['/outside/file', {}, ERRNO.perm],
    ['..', {}, ERRNO.perm],
    ['folder/../../outside/file', {}, ERRNO.perm],
    ['file\0', {}, ERRNO.inval],
    ['x'.repeat(256), {}, ERRNO.nametoolong],
    ['x/'.repeat(2049), {}, ERRNO.nametoolong],
  ])('of %j with %o answers %i and opens nothing', (path, options, errno) => {
    host.make('file', 'F');
    host.call('path_create_directory', TMP, ...host.path('folder'));
    host.call('path_symlink', ...host.other('file'), TMP, ...host.path('link'));
    host.call('path_symlink', ...host.other('circle'), TMP, ...host.path('circle'));
    const before = host.names(TMP);
    expect(host.open(TMP, path, options)).toBe(errno);
    expect(host.names(TMP)).toEqual(before);
    expect(host.call('fd_close', 5)).toBe(ERRNO.badf);
  });

  test('takes text that is UTF-8 and no other', () => {
    host.make('grün', '1');
    expect(host.names(TMP)).toContain('grün');
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xae]]) {
      const path = host.path(Buffer.from(bytes));
      expect(host.call('path_open', TMP, 0, ...path, CREAT, 0n, 0n, 0, RESULT_AT)).toBe(ERRNO.ilseq);
    }
  });

  test('follows links in the middle, and at the end when it is asked to', () => {
    expect(host.text(host.opened(APP, 'link'))).toBe('beta');
    expect(host.text(host.opened(APP, 'folder-link/b.txt', { lookup: 0 }))).toBe('beta');
    expect(host.text(host.opened(APP, 'folder-link/../a.txt'))).toBe('alpha');
  });

  test('gives the lowest number that is free', () => {
    const [five, six, seven] = [1, 2, 3].map(() => host.opened(APP, 'a.txt'));
    expect([five, six, seven]).toEqual([5, 6, 7]);
    host.call('fd_close', 5);
    host.call('fd_close', 0);
    expect([host.opened(APP, 'a.txt'), host.opened(APP, 'a.txt'), host.opened(APP, 'a.txt')]).toEqual([0, 5, 8]);
  });

  test('ends at a number of descriptors, and goes on when one is closed', () => {
    for (let count = 5; count < MAX_DESCRIPTORS; count += 1) host.opened(APP, 'a.txt');
    expect(host.open(TMP, 'new', { oflags: CREAT })).toBe(ERRNO.mfile);
    expect(host.names(TMP)).not.toContain('new');
    host.call('fd_close', 700);
    expect(host.opened(APP, 'a.txt')).toBe(700);
  });

  test('checks memory before it makes anything', () => {
    const path = host.path('new');
    expect(() => host.call('path_open', TMP, 0, ...path, CREAT, 0n, 0n, 0, MEMORY_BYTES - 3)).toThrow(GuestFault);
    expect(() => host.call('path_open', TMP, 0, MEMORY_BYTES - 1, 2, CREAT, 0n, 0n, 0, RESULT_AT)).toThrow(GuestFault);
    expect(host.names(TMP)).toEqual(['.', '..']);
  });
});

describe('rights', () => {
  test('that what is opened can have are given, others left out', () => {
    const fd = host.opened(TMP, 'x', { oflags: CREAT, rights: BigInt(RIGHTS.fd_write | RIGHTS.path_open) });
    host.call('fd_fdstat_get', fd, RESULT_AT);
    expect(host.memory.readU64(RESULT_AT + 8)).toBe(BigInt(RIGHTS.fd_write));
    expect(host.print(fd, 'x')).toBe(0);
    expect(host.text(fd)).toBe(ERRNO.notcapable);
    expect(host.call('fd_tell', fd, RESULT_AT)).toBe(ERRNO.notcapable);
  });

  test('never grow on the way down', () => {
    const few = BigInt(RIGHTS.path_open | RIGHTS.fd_read);
    const folder = host.opened(APP, 'sub', { rights: few, inheriting: BigInt(RIGHTS.fd_read) });
    expect(host.open(folder, 'b.txt', { rights: few | BigInt(RIGHTS.fd_seek) })).toBe(ERRNO.notcapable);
    const fd = host.opened(folder, 'b.txt', { rights: BigInt(RIGHTS.fd_read) });
    expect(host.text(fd)).toBe('beta');
    expect(host.call('fd_readdir', folder, BUFFER_AT, 100, 0n, RESULT_AT)).toBe(ERRNO.notcapable);
    expect(host.call('fd_fdstat_set_rights', folder, few, ALL_RIGHTS)).toBe(ERRNO.notcapable);
  });

  test.each([
    ['path_open', 'path_open', (h: FileHost) => h.open(TMP, 'x')],
    ['path_create_file', 'path_open', (h: FileHost) => h.open(TMP, 'new', { oflags: CREAT })],
    ['path_filestat_set_size', 'path_open', (h: FileHost) => h.open(TMP, 'x', { oflags: TRUNC })],
    ['path_create_directory', 'itself', (h: FileHost) => h.call('path_create_directory', TMP, ...h.path('d'))],
    ['path_filestat_get', 'itself', (h: FileHost) => h.stat(TMP, 'x')],
    [
      'path_filestat_set_times',
      'itself',
      (h: FileHost) => h.call('path_filestat_set_times', TMP, 0, ...h.path('x'), 1n, 1n, 1),
    ],
    [
      'path_link_source',
      'path_link',
      (h: FileHost) => h.call('path_link', TMP, 0, ...h.path('x'), TMP, ...h.other('y')),
    ],
    [
      'path_link_target',
      'path_link',
      (h: FileHost) => h.call('path_link', TMP, 0, ...h.path('x'), TMP, ...h.other('y')),
    ],
    ['path_readlink', 'itself', (h: FileHost) => h.call('path_readlink', TMP, ...h.path('x'), 0, 9, RESULT_AT)],
    ['path_remove_directory', 'itself', (h: FileHost) => h.call('path_remove_directory', TMP, ...h.path('x'))],
    [
      'path_rename_source',
      'path_rename',
      (h: FileHost) => h.call('path_rename', TMP, ...h.path('x'), TMP, ...h.other('y')),
    ],
    [
      'path_rename_target',
      'path_rename',
      (h: FileHost) => h.call('path_rename', TMP, ...h.path('x'), TMP, ...h.other('y')),
    ],
    ['path_symlink', 'itself', (h: FileHost) => h.call('path_symlink', ...h.other('x'), TMP, ...h.path('y'))],
    ['path_unlink_file', 'itself', (h: FileHost) => h.call('path_unlink_file', TMP, ...h.path('x'))],
    ['fd_readdir', 'itself', (h: FileHost) => h.call('fd_readdir', TMP, BUFFER_AT, 99, 0n, RESULT_AT)],
    ['fd_filestat_get', 'itself', (h: FileHost) => h.call('fd_filestat_get', TMP, RESULT_AT)],
    ['fd_filestat_set_times', 'itself', (h: FileHost) => h.call('fd_filestat_set_times', TMP, 1n, 1n, 1)],
  ] as const)('%s is what %s needs', (right, _, attempt) => {
    host.make('x', 'X');
    expect(host.call('fd_fdstat_set_rights', TMP, 0n, 0n)).toBe(0);
    expect(attempt(host)).toBe(ERRNO.notcapable);
    host = new FileHost();
    host.make('x', 'X');
    host.call('fd_fdstat_get', TMP, RESULT_AT);
    const all = host.memory.readU64(RESULT_AT + 8);
    expect(host.call('fd_fdstat_set_rights', TMP, all & ~BigInt(RIGHTS[right]), ALL_RIGHTS & 0n)).toBe(0);
    expect(attempt(host)).toBe(ERRNO.notcapable);
  });
});

describe('files of the guest', () => {
  test('are written, read back, sought and cut', () => {
    const fd = host.opened(TMP, 'x', { oflags: CREAT });
    expect(host.print(fd, 'hello world')).toBe(0);
    expect(host.call('fd_tell', fd, RESULT_AT)).toBe(0);
    expect(host.memory.readU64(RESULT_AT)).toBe(11n);
    host.call('fd_seek', fd, 6n, 0, RESULT_AT);
    host.print(fd, 'W');
    host.call('fd_seek', fd, -7n, 1, RESULT_AT);
    expect(host.text(fd)).toBe('hello World');
    expect(host.call('fd_filestat_set_size', fd, 5n)).toBe(0);
    expect(host.call('fd_filestat_set_size', fd, 8n)).toBe(0);
    host.call('fd_seek', fd, 0n, 0, RESULT_AT);
    expect(host.text(fd)).toBe('hello\0\0\0');
    expect(host.call('fd_seek', fd, -1n, 0, RESULT_AT)).toBe(ERRNO.inval);
    expect(host.call('fd_seek', fd, 1n << 62n, 0, RESULT_AT)).toBe(ERRNO.inval);
  });

  test('are written at a position, behind their end too', () => {
    const fd = host.opened(TMP, 'x', { oflags: CREAT });
    host.put(1024, 'end');
    host.putIovecs(0, [1024, 3]);
    expect(host.call('fd_pwrite', fd, 0, 1, 5n, 16)).toBe(0);
    expect(host.text(fd)).toBe('\0\0\0\0\0end');
    expect(host.call('fd_pwrite', fd, 0, 1, 1n << 60n, 16)).toBe(ERRNO.fbig);
    expect(host.call('fd_pwrite', fd, 0, 1, 1024n * 1024n, 16)).toBe(ERRNO.fbig);
  });

  test('opened to append are written at their end', () => {
    host.make('x', 'one');
    const fd = host.opened(TMP, 'x', { fdflags: 1 });
    host.print(fd, ' two');
    host.call('fd_seek', fd, 0n, 0, RESULT_AT);
    host.print(fd, ' three');
    host.call('fd_seek', fd, 0n, 0, RESULT_AT);
    expect(host.text(fd)).toBe('one two three');
    expect(host.call('fd_fdstat_set_flags', fd, 0)).toBe(0);
    host.call('fd_seek', fd, 0n, 0, RESULT_AT);
    host.print(fd, 'ONE');
    host.call('fd_seek', fd, 0n, 0, RESULT_AT);
    expect(host.text(fd)).toBe('ONE two three');
  });

  test('are cut when opened so', () => {
    host.make('x', 'long');
    host.call('fd_close', host.opened(TMP, 'x', { oflags: TRUNC }));
    expect(host.stat(TMP, 'x')).toMatchObject({ size: 0n });
  });

  test('have room set aside', () => {
    const fd = host.opened(TMP, 'x', { oflags: CREAT });
    expect(host.call('fd_allocate', fd, 10n, 90n)).toBe(0);
    expect(host.stat(TMP, 'x')).toMatchObject({ size: 100n });
    expect(host.call('fd_allocate', fd, 0n, 50n)).toBe(0);
    expect(host.stat(TMP, 'x')).toMatchObject({ size: 100n });
    expect(host.call('fd_allocate', fd, 0n, 0n)).toBe(ERRNO.inval);
    expect(host.call('fd_allocate', fd, -1n, -1n)).toBe(ERRNO.fbig);
    expect(host.call('fd_allocate', fd, 0n, 2n * 1024n * 1024n)).toBe(ERRNO.fbig);
  });

  test('have the times of the clock, and those that they are given', () => {
    host.make('x', 'X');
    expect(host.stat(TMP, 'x')).toMatchObject({ mtim: host.wallNs });
    const setTimes = (flags: number): Scalar | void =>
      host.call('path_filestat_set_times', TMP, 0, ...host.path('x'), 7n, 9n, flags);
    expect(setTimes(1 | 4)).toBe(0);
    expect(host.bytes(RESULT_AT, 0)).toHaveLength(0);
    host.stat(TMP, 'x');
    expect([host.memory.readU64(RESULT_AT + 40), host.memory.readU64(RESULT_AT + 48)]).toEqual([7n, 9n]);
    expect(setTimes(2 | 8)).toBe(0);
    host.stat(TMP, 'x');
    expect(host.memory.readU64(RESULT_AT + 40)).toBe(host.wallNs);
    for (const flags of [3, 12, 16]) expect(setTimes(flags)).toBe(ERRNO.inval);
    expect(host.call('path_filestat_set_times', TMP, 0, ...host.path('none'), 7n, 9n, 1)).toBe(ERRNO.noent);
    expect(host.call('fd_filestat_set_times', TMP, 5n, 5n, 5)).toBe(0);
  });

  test('are advised and synchronised', () => {
    const fd = host.opened(TMP, 'x', { oflags: CREAT });
    expect(host.call('fd_advise', fd, 0n, 0n, 5)).toBe(0);
    expect(host.call('fd_advise', fd, 0n, 0n, 6)).toBe(ERRNO.inval);
    expect(host.call('fd_advise', TMP, 0n, 0n, 0)).toBe(0);
    expect([host.call('fd_sync', fd), host.call('fd_datasync', fd), host.call('fd_sync', TMP)]).toEqual([0, 0, 0]);
  });

  test('are ready to be read and written', () => {
    const fd = host.opened(TMP, 'x', { oflags: CREAT });
    host.print(fd, 'four');
    host.call('fd_seek', fd, 1n, 0, RESULT_AT);
    host.memory.write(512, Buffer.alloc(96));
    for (const [index, type] of [1, 2].entries()) {
      host.memory.writeU64(512 + index * 48, BigInt(type));
      host.memory.writeU8(512 + index * 48 + 8, type);
      host.memory.writeU32(512 + index * 48 + 16, fd);
    }
    expect(host.call('poll_oneoff', 512, 1024, 2, 16)).toBe(0);
    expect([host.memory.readU32(16), host.memory.readU64(1024 + 16)]).toEqual([2, 3n]);
  });
});

describe('links', () => {
  test('are names of one file, which lives as long as one of them or a descriptor', () => {
    host.make('x', 'X');
    expect(host.call('path_link', TMP, 0, ...host.path('x'), TMP, ...host.other('y'))).toBe(0);
    expect(host.stat(TMP, 'y')).toMatchObject({ links: 2n });
    const fd = host.opened(TMP, 'y');
    expect(host.call('path_unlink_file', TMP, ...host.path('x'))).toBe(0);
    expect(host.call('path_unlink_file', TMP, ...host.path('y'))).toBe(0);
    expect(host.text(fd)).toBe('X');
    expect(host.open(TMP, 'x')).toBe(ERRNO.noent);
  });

  test.each([
    ['x', APP, 'y', ERRNO.xdev],
    ['d', TMP, 'y', ERRNO.perm],
    ['none', TMP, 'y', ERRNO.noent],
    ['x', TMP, 'x', ERRNO.exist],
    ['x', TMP, 'd', ERRNO.exist],
    ['x', TMP, 'y/', ERRNO.noent],
    ['x', TMP, 'x/y', ERRNO.notdir],
    ['x', 1, 'y', ERRNO.notdir],
    ['x', 99, 'y', ERRNO.badf],
  ])('from %s to %i %s answer %i', (from, fd, to, errno) => {
    host.make('x', 'X');
    host.call('path_create_directory', TMP, ...host.path('d'));
    expect(host.call('path_link', TMP, 0, ...host.path(from), fd, ...host.other(to))).toBe(errno);
  });

  test('hold a path that is read back, cut where there is no room', () => {
    expect(host.call('path_symlink', ...host.other('some/where'), TMP, ...host.path('l'))).toBe(0);
    expect(host.call('path_readlink', TMP, ...host.path('l'), BUFFER_AT, 4, RESULT_AT)).toBe(0);
    expect(host.bytes(BUFFER_AT, host.memory.readU32(RESULT_AT)).toString()).toBe('some');
    expect(host.call('path_readlink', TMP, ...host.path('none'), 0, 9, RESULT_AT)).toBe(ERRNO.noent);
    expect(host.call('path_readlink', APP, ...host.path('a.txt'), 0, 9, RESULT_AT)).toBe(ERRNO.inval);
    expect(host.call('path_symlink', ...host.other('/etc'), TMP, ...host.path('m'))).toBe(ERRNO.perm);
    expect(host.call('path_symlink', ...host.other(''), TMP, ...host.path('m'))).toBe(ERRNO.noent);
    expect(host.call('path_symlink', ...host.other('x'), TMP, ...host.path('l'))).toBe(ERRNO.exist);
  });
});

describe('folders', () => {
  test('are made, listed, renamed and removed', () => {
    expect(host.call('path_create_directory', TMP, ...host.path('d'))).toBe(0);
    expect(host.call('path_create_directory', TMP, ...host.path('d/e/'))).toBe(0);
    expect(host.call('path_create_directory', TMP, ...host.path('d'))).toBe(ERRNO.exist);
    host.make('d/f', '');
    expect(host.names(host.opened(TMP, 'd', { oflags: DIRECTORY, rights: ALL_RIGHTS & ~64n }))).toEqual([
      '.',
      '..',
      'e',
      'f',
    ]);
    expect(host.call('path_remove_directory', TMP, ...host.path('d'))).toBe(ERRNO.notempty);
    expect(host.call('path_rename', TMP, ...host.path('d'), TMP, ...host.other('g'))).toBe(0);
    expect(host.call('path_unlink_file', TMP, ...host.path('g/f'))).toBe(0);
    expect(host.call('path_remove_directory', TMP, ...host.path('g/e'))).toBe(0);
    expect(host.call('path_remove_directory', TMP, ...host.path('g/'))).toBe(0);
    expect(host.names(TMP)).toEqual(['.', '..']);
  });

  test.each([
    ['path_remove_directory', '.', ERRNO.inval],
    ['path_remove_directory', 'd/..', ERRNO.busy],
    ['path_remove_directory', 'x', ERRNO.notdir],
    ['path_remove_directory', 'none', ERRNO.noent],
    ['path_unlink_file', 'd', ERRNO.isdir],
    ['path_unlink_file', '.', ERRNO.isdir],
    ['path_unlink_file', 'x/', ERRNO.notdir],
    ['path_unlink_file', 'none', ERRNO.noent],
    ['path_create_directory', '.', ERRNO.exist],
    ['path_create_directory', 'x/y', ERRNO.notdir],
  ])('%s of %s answers %i', (name, path, errno) => {
    host.make('x', '');
    host.call('path_create_directory', TMP, ...host.path('d'));
    expect(host.call(name, TMP, ...host.path(path))).toBe(errno);
    expect(host.names(TMP)).toEqual(['.', '..', 'x', 'd']);
  });

  test.each([
    ['x', 'full', ERRNO.isdir],
    ['d', 'x', ERRNO.notdir],
    ['d', 'full', ERRNO.notempty],
    ['full', 'full/inside/deeper', ERRNO.inval],
    ['full', 'full/inside', ERRNO.inval],
    ['none', 'y', ERRNO.noent],
    ['x', 'y/', ERRNO.notdir],
    ['.', 'y', ERRNO.busy],
    ['x', '..', ERRNO.perm],
    ['x', '.', ERRNO.busy],
  ])('renaming %s to %s answers %i and changes nothing', (from, to, errno) => {
    host.make('x', '');
    host.call('path_create_directory', TMP, ...host.path('d'));
    host.call('path_create_directory', TMP, ...host.path('full'));
    host.call('path_create_directory', TMP, ...host.path('full/inside'));
    expect(host.call('path_rename', TMP, ...host.path(from), TMP, ...host.other(to))).toBe(errno);
    expect(host.names(TMP)).toEqual(['.', '..', 'x', 'd', 'full']);
  });

  test('are listed to the end by any buffer that holds an entry, also while they change', () => {
    for (let index = 0; index < 40; index += 1) host.make(`file-${index}`, '');
    expect(host.names(TMP, 40)).toHaveLength(42);
    expect(host.names(TMP, 4096)).toHaveLength(42);
    host.call('fd_readdir', TMP, BUFFER_AT, 300, 0n, RESULT_AT);
    for (let index = 0; index < 39; index += 1) host.call('path_unlink_file', TMP, ...host.path(`file-${index}`));
    expect(host.names(TMP)).toEqual(['.', '..', 'file-39']);
    for (const cookie of [-1n, 1n << 40n]) {
      expect(host.call('fd_readdir', TMP, BUFFER_AT, 300, cookie, RESULT_AT)).toBe(0);
      expect(host.memory.readU32(RESULT_AT)).toBe(0);
    }
  });

  test('that were removed while they are open are empty, and nothing can be made in them', () => {
    host.call('path_create_directory', TMP, ...host.path('d'));
    const fd = host.opened(TMP, 'd', { oflags: DIRECTORY, rights: ALL_RIGHTS & ~64n });
    host.call('path_remove_directory', TMP, ...host.path('d'));
    expect(host.names(fd)).toEqual(['.', '..']);
    expect(host.open(fd, 'x', { oflags: CREAT })).toBe(ERRNO.noent);
    expect(host.call('path_create_directory', fd, ...host.path('x'))).toBe(ERRNO.noent);
  });

  test.each([
    ['fd_read', [0, 0, 16]],
    ['fd_write', [0, 0, 16]],
    ['fd_pread', [0, 0, 0n, 16]],
    ['fd_pwrite', [0, 0, 0n, 16]],
    ['fd_seek', [0n, 0, 16]],
    ['fd_tell', [16]],
    ['fd_allocate', [0n, 1n]],
    ['fd_filestat_set_size', [0n]],
  ] as const)('%s is for files: isdir', (name, args) => {
    expect(host.call(name, TMP, ...args)).toBe(ERRNO.isdir);
  });
});

test('wasi_unstable has its own numbers of whence and its own filestat', () => {
  host.make('x', '12345');
  const fd = host.opened(TMP, 'x');
  const seek = (distance: bigint, whence: number): bigint => {
    expect(host.invoke('fd_seek', [fd, distance, whence, RESULT_AT], 'wasi_unstable')).toBe(0);
    return host.memory.readU64(RESULT_AT);
  };
  expect([seek(2n, 2), seek(1n, 0), seek(-1n, 1)]).toEqual([2n, 3n, 4n]);
  host.memory.write(RESULT_AT, Buffer.alloc(64, 0xee));
  expect(host.invoke('path_filestat_get', [TMP, 0, ...host.path('x'), RESULT_AT], 'wasi_unstable')).toBe(0);
  expect([host.memory.readU32(RESULT_AT + 20), host.memory.readU64(RESULT_AT + 24)]).toEqual([1, 5n]);
  expect(host.memory.readU8(RESULT_AT + 56)).toBe(0xee);
});

/** A call of each function that succeeds. */
const SUCCESSES: Readonly<Record<string, (h: FileHost) => Scalar | void>> = {
  args_get: (h) => h.call('args_get', 0, 0),
  args_sizes_get: (h) => h.call('args_sizes_get', 0, 4),
  environ_get: (h) => h.call('environ_get', 0, 0),
  environ_sizes_get: (h) => h.call('environ_sizes_get', 0, 4),
  clock_res_get: (h) => h.call('clock_res_get', 0, 0),
  clock_time_get: (h) => h.call('clock_time_get', 0, 0n, 0),
  fd_advise: (h) => h.call('fd_advise', h.opened(APP, 'a.txt'), 0n, 0n, 0),
  fd_allocate: (h) => h.call('fd_allocate', h.opened(TMP, 'n', { oflags: CREAT }), 0n, 1n),
  fd_close: (h) => h.call('fd_close', APP),
  fd_datasync: (h) => h.call('fd_datasync', 1),
  fd_fdstat_get: (h) => h.call('fd_fdstat_get', APP, RESULT_AT),
  fd_fdstat_set_flags: (h) => h.call('fd_fdstat_set_flags', h.opened(APP, 'a.txt'), 31),
  fd_fdstat_set_rights: (h) => h.call('fd_fdstat_set_rights', APP, 0n, 0n),
  fd_filestat_get: (h) => h.call('fd_filestat_get', APP, RESULT_AT),
  fd_filestat_set_size: (h) => h.call('fd_filestat_set_size', h.opened(TMP, 'n', { oflags: CREAT }), 1n),
  fd_filestat_set_times: (h) => h.call('fd_filestat_set_times', TMP, 0n, 0n, 1),
  fd_pread: (h) => h.call('fd_pread', h.opened(APP, 'a.txt'), 0, 0, 0n, 16),
  fd_prestat_get: (h) => h.call('fd_prestat_get', APP, RESULT_AT),
  fd_prestat_dir_name: (h) => h.call('fd_prestat_dir_name', APP, BUFFER_AT, 4),
  fd_pwrite: (h) => h.call('fd_pwrite', h.opened(TMP, 'n', { oflags: CREAT }), 0, 0, 0n, 16),
  fd_read: (h) => h.call('fd_read', 0, 0, 0, 16),
  fd_readdir: (h) => h.call('fd_readdir', APP, BUFFER_AT, 99, 0n, RESULT_AT),
  fd_renumber: (h) => h.call('fd_renumber', 1, 2),
  fd_seek: (h) => h.call('fd_seek', h.opened(APP, 'a.txt'), 1n, 0, RESULT_AT),
  fd_sync: (h) => h.call('fd_sync', 1),
  fd_tell: (h) => h.call('fd_tell', h.opened(APP, 'a.txt'), RESULT_AT),
  fd_write: (h) => h.call('fd_write', 1, 0, 0, 16),
  path_create_directory: (h) => h.call('path_create_directory', TMP, ...h.path('n')),
  path_filestat_get: (h) => h.call('path_filestat_get', APP, 0, ...h.path('a.txt'), RESULT_AT),
  path_filestat_set_times: (h) => h.call('path_filestat_set_times', TMP, 0, ...h.path('.'), 0n, 0n, 1),
  path_link: (h) => (h.make('x', ''), h.call('path_link', TMP, 0, ...h.path('x'), TMP, ...h.other('y'))),
  path_open: (h) => h.open(APP, 'a.txt', { rights: 0n }),
  path_readlink: (h) => h.call('path_readlink', APP, ...h.path('link'), BUFFER_AT, 99, RESULT_AT),
  path_remove_directory: (h) => (
    h.call('path_create_directory', TMP, ...h.path('n')),
    h.call('path_remove_directory', TMP, ...h.path('n'))
  ),
  path_rename: (h) => (h.make('x', ''), h.call('path_rename', TMP, ...h.path('x'), TMP, ...h.other('y'))),
  path_symlink: (h) => h.call('path_symlink', ...h.other('x'), TMP, ...h.path('n')),
  path_unlink_file: (h) => (h.make('x', ''), h.call('path_unlink_file', TMP, ...h.path('x'))),
  poll_oneoff: (h) => (
    h.memory.write(512, Buffer.alloc(48)),
    h.memory.writeU8(520, 2),
    h.memory.writeU32(528, 1),
    h.call('poll_oneoff', 512, 1024, 1, 16)
  ),
  sched_yield: (h) => h.call('sched_yield'),
  random_get: (h) => h.call('random_get', 0, 8),
};

test.each(Object.entries(SUCCESSES))('%s succeeds', (_, attempt) => {
  expect(attempt(host)).toBe(ERRNO.success);
});

test('every function succeeds for somebody, but those that the list names and proc_exit, which never returns', () => {
  const never = new Set(['proc_exit', ...UNSUPPORTED.map(({ name }) => name)]);
  expect(Object.keys(WASI_PREVIEW1).filter((name) => !(name in SUCCESSES))).toEqual(
    Object.keys(WASI_PREVIEW1).filter((name) => never.has(name)),
  );
});
