import { beforeEach, expect, test } from 'vitest';
import { GuestExit } from '../../../../src/abi/guest-fault.ts';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { TinyHost } from './tiny-host.ts';

let host: TinyHost;

beforeEach(() => {
  host = new TinyHost();
});

test.each([
  [0, 0],
  [3, 3],
  [-1, 0xffff_ffff],
])('proc_exit(%i) ends the guest with status %i', (status, expected) => {
  expect(() => host.call('proc_exit', status)).toThrow(new GuestExit(expected));
});

test('proc_exit logs last words without a newline', () => {
  host.print(2, 'panic: at the end');
  expect(() => host.call('proc_exit', 2)).toThrow(GuestExit);
  expect(host.lines).toEqual([['error', 'panic: at the end']]);
});

test.each([
  [0, ERRNO.nosys],
  [6, ERRNO.nosys],
  [30, ERRNO.nosys],
  [31, ERRNO.inval],
  [-1, ERRNO.inval],
])('proc_raise(%i) answers %i', (signal, errno) => {
  expect(host.call('proc_raise', signal)).toBe(errno);
});

test('sched_yield succeeds', () => {
  expect(host.call('sched_yield')).toBe(0);
});
