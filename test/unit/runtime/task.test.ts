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
