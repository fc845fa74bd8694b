import { describe, expect, it } from 'vitest';
import { capacityOf, roundedDown, type BoundInput } from '../../../src/lab/capacity.ts';
import { bytesText, countText, msText, numberText, percentText } from '../../../src/lab/figures.ts';
import { readMetrics } from '../../../src/lab/metrics-read.ts';
import { cpuSecondsIn, kibIn, processFigures } from '../../../src/lab/process-figures.ts';
import { tailOf } from '../../../src/lab/quantile.ts';

describe('texts of figures', () => {
  it('have as many digits as mean something', () => {
    expect([countText(12_345.6), numberText(0.012345), numberText(1_234.5), numberText(null)]).toEqual([
      '12,346',
      '0.0123',
      '1,235',
      '-',
    ]);
    expect([msText(0.0421), msText(12.345), msText(3_210), msText(null)]).toEqual(['42 us', '12.3 ms', '3.21 s', '-']);
    expect([bytesText(512), bytesText(3 * 2 ** 20), bytesText(1.5 * 2 ** 30), bytesText(null)]).toEqual([
      '0.5 KiB',
      '3.0 MiB',
      '1.50 GiB',
      'unknown',
    ]);
    expect([percentText(0.1234), percentText(0.99912), percentText(1)]).toEqual(['12 %', '99.912 %', '100 %']);
  });
});

describe('tailOf', () => {
  it('is the half and the tail, whatever the order', () => {
    const sample = Array.from({ length: 1_001 }, (_, at) => (at * 10) % 1_001);
    expect(tailOf(sample)).toEqual({ count: 1_001, p50: 500, p99: 990, p999: 999, max: 1_000 });
    expect(tailOf([3])).toEqual({ count: 1, p50: 3, p99: 3, p999: 3, max: 3 });
    expect(tailOf([])).toBeNull();
  });
});

describe('readMetrics', () => {
  it('sums over threads, reads budgets, and leaves tenants out', () => {
    const metrics = readMetrics(
      [
        '# HELP kerb_thread_memories Linear memories alive by data thread.',
        'kerb_thread_memories{thread="0"} 3',
        'kerb_thread_memories{thread="1"} 4',
        'kerb_memory_bytes{tenant="a"} 65536',
        'kerb_heap_bytes{thread="main"} 1000',
        'kerb_heap_bytes{thread="0"} 500',
        'kerb_budget_used{budget="mappings"} 812',
        'kerb_budget_ceiling{budget="mappings"} 52424',
        'kerb_budget_refused_total{budget="mappings"} 1',
        'kerb_wakes_total{result="woken"} 12',
        'kerb_wakes_total{result="failed"} 5',
        'kerb_tenants_awake 9',
        '',
      ].join('\n'),
    );
    expect(metrics).toMatchObject({ memories: 7, wakes: 12, awake: 9, resting: null, heapBytes: 1_500 });
    expect(metrics.budgets).toEqual({ mappings: { used: 812, ceiling: 52_424, refused: 1 } });
  });
});

describe('processFigures', () => {
  it('reads those of this process', async () => {
    const { residentBytes, mappings, cpuSeconds, pageTableBytes } = await processFigures(process.pid);
    expect(residentBytes).toBeGreaterThan(2 ** 24);
    expect(mappings).toBeGreaterThan(10);
    expect(cpuSeconds).toBeGreaterThan(0);
    expect(pageTableBytes).toBeGreaterThan(0);
  });

  it('knows nothing of a process that is not there', async () => {
    const nothing = { residentBytes: null, pageTableBytes: null, mappings: null, cpuSeconds: null };
    expect(await processFigures(2 ** 30)).toEqual(nothing);
  });

  it('is not led astray by the name of a program', () => {
    const fields = Array.from({ length: 50 }, (_, at) => String(at + 3));
    expect(cpuSecondsIn(`1 (a) b (c) ${fields.join(' ')}`)).toBe((14 + 15) / 100);
    expect(kibIn('Name:\tVmRSS: 1 kB\nVmRSS:\t  12 kB\n', 'VmRSS')).toBe(12 * 1024);
    expect(kibIn('', 'VmRSS')).toBeNull();
  });
});

const bound = (name: string, difference: Partial<BoundInput>): BoundInput => ({
  name,
  unit: 'x',
  used: 100,
  ceiling: 200,
  perRegistered: 1,
  perAwake: 0,
  how: '',
  ...difference,
});

describe('capacityOf', () => {
  it('answers with the bound that comes first', () => {
    const { more, first, bounds } = capacityOf(
      [bound('a', { perRegistered: 1, perAwake: 9 }), bound('b', { perRegistered: 0.1 })],
      0.5,
    );
    expect([more, first]).toEqual([18, 'a']);
    expect(bounds.map((one) => one.more)).toEqual([18, 1_000]);
  });

  it('has no answer from bounds that are not known or that nothing approaches', () => {
    const { more, first, bounds } = capacityOf(
      [
        bound('unknown', { used: null }),
        bound('also', { perRegistered: null, perAwake: null }),
        bound('far', { perRegistered: 0 }),
      ],
      1,
    );
    expect([more, first]).toEqual([null, null]);
    expect(bounds.map((one) => one.more)).toEqual([null, null, 'none']);
  });

  it('says that none fits where a bound is passed', () => {
    expect(capacityOf([bound('a', { used: 201 })], 1)).toMatchObject({ more: 0, first: 'a' });
  });

  it('tells two digits, never more than it is', () => {
    expect([0, 7, 99, 100, 1_299, 34_567].map(roundedDown)).toEqual([0, 7, 99, 100, 1_200, 34_000]);
  });
});
