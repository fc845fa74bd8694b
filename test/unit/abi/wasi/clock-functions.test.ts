import { beforeEach, describe, expect, test } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { MEMORY_BYTES, TinyHost } from './tiny-host.ts';

let host: TinyHost;

beforeEach(() => {
  host = new TinyHost();
});

describe('clocks', () => {
  test("realtime and monotonic are the host's, in nanoseconds", () => {
    expect(host.call('clock_time_get', 0, 0n, 8)).toBe(0);
    expect(host.memory.readU64(8)).toBe(1_700_000_000_123_456_789n);
    expect(host.call('clock_time_get', 1, -1n, 8)).toBe(0);
    expect(host.memory.readU64(8)).toBe(42_000_000_007n);
  });

  test.each([[0], [1]])('clock %i has a resolution, which is not zero', (id) => {
    expect(host.call('clock_res_get', id, 8)).toBe(0);
    expect(host.memory.readU64(8)).toBe(1_000_000n);
  });

  test.each([[2], [3], [4], [-1], [0x7fff_ffff]])('clock %i is not given to guests', (id) => {
    const before = host.snapshot();
    expect(host.call('clock_time_get', id, 0n, 8)).toBe(ERRNO.inval);
    expect(host.call('clock_res_get', id, 8)).toBe(ERRNO.inval);
    expect(host.snapshot()).toEqual(before);
  });

  test.each([[-8], [-1], [MEMORY_BYTES - 7]])('a result at %i ends the guest', (pointer) => {
    expect(() => host.call('clock_time_get', 0, 0n, pointer)).toThrow(GuestFault);
    expect(() => host.call('clock_res_get', 0, pointer)).toThrow(GuestFault);
  });
});
