import { beforeEach, describe, expect, test } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { MAX_RANDOM_BYTES } from '../../../../src/abi/wasi/limits.ts';
import { MEMORY_BYTES, TinyHost } from './tiny-host.ts';

let host: TinyHost;

beforeEach(() => {
  host = new TinyHost();
});

describe('random_get', () => {
  test('fills the buffer and nothing around it', () => {
    expect(host.call('random_get', 100, 64)).toBe(0);
    expect(host.bytes(100, 64)).not.toEqual(Buffer.alloc(64));
    expect(host.bytes(0, 100)).toEqual(Buffer.alloc(100));
    expect(host.bytes(164, 100)).toEqual(Buffer.alloc(100));
  });

  test('never gives the same bytes twice', () => {
    host.call('random_get', 0, 32);
    host.call('random_get', 32, 32);
    expect(host.bytes(0, 32)).not.toEqual(host.bytes(32, 32));
  });

  test('fills whole memories, and nothing at all', () => {
    expect(host.call('random_get', 0, MEMORY_BYTES)).toBe(0);
    expect(host.call('random_get', MEMORY_BYTES, 0)).toBe(0);
  });

  test('refuses to block the thread for more than its cap', () => {
    host = new TinyHost({ pages: new WebAssembly.Memory({ initial: 17 }) });
    expect(host.call('random_get', 0, MAX_RANDOM_BYTES)).toBe(0);
    const before = host.snapshot();
    expect(host.call('random_get', 0, MAX_RANDOM_BYTES + 1)).toBe(ERRNO.inval);
    expect(host.call('random_get', 0, -1)).toBe(ERRNO.inval);
    expect(host.snapshot()).toEqual(before);
  });

  test.each([
    [-1, 1],
    [MEMORY_BYTES - 1, 2],
    [0x8000_0000 | 0, 16],
    [0, MEMORY_BYTES + 1],
  ])('%i with %i bytes ends the guest', (pointer, length) => {
    const before = host.snapshot();
    expect(() => host.call('random_get', pointer, length)).toThrow(GuestFault);
    expect(host.snapshot()).toEqual(before);
  });
});
