import { describe, expect, it } from 'vitest';
import { CONTENDERS, type Batch, type ContenderName } from '../../../bench/instance-cases.ts';
import {
  instanceAims,
  instanceChart,
  instanceData,
  instanceTables,
  type CaseBatches,
} from '../../../bench/instance-report.ts';
import { tallyOf } from '../../../bench/instance-tally.ts';

function batchOf(changes: Partial<Batch> = {}): Batch {
  const times = { mean: 3, p50: 2, p99: 9, p999: 50, max: 900, cpu: 4 };
  return { cycles: 1_000, ...times, collections: 2, collectingMs: 3, longestCollectionMs: 2, ...changes };
}

function caseOf(pages: number, changes: Partial<Record<ContenderName, Batch[]>> = {}): CaseBatches {
  const naive = batchOf({ mean: 60, p999: 6_000, longestCollectionMs: 20 });
  const batches = { restored: [batchOf()], renewed: [batchOf()], naive: [naive], ...changes };
  return { pages, live: 1_000, batches };
}

const verdicts = (results: readonly CaseBatches[]): string[] => instanceAims(results).map(({ verdict }) => verdict);

describe('tallyOf', () => {
  it('finds mean, middle and tail, whatever the order', () => {
    const sample = Float64Array.from({ length: 1_000 }, (_, at) => (at * 7) % 1_000);
    expect(tallyOf(sample)).toEqual({ mean: 499.5, p50: 500, p99: 990, p999: 999, max: 999 });
  });

  it('tallies a single time', () => {
    expect(tallyOf(new Float64Array([4]))).toEqual({ mean: 4, p50: 4, p99: 4, p999: 4, max: 4 });
  });

  it('has nothing to say of an empty sample', () => {
    expect(() => tallyOf(new Float64Array(0))).toThrow(RangeError);
  });
});

describe('the aims', () => {
  it('are met at a hundredth of the tail and below six microseconds', () => {
    expect(verdicts([caseOf(2), caseOf(64)])).toEqual(['met', 'met', 'met', 'met']);
  });

  it('are decided by the worst case, which is named', () => {
    const [tail] = instanceAims([caseOf(2), caseOf(64, { restored: [batchOf({ p999: 61 })] })]);
    expect(tail).toMatchObject({ verdict: 'missed', measured: '98.4x (64 pages, 1000 others)' });
  });

  it('ask for the mean at two pages only', () => {
    const slow = { restored: [batchOf({ mean: 6 })] };
    expect(verdicts([caseOf(2), caseOf(64, slow)])[1]).toBe('met');
    expect(verdicts([caseOf(2, slow)])[1]).toBe('missed');
  });

  it('go by the median of the rounds', () => {
    const restored = [7, 3, 3].map((mean) => batchOf({ mean }));
    expect(verdicts([caseOf(2, { restored })])[1]).toBe('met');
  });

  it('that nothing was measured for are not met', () => {
    expect(verdicts([])).toEqual(Array.from({ length: 4 }, () => 'not measured'));
  });
});

describe('the table', () => {
  it('has a row for each way in each case, with its spread and how far behind it is', () => {
    const restored = [2, 3, 4].map((mean) => batchOf({ mean }));
    const naive = [20, 30, 40].map((mean) => batchOf({ mean, p999: 6_000 }));
    const [table] = instanceTables([caseOf(1, { restored, naive }), caseOf(17)]);
    expect(table?.rows).toHaveLength(6);
    expect(table?.rows[0]).toEqual(
      ['1 page', '1,000', CONTENDERS.restored, '3.00', '2.00–4.00', '2.00', '9.00', '50.0'].concat([
        '50.0–50.0',
        '900',
        '4.00',
        '2.00',
        '2.00',
        '',
        '',
      ]),
    );
    expect(table?.rows[2]?.slice(-2)).toEqual(['10.0x', '120x']);
    for (const row of table?.rows ?? []) expect(row).toHaveLength(table?.columns.length ?? 0);
  });

  it('shows a loss like a win', () => {
    const naive = [batchOf({ mean: 1.5, p999: 25 })];
    expect(instanceTables([caseOf(1, { naive })])[0]?.rows[2]?.slice(-2)).toEqual(['0.50x', '0.50x']);
  });
});

it('the chart has a bar for each way in each case', () => {
  const { groups } = instanceChart([caseOf(1), caseOf(17)]);
  expect(groups.map(({ label }) => label)).toEqual(['64 KiB, 1,000 others alive', '1088 KiB, 1,000 others alive']);
  expect(groups[0]?.bars.map(({ value, tone }) => [value, tone])).toEqual([
    [3, 'own'],
    [3, 'own'],
    [60, 'peer'],
  ]);
});

it('the data has every round', () => {
  expect(instanceData([caseOf(1)])).toMatchObject({ cases: [{ pages: 1, batches: { naive: [{ p999: 6_000 }] } }] });
});
