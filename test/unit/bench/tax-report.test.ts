import { describe, expect, it } from 'vitest';
import {
  meanTax,
  MOST_TAX,
  taxAims,
  taxChart,
  taxOf,
  taxTables,
  worstOf,
  type Group,
  type Round,
  type Taxed,
} from '../../../bench/tax-report.ts';

function roundOf(quiet: number, ticking = quiet): Round {
  const comparison = (ratio: number): Round['quiet'] => ({ ratio, baseMs: 12, pairs: 9 });
  return {
    quiet: comparison(quiet),
    ticking: comparison(ticking),
    interruptions: 5,
    bytesIn: 2048,
    bytesOut: 2560,
    checks: 1234,
    rewriteMs: 3,
  };
}

function taxed(name: string, group: Group, ...quiet: number[]): Taxed {
  const rounds = quiet.map((ratio) => roundOf(ratio, ratio + 0.01));
  return { group, name, language: 'C', what: 'sums', rounds };
}

const ALL = [
  taxed('fib', 'kernel', 1.3, 1.1, 1.21),
  taxed('sieve', 'kernel', 1, 1, 1),
  taxed('sql.js', 'module', 1.02),
];

describe('taxOf', () => {
  it('is the median of the rounds with their least and greatest, quiet and ticking apart', () => {
    expect(taxOf(ALL[0] as Taxed, 'quiet')).toEqual({ median: 1.21, min: 1.1, max: 1.3 });
    expect(taxOf(ALL[0] as Taxed, 'ticking').median).toBeCloseTo(1.22);
  });
});

describe('meanTax', () => {
  it('is the geometric mean of a group, whatever the other costs', () => {
    expect(meanTax(ALL, 'kernel', 'quiet')).toBeCloseTo(1.1);
    expect(meanTax(ALL, 'module', 'quiet')).toBeCloseTo(1.02);
  });

  it('is nothing for a group that was not measured', () => {
    expect(meanTax([], 'module', 'quiet')).toBeNull();
  });
});

describe('worstOf', () => {
  it('names the dearest member of a group', () => {
    expect(worstOf(ALL, 'kernel')?.name).toBe('fib');
    expect(worstOf([], 'kernel')).toBeUndefined();
  });
});

describe('taxAims', () => {
  it('judge each group by its mean and show its worst', () => {
    expect(taxAims(ALL)).toMatchObject([
      { verdict: 'missed', measured: '1.100x (worst fib 1.210x)' },
      { verdict: 'met', measured: '1.020x (worst sql.js 1.020x)' },
    ]);
  });

  it('are met by reaching the bound', () => {
    expect(taxAims([taxed('sieve', 'kernel', MOST_TAX)])[0]?.verdict).toBe('met');
  });

  it('are not measured where a group could not take part', () => {
    expect(taxAims([taxed('sieve', 'kernel', 1)])[1]).toMatchObject({ verdict: 'not measured', measured: '-' });
  });
});

describe('taxTables', () => {
  const [kernels, modules] = taxTables(ALL, ['a note']);

  it('give each group a table that ends in its mean', () => {
    expect(kernels?.rows.map(([name]) => name)).toEqual(['fib', 'sieve', 'geometric mean']);
    expect(kernels?.rows.at(-1)?.[3]).toBe('1.100x');
    expect(modules?.rows.map(([name]) => name)).toEqual(['sql.js', 'geometric mean']);
  });

  it('show the spread, how the code grows and what rewriting took', () => {
    expect(kernels?.rows[0]).toEqual([
      'fib',
      'C',
      '12.0',
      '1.210x',
      '1.10–1.30',
      '1.220x',
      '1.11–1.31',
      '2.00',
      '25.0 %',
      '1,234',
      '3.00',
      'sums',
    ]);
  });

  it('say how it was measured once', () => {
    expect([kernels?.notes, modules?.notes]).toEqual([['a note'], []]);
  });

  it('leave out a group that was not measured', () => {
    expect(taxTables([taxed('sieve', 'kernel', 1)], [])).toHaveLength(1);
  });
});

describe('taxChart', () => {
  it('has a bar for each module with its spread, and the aim as a mark', () => {
    const chart = taxChart(ALL);
    expect(chart.groups.map(({ bars }) => bars.length)).toEqual([2, 1]);
    expect(chart.groups[0]?.bars[0]).toMatchObject({ label: 'fib (C)', value: 1.21, low: 1.1, high: 1.3 });
    expect(chart.mark?.value).toBe(MOST_TAX);
  });

  it('has no empty groups', () => {
    expect(taxChart([taxed('sieve', 'kernel', 1)]).groups).toHaveLength(1);
  });
});
