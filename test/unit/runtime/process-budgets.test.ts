import { describe, expect, it } from 'vitest';
import { PROCESS_BUDGETS, ProcessBudgets } from '../../../src/runtime/process-budgets.ts';
import { CapacityError } from '../../../src/runtime/refusal.ts';
import { processBudgets } from './harness.ts';

describe('a counted budget', () => {
  it('is taken and given back, and refused at its ceiling with the numbers', () => {
    const budgets = processBudgets({ requests: 2 });
    budgets.take('requests');
    budgets.take('requests');
    expect(() => budgets.take('requests')).toThrow(CapacityError);
    expect(() => budgets.take('requests')).toThrow('requests: 2 of at most 2');
    expect(budgets.read('requests')).toEqual({ used: 2, ceiling: 2, refused: 2 });
    budgets.give('requests', 1);
    expect(() => budgets.take('requests')).not.toThrow();
  });

  it('of one kind leaves the others alone', () => {
    const budgets = processBudgets({ requests: 1 });
    budgets.take('requests');
    expect(() => budgets.take('memories')).not.toThrow();
    expect(PROCESS_BUDGETS.map((budget) => budgets.read(budget).used)).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
  });
});

describe('a measured budget', () => {
  it('admits below its ceiling and refuses from it on', () => {
    const budgets = processBudgets({ mappings: 10 });
    budgets.set('mappings', 9);
    expect(() => budgets.admit('mappings')).not.toThrow();
    expect(budgets.over('mappings')).toBe(-1);
    budgets.set('mappings', 10);
    expect(() => budgets.admit('mappings')).toThrow('mappings: 10 of at most 10');
    expect(budgets.over('mappings')).toBe(0);
  });
});

describe('the share', () => {
  it('shows every thread the same', () => {
    const budgets = processBudgets({ requests: 2 });
    const other = new ProcessBudgets(structuredClone(budgets.share));
    budgets.take('requests');
    other.take('requests');
    expect(() => budgets.take('requests')).toThrow(CapacityError);
    expect(other.read('requests')).toEqual({ used: 2, ceiling: 2, refused: 1 });
  });
});
