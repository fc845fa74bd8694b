import { describe, expect, it } from 'vitest';
import { Task } from '../../../src/runtime/task.ts';

function task(): Task {
  return new Task({ cpuMs: 10, wallMs: 100 }, 1000, 0);
}

describe('a task', () => {
  it('begins with its budgets and an empty account', () => {
    expect(task()).toMatchObject({
      cpuBudgetMs: 10,
      startMs: 1000,
      clockMs: 1000,
      deadlineMs: 1100,
      cpuMs: 0,
      verdict: null,
      fault: null,
      growthRefused: null,
      logLines: 0,
    });
  });

  it('is condemned once', () => {
    const one = task();
    one.condemn('cpu_limit');
    one.condemn('wall_limit');
    expect(one.verdict).toBe('cpu_limit');
  });

  it('fires its signal when it is condemned', () => {
    const one = task();
    const { signal } = one;
    expect(signal.aborted).toBe(false);
    one.condemn('client_closed');
    expect(signal.aborted).toBe(true);
    expect(one.signal).toBe(signal);
  });

  it('has fired its signal when somebody asks for it only afterwards', () => {
    const one = task();
    one.condemn('draining');
    expect(one.signal.aborted).toBe(true);
  });
});

describe('the rest of a request that has ended early', () => {
  it('goes on with what is left of the same budgets', () => {
    const one = new Task({ cpuMs: 10, wallMs: 100, cpuWeight: 50 }, 1000, 3);
    Object.assign(one, { cpuMs: 4, slices: 2, waitMs: 7, logLines: 5, clockMs: 1010 });
    one.condemn('client_closed');
    const rest = one.rest(1099);
    expect(rest).toMatchObject({ tenant: 3, cpuBudgetMs: 10, cpuWeight: 50, startMs: 1000, deadlineMs: 1100 });
    expect(rest).toMatchObject({ cpuMs: 4, slices: 2, waitMs: 7, logLines: 5, clockMs: 1010, verdict: null });
    expect(one.companions).toEqual([rest]);
  });

  it('has none when the budgets are used up, or the request had to make room', () => {
    const used = Object.assign(task(), { cpuMs: 10 });
    expect([used.rest(1000), task().rest(1100)]).toEqual([null, null]);
    for (const verdict of ['capacity', 'draining'] as const) {
      const one = task();
      one.condemn(verdict);
      expect(one.rest(1000)).toBeNull();
    }
  });
});
