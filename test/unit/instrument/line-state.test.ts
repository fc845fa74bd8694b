import { describe, expect, it } from 'vitest';
import { LineState, NONE } from '../../../src/instrument/line-state.ts';

function entered(cost = 0): LineState {
  const state = new LineState();
  state.enter();
  state.spend(cost);
  return state;
}

const costs = ({ unchecked, checked, head }: LineState): readonly number[] => [unchecked, checked, head];

describe('costs along a path', () => {
  it('grow until a check, which starts them over and keeps the head', () => {
    const state = entered(10);
    state.check();
    state.spend(3);
    expect(costs(state)).toEqual([NONE, 3, 10]);
  });

  it('end where control does', () => {
    const state = entered(10);
    state.leave();
    state.spend(5);
    expect(state.dead).toBe(true);
    expect(costs(state)).toEqual([NONE, NONE, 10]);
  });

  it('are the worst of the paths that meet, checked and unchecked apart', () => {
    const state = entered(10);
    state.join(NONE, 40);
    state.join(7, 2);
    expect(costs(state)).toEqual([10, 40, 10]);
    expect(state.cost).toBe(40);
  });
});

describe('a call', () => {
  it('of a function without checks adds its cost to both', () => {
    const state = entered(10);
    state.join(NONE, 20);
    state.pass(5, 5, NONE);
    expect(costs(state)).toEqual([15, 25, 15]);
  });

  it('of a function that always checks leaves only its tail', () => {
    const state = entered(10);
    state.pass(6, NONE, 8);
    expect(costs(state)).toEqual([NONE, 8, 16]);
  });

  it('of a function that sometimes checks leaves both', () => {
    const state = entered(10);
    state.pass(6, 3, 8);
    expect(costs(state)).toEqual([13, 8, 16]);
  });

  it('of a function that never returns ends the path', () => {
    const state = entered(10);
    state.pass(6, NONE, NONE);
    expect(state.dead).toBe(true);
  });
});
