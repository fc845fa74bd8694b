import { expect, it } from 'vitest';
import { SpareMemories } from '../../../src/runtime/spare-memories.ts';

const PAGE = 65_536;
const SMALL = { initialPages: 1, maximumPages: 2 };
const LARGE = { initialPages: 3, maximumPages: 3 };

function memory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 0 });
}

it('gives the one that came last to who wants one of its size, and once', () => {
  const spare = new SpareMemories({ memories: 10, bytes: 100 * PAGE });
  const [first, second, other] = [memory(), memory(), memory()];
  expect([spare.put(first, SMALL), spare.put(second, SMALL), spare.put(other, LARGE)]).toEqual([0, 0, 0]);
  expect([spare.size, spare.bytes]).toEqual([3, 5 * PAGE]);
  expect([spare.take(SMALL), spare.take(SMALL), spare.take(SMALL)]).toEqual([second, first, null]);
  expect([spare.size, spare.bytes]).toEqual([1, 3 * PAGE]);
});

it.each([
  { initialPages: 1, maximumPages: 3 },
  { initialPages: 2, maximumPages: 2 },
  { initialPages: 12, maximumPages: 0 },
])('gives none of $initialPages to $maximumPages pages for one of 1 to 2', (size) => {
  const spare = new SpareMemories({ memories: 10, bytes: 100 * PAGE });
  spare.put(memory(), SMALL);
  expect(spare.take(size)).toBeNull();
});

it('drops those of the size that nobody has wanted for longest, and says how many bytes', () => {
  const spare = new SpareMemories({ memories: 3, bytes: 6 * PAGE });
  const [small, large] = [memory(), memory()];
  spare.put(small, SMALL);
  spare.put(large, LARGE);
  spare.put(spare.take(SMALL) as WebAssembly.Memory, SMALL);
  expect(spare.put(memory(), LARGE)).toBe(3 * PAGE);
  expect([spare.size, spare.bytes, spare.take(SMALL)]).toEqual([2, 4 * PAGE, small]);
});

it('has no more than it may in number', () => {
  const spare = new SpareMemories({ memories: 2, bytes: 100 * PAGE });
  expect([1, 2, 3].map(() => spare.put(memory(), SMALL))).toEqual([0, 0, PAGE]);
  expect(spare.size).toBe(2);
});

it('takes none that is more than all of them may be', () => {
  for (const limits of [
    { memories: 0, bytes: 100 * PAGE },
    { memories: 9, bytes: 2 * PAGE },
  ]) {
    const spare = new SpareMemories(limits);
    expect([spare.put(memory(), LARGE), spare.size]).toEqual([3 * PAGE, 0]);
  }
});

it('drops all of them when memory is short', () => {
  const spare = new SpareMemories({ memories: 9, bytes: 100 * PAGE });
  spare.put(memory(), SMALL);
  spare.put(memory(), LARGE);
  expect([spare.drain(), spare.size, spare.bytes, spare.take(SMALL)]).toEqual([4 * PAGE, 0, 0, null]);
});
