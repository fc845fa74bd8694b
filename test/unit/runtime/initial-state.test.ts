import { describe, expect, test } from 'vitest';
import { captureState, restoreState, stateGlobals } from '../../../src/runtime/initial-state.ts';

const globalOf = (value: string, initial: unknown): WebAssembly.Global =>
  new WebAssembly.Global({ value, mutable: true }, initial);

describe('a state that is put back', () => {
  test('is the one that was captured, byte for byte', () => {
    const memory = new Uint8Array(65_536);
    memory.set([1, 2, 3], 1000);
    memory.set([9], 40_003);
    const before = memory.slice();
    const state = captureState(memory, []);
    if (state === null) throw new Error('not captured');
    memory.fill(0xaa);
    restoreState(state, memory, []);
    expect(memory).toEqual(before);
  });

  test('keeps an image of the part that is not zero, not of the memory', () => {
    const memory = new Uint8Array(1024 * 1024);
    memory[5000] = 1;
    memory[6001] = 2;
    const state = captureState(memory, []);
    expect(state?.imageAt).toBe(5000);
    expect(state?.image.length).toBe(6004 - 5000);
  });

  test.each([
    ['an empty memory', new Uint8Array(0)],
    ['a memory of zeros', new Uint8Array(65_536)],
    ['a memory without zeros', new Uint8Array(65_536).fill(7)],
  ])('%s', (_, memory) => {
    const before = memory.slice();
    const state = captureState(memory, []);
    if (state === null) throw new Error('not captured');
    memory.fill(1);
    restoreState(state, memory, []);
    expect(memory).toEqual(before);
  });

  test('has every global as it was', () => {
    const globals = [globalOf('i32', -7), globalOf('i64', 2n ** 62n), globalOf('f32', 0.5), globalOf('f64', -0)];
    const state = captureState(new Uint8Array(0), globals);
    if (state === null) throw new Error('not captured');
    for (const global of globals) global.value = typeof global.value === 'bigint' ? 1n : 1;
    restoreState(state, new Uint8Array(0), globals);
    expect(globals.map(({ value }) => value)).toEqual([-7, 2n ** 62n, 0.5, -0]);
  });

  test('is not captured with a NaN, whose payload the host would lose', () => {
    expect(captureState(new Uint8Array(0), [globalOf('f64', Number.NaN)])).toBeNull();
  });
});

test('a state export that is missing or no global is the mistake of the rewriter', () => {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)));
  expect(stateGlobals(instance, [])).toEqual([]);
  expect(() => stateGlobals(instance, ['kerb:global:0'])).toThrow(TypeError);
});
