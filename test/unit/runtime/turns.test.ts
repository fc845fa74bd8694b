import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src/runtime/turns.ts';

/** The turn of the event loop that follows. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('turns of the event loop', () => {
  it('let work begin at once as long as little was done in this one', () => {
    const turns = new Turns(2);
    expect(turns.wait()).toBeUndefined();
    turns.spend(1.9);
    expect(turns.wait()).toBeUndefined();
  });

  it('let the next work wait when enough was done, and begin with the next turn', async () => {
    const turns = new Turns(2);
    turns.spend(2);
    expect(turns.wait()).toBeInstanceOf(Promise);
    await nextTurn();
    await nextTurn();
    expect(turns.wait()).toBeUndefined();
  });

  it('let one waiter begin a turn, in the order of their coming', async () => {
    const turns = new Turns(2);
    turns.spend(5);
    const begun: number[] = [];
    const all = [1, 2, 3].map(async (number) => {
      await turns.wait();
      begun.push(number);
      turns.spend(5);
    });
    const seen: number[] = [];
    for (let turn = 0; turn < 6; turn++) {
      await nextTurn();
      seen.push(begun.length);
    }
    await Promise.all(all);
    expect(begun).toEqual([1, 2, 3]);
    for (const [turn, count] of seen.entries()) expect(count - (seen[turn - 1] ?? 0)).toBeLessThanOrEqual(1);
  });

  it('let nobody overtake those who wait', async () => {
    const turns = new Turns(2);
    turns.spend(5);
    const first = turns.wait();
    const second = turns.wait();
    await first;
    expect(turns.wait()).toBeInstanceOf(Promise);
    await second;
  });
});
