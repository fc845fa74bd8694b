import { describe, expect, test } from 'vitest';
import { captureState, clear, restoreState, stateGlobals, type Clearing } from '../../../src/runtime/initial-state.ts';

const globalOf = (value: string, initial: unknown): WebAssembly.Global =>
  new WebAssembly.Global({ value, mutable: true }, initial);

const CLEARINGS: readonly Clearing[] = ['all', 'written'];

describe('a state that is put back', () => {
  test.each(CLEARINGS)('is the one that was captured, byte for byte, when %s is cleared', (clearing) => {
    const memory = Buffer.alloc(3 * 65_536);
    memory.set([1, 2, 3], 1000);
    memory.set([9], 140_003);
    const before = Buffer.from(memory);
    const state = captureState(memory, []);
    if (state === null) throw new Error('not captured');
    memory.fill(0xaa);
    restoreState(state, memory, [], clearing);
    expect(memory.equals(before)).toBe(true);
  });

  test('keeps an image of the part that is not zero, not of the memory', () => {
    const memory = Buffer.alloc(1024 * 1024);
    memory[5000] = 1;
    memory[9001] = 2;
    memory[600_000] = 3;
    const runs = captureState(memory, [])?.runs.map(({ at, bytes }) => [at, bytes.length]);
    expect(runs).toEqual([
      [4_096, 8_192],
      [598_016, 4_096],
    ]);
  });

  test.each([
    ['an empty memory', Buffer.alloc(0)],
    ['a memory of zeros', Buffer.alloc(65_536)],
    ['a memory without zeros', Buffer.alloc(65_536, 7)],
  ])('%s', (_, memory) => {
    const before = Buffer.from(memory);
    const state = captureState(memory, []);
    if (state === null) throw new Error('not captured');
    memory.fill(1);
    restoreState(state, memory, [], 'written');
    expect(memory.equals(before)).toBe(true);
  });

  test('has every global as it was', () => {
    const globals = [globalOf('i32', -7), globalOf('i64', 2n ** 62n), globalOf('f32', 0.5), globalOf('f64', -0)];
    const state = captureState(Buffer.alloc(0), globals);
    if (state === null) throw new Error('not captured');
    for (const global of globals) global.value = typeof global.value === 'bigint' ? 1n : 1;
    restoreState(state, Buffer.alloc(0), globals, 'all');
    expect(globals.map(({ value }) => value)).toEqual([-7, 2n ** 62n, 0.5, -0]);
  });

  test('is not captured with a NaN, whose payload the host would lose', () => {
    expect(captureState(Buffer.alloc(0), [globalOf('f64', Number.NaN)])).toBeNull();
  });
});

test('a state export that is missing or no global is the mistake of the rewriter', () => {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)));
  expect(stateGlobals(instance, [])).toEqual([]);
  expect(() => stateGlobals(instance, ['kerb:global:0'])).toThrow(TypeError);
});

describe('clearing', () => {
  const SIZE = 2 * 65_536 + 4_096;

  test.each([0, 1, 4_095, 4_096, 65_535, 65_536, 131_071, 131_072, SIZE - 1])('finds a single byte at %i', (at) => {
    const memory = Buffer.alloc(SIZE);
    memory[at] = 1;
    clear(memory, 0, SIZE, 'written');
    expect(memory.equals(Buffer.alloc(SIZE))).toBe(true);
  });

  test.each(CLEARINGS)('%s leaves what is outside of the range', (clearing) => {
    const memory = Buffer.alloc(SIZE, 5);
    clear(memory, 1_001, 100_003, clearing);
    const wanted = Buffer.alloc(SIZE, 5);
    wanted.fill(0, 1_001, 100_003);
    expect(memory.equals(wanted)).toBe(true);
  });

  test('of what was written takes no memory for what was not', () => {
    const memory = new WebAssembly.Memory({ initial: 0, maximum: 1_024 });
    memory.grow(1_024);
    const bytes = Buffer.from(memory.buffer);
    bytes[10] = 1;
    const before = process.memoryUsage.rss();
    clear(bytes, 0, bytes.length, 'written');
    expect(process.memoryUsage.rss() - before).toBeLessThan(16 * 1024 * 1024);
    expect(bytes[10]).toBe(0);
  });
});
