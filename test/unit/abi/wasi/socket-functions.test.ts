import { expect, test } from 'vitest';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { TinyHost } from './tiny-host.ts';

test.each([
  ['sock_accept', [-1, -1]],
  ['sock_recv', [-1, -1, -1, -1, -1]],
  ['sock_send', [-1, -1, -1, -1]],
  ['sock_shutdown', [-1]],
] as const)('%s finds a stream to be no socket, and touches no memory', (name, args) => {
  const host = new TinyHost();
  const before = host.snapshot();
  for (const fd of [0, 1, 2]) expect(host.call(name, fd, ...args)).toBe(ERRNO.notsock);
  for (const fd of [3, -1]) expect(host.call(name, fd, ...args)).toBe(ERRNO.badf);
  expect(host.snapshot()).toEqual(before);
});
