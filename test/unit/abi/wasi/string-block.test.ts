import { describe, expect, test } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { StringBlock } from '../../../../src/abi/wasi/string-block.ts';
import { MEMORY_BYTES, TinyHost } from './tiny-host.ts';

describe('a block of strings', () => {
  test('is a table of pointers and the terminated strings', () => {
    const { memory } = new TinyHost();
    const block = new StringBlock(['app', '', 'é']);
    expect([block.count, block.byteLength]).toEqual([3, 8]);
    block.writeTo(memory, 100, 200);
    expect([memory.readU32(100), memory.readU32(104), memory.readU32(108)]).toEqual([200, 204, 205]);
    expect(Buffer.from(memory.read(200, 8)).toString()).toBe('app\0\0é\0');
  });

  test('writes nothing when it is empty, even to the end of memory', () => {
    const host = new TinyHost();
    const before = host.snapshot();
    new StringBlock([]).writeTo(host.memory, MEMORY_BYTES, MEMORY_BYTES);
    expect(host.snapshot()).toEqual(before);
  });

  test.each([
    ['the table', MEMORY_BYTES - 4, 0],
    ['the block', 0, MEMORY_BYTES - 2],
    ['the table, negative', -4, 0],
    ['the block, negative', 0, -1],
  ])('writes nothing when %s is out of bounds', (_, pointers, buffer) => {
    const host = new TinyHost();
    const before = host.snapshot();
    expect(() => new StringBlock(['a', 'b']).writeTo(host.memory, pointers, buffer)).toThrow(GuestFault);
    expect(host.snapshot()).toEqual(before);
  });
});

describe('what a guest would misread is a mistake of the caller', () => {
  test.each([['a\0b'], ['\0']])('the argument %j', (text) => {
    expect(() => new StringBlock([text])).toThrow(TypeError);
  });

  test.each([[{ '': 'x' }], [{ 'A=B': 'x' }], [{ 'A\0': 'x' }], [{ A: 'x\0B=y' }]])('the environment %j', (env) => {
    expect(() => StringBlock.ofEnvironment(env as Record<string, string>)).toThrow(TypeError);
  });

  test('but a value may have an equals sign and be empty', () => {
    expect(StringBlock.ofEnvironment({ A: 'b=c', D: '' }).byteLength).toBe(9);
  });
});
