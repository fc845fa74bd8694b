import { describe, expect, it } from 'vitest';
import { greediest, type Holding } from '../../../src/runtime/pressure.ts';
import { Task } from '../../../src/runtime/task.ts';

function holding(tenant: number, amount: number): Holding {
  return { tenant, amount, task: new Task({ cpuMs: 1, wallMs: 1 }, 0, tenant) };
}

/** Who gives way for `amount`, as tenant and size. */
function chosen(holdings: readonly Holding[], amount: number): [number, number][] {
  return greediest(holdings, amount).map((one) => [one.tenant, one.amount]);
}

describe('who gives way', () => {
  it('is the tenant that holds most in all, not the largest request', () => {
    const many = Array.from({ length: 5 }, () => holding(1, 30));
    expect(chosen([holding(2, 100), ...many], 40)).toEqual([
      [1, 30],
      [1, 30],
    ]);
  });

  it('is, of one tenant, the largest request first', () => {
    expect(chosen([holding(1, 1), holding(1, 50), holding(1, 10)], 55)).toEqual([
      [1, 50],
      [1, 10],
    ]);
  });

  it('is the next tenant only when the first has nothing left', () => {
    expect(chosen([holding(1, 60), holding(2, 50), holding(3, 5)], 100)).toEqual([
      [1, 60],
      [2, 50],
    ]);
  });

  it('is at least one, also when what was idle was enough: it must not come back at once', () => {
    expect(chosen([holding(1, 60), holding(2, 50)], -5)).toEqual([[1, 60]]);
  });

  it('is everybody when that is what it takes', () => {
    expect(chosen([holding(1, 60), holding(2, 50)], 1e9)).toHaveLength(2);
  });

  it('is nobody who holds nothing', () => {
    expect(chosen([holding(1, 0), holding(2, 0)], 10)).toEqual([]);
    expect(chosen([], 10)).toEqual([]);
  });
});
