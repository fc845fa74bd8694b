import { expect, test } from 'vitest';
import { PATH_FUNCTIONS } from '../../../../src/abi/wasi/path-functions.ts';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { TinyHost } from './tiny-host.ts';

/** Hostile arguments that fit a signature, with `fd` in its place. */
function argumentsFor(signature: string, place: number, fd: number): (number | bigint)[] {
  return Array.from(signature.slice(0, signature.indexOf('->')), (code, index) => {
    if (index === place) return fd;
    return code === 'I' ? -1n : -1;
  });
}

const FUNCTIONS = Object.entries(PATH_FUNCTIONS).map(([name, { signature }]) => ({ name, signature }));

test.each(FUNCTIONS)(
  '$name knows its folder: notdir for a stream, badf for what is not open',
  ({ name, signature }) => {
    const host = new TinyHost();
    const place = name === 'path_symlink' ? 2 : 0;
    const before = host.snapshot();
    for (const fd of [0, 1, 2]) expect(host.call(name, ...argumentsFor(signature, place, fd))).toBe(ERRNO.notdir);
    for (const fd of [3, -1, 0x7fff_ffff])
      expect(host.call(name, ...argumentsFor(signature, place, fd))).toBe(ERRNO.badf);
    host.call('fd_close', 1);
    expect(host.call(name, ...argumentsFor(signature, place, 1))).toBe(ERRNO.badf);
    expect(host.snapshot()).toEqual(before);
  },
);
