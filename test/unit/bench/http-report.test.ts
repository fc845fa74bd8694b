import { describe, expect, it } from 'vitest';
import { httpAims, httpChart, httpTable, timesOf } from '../../../bench/http-report.ts';
import type { Sample, Series } from '../../../bench/measurement.ts';
import type { Workload } from '../../../bench/workload.ts';

const sample = (requestsPerCpuSecond: number): Sample => ({
  requestsPerSecond: requestsPerCpuSecond / 2,
  requestsPerCpuSecond,
  p99Us: 1500,
});

const series = (workload: string, server: string, ...values: (number | null)[]): Series => ({
  workload,
  server,
  tone: server.startsWith('Kerb') ? 'own' : 'peer',
  samples: values.map((value) => (value === null ? null : sample(value))),
  errors: values.filter((value) => value === null).length,
});

const WORKLOADS: readonly Workload[] = [
  { name: 'one', app: 'hello', connections: 1 },
  { name: 'many', app: 'hello', connections: 64 },
];

const ALL = [
  series('one', 'Kerb', 100, 200, 300),
  series('one', 'peer', 50, 100, null),
  series('many', 'Kerb', 90, 90, 90),
  series('many', 'peer', 100, 100, 100),
];

describe('timesOf', () => {
  it('compares within the workload, in rounds that both have', () => {
    expect(timesOf(ALL, 'one', 'peer', 'requestsPerCpuSecond')?.median).toBe(2);
    expect(timesOf(ALL, 'many', 'peer', 'requestsPerSecond')?.median).toBe(0.9);
  });

  it('is nothing for a server that was absent', () => {
    expect(timesOf(ALL, 'one', 'nobody', 'requestsPerSecond')).toBeNull();
  });
});

describe('httpTable', () => {
  const rows = httpTable('title', ALL, []).rows;

  it('shows both measures with their spread, and the ratio beside peers only', () => {
    expect(rows[0]).toEqual(['one', 'Kerb', '100', '50.0–150', '', '200', '100–300', '', '1.50 ms', '']);
    expect(rows[1]?.[4]).toBe('2.00x');
    expect(rows[3]?.[7]).toBe('0.90x');
  });

  it('says which series had errors', () => {
    expect(rows[1]?.[9]).toBe('1 errors');
  });

  it('has a row even where no round counts', () => {
    expect(httpTable('t', [series('one', 'peer', null)], []).rows[0]?.slice(2, 9)).toEqual([
      '-',
      '-',
      '',
      '-',
      '-',
      '',
      '-',
    ]);
  });
});

describe('httpAims', () => {
  const aim = (least: number, bound: '>=' | '>', peer = 'peer'): unknown =>
    httpAims('b', ALL, WORKLOADS, [{ peer, least, bound }]);

  it('is decided by the worst case', () => {
    expect(aim(1, '>=')).toMatchObject([{ measured: '0.90x', verdict: 'missed' }]);
    expect(aim(0.9, '>=')).toMatchObject([{ verdict: 'met' }]);
    expect(aim(0.9, '>')).toMatchObject([{ verdict: 'missed' }]);
  });

  it('is not met by a peer that is not there', () => {
    expect(aim(1, '>=', 'nobody')).toMatchObject([{ measured: '-', verdict: 'not measured' }]);
  });

  it('is judged for each app', () => {
    const both = [...WORKLOADS, { name: 'posted', app: 'echo', connections: 1 } as const];
    const aims = httpAims('b', ALL, both, [{ peer: 'peer', least: 0.5, bound: '>=' }]);
    expect(aims.map(({ verdict }) => verdict)).toEqual(['met', 'not measured']);
  });
});

describe('httpChart', () => {
  it('groups bars by workload', () => {
    const { groups } = httpChart('title', ALL);
    expect(groups.map(({ label, bars }) => [label, bars.length])).toEqual([
      ['one', 2],
      ['many', 2],
    ]);
    expect(groups[0]?.bars[0]).toMatchObject({ label: 'Kerb', value: 200, low: 100, high: 300, tone: 'own' });
  });

  it('says so where no round counts', () => {
    expect(httpChart('t', [series('one', 'peer', null)]).groups[0]?.bars[0]).toMatchObject({
      value: 0,
      text: 'no valid round',
    });
  });
});
