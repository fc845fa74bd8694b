import { beforeEach, describe, expect, test } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { MEMORY_BYTES, TinyHost } from './tiny-host.ts';

let host: TinyHost;

beforeEach(() => {
  host = new TinyHost({ argv: ['app', '--verbose'], env: { LANG: 'C', NAME: 'Zoë' } });
});

describe.each([
  ['args', 2, 'app\0--verbose\0', 4],
  ['environ', 2, 'LANG=C\0NAME=Zoë\0', 7],
] as const)('%s', (what, count, block, second) => {
  const bytes = Buffer.byteLength(block);

  test('tells the sizes', () => {
    expect(host.call(`${what}_sizes_get`, 32, 40)).toBe(0);
    expect([host.memory.readU32(32), host.memory.readU32(40)]).toEqual([count, bytes]);
  });

  test('writes pointers and strings, and no byte more', () => {
    host.memory.write(0, Buffer.alloc(300, 0xee));
    expect(host.call(`${what}_get`, 32, 100)).toBe(0);
    expect([host.memory.readU32(32), host.memory.readU32(36)]).toEqual([100, 100 + second]);
    expect(host.bytes(100, bytes).toString()).toBe(block);
    expect(host.bytes(28, 4).toString('hex') + host.bytes(40, 60).toString('hex')).toBe('ee'.repeat(64));
    expect(host.memory.readU8(100 + bytes)).toBe(0xee);
  });

  test('fits exactly at the end of memory', () => {
    expect(host.call(`${what}_get`, 0, MEMORY_BYTES - bytes)).toBe(0);
    expect(host.call(`${what}_sizes_get`, MEMORY_BYTES - 8, MEMORY_BYTES - 4)).toBe(0);
  });

  test.each([
    [-1, 0],
    [0, -1],
    [MEMORY_BYTES - 3, 0],
    [0, MEMORY_BYTES - 3],
    [0x8000_0000 | 0, 0],
  ])('writes nothing to (%i, %i)', (first, other) => {
    const before = host.snapshot();
    expect(() => host.call(`${what}_get`, first, other)).toThrow(GuestFault);
    expect(() => host.call(`${what}_sizes_get`, first, other)).toThrow(GuestFault);
    expect(host.snapshot()).toEqual(before);
  });
});

test('nothing is inherited from the host: without grants there are no variables', () => {
  host = new TinyHost();
  expect(host.call('environ_sizes_get', 0, 4)).toBe(0);
  expect(host.call('environ_get', MEMORY_BYTES, MEMORY_BYTES)).toBe(0);
  expect([host.memory.readU32(0), host.memory.readU32(4)]).toEqual([0, 0]);
});
