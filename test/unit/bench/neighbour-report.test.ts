import { describe, expect, it } from 'vitest';
import {
  firstCpuMs,
  HOG,
  neighbourApps,
  neighbourCases,
  neighbourTraffic,
  VICTIM,
} from '../../../bench/neighbour-cases.ts';
import {
  figuresOf,
  hogDueMs,
  latenessP99,
  neighbourAims,
  neighbourChart,
  neighbourData,
  neighbourTable,
  sampleOf,
  type NeighbourSample,
  type NeighbourSeries,
} from '../../../bench/neighbour-report.ts';
import type { TrafficRun } from '../../../bench/traffic-run.ts';
import type { TrafficResult } from '../../../bench/traffic.ts';

const EMPTY: TrafficResult = {
  name: 'victim',
  count: 0,
  answers: {},
  lost: 0,
  answeredInTime: 0,
  latenciesMs: [],
  latenessMs: [],
};

function runOf(...results: Partial<TrafficResult>[]): TrafficRun {
  const seconds = 2;
  const figures = { serverCpuSeconds: 1.8, loadCpuSeconds: 0.4, residentKib: 1 };
  return { ...figures, seconds, results: results.map((one) => ({ ...EMPTY, ...one })) };
}

interface Given {
  readonly latencies?: readonly number[];
  readonly throughput?: number;
  readonly cpu: number;
  readonly late?: number;
}

function sample({ latencies, throughput = 1, cpu, late = 0.01 }: Given): NeighbourSample {
  const victim = latencies === undefined ? null : { latenciesMs: latencies, throughput, errors: 0 };
  return { victim, hogsEnded: null, hogErrors: 0, answers: {}, latenessMs: [late], serverCpu: cpu, loadCpu: 0.2 };
}

function series(hogs: number, victim: 'present' | 'absent', given: Given, server = 'Kerb'): NeighbourSeries {
  return { server, tone: 'own', hogs, victim, samples: [sample(given)] };
}

/** Kerb alone at 0.2 of a core, four hogs that get a whole one, and `beside`. */
function resultOf(beside: Given): NeighbourSeries[] {
  return [
    series(0, 'present', { latencies: [0.5, 0.6], cpu: 0.2 }),
    series(4, 'present', beside),
    series(4, 'absent', { cpu: 1 }),
  ];
}

const verdicts = (all: readonly NeighbourSeries[]): string[] => neighbourAims(all).map(({ verdict }) => verdict);

describe('the cases', () => {
  it('are the victim alone, beside hogs, and the hogs without it', () => {
    expect(neighbourCases([1, 4])).toEqual([
      { hogs: 0, victim: 'present' },
      { hogs: 1, victim: 'present' },
      { hogs: 4, victim: 'present' },
      { hogs: 1, victim: 'absent' },
      { hogs: 4, victim: 'absent' },
    ]);
  });

  it('have a tenant for every hog', () => {
    const names = neighbourApps().map(({ name }) => `${name}.localhost`);
    const [, hogs] = neighbourTraffic({ hogs: HOG.most, victim: 'present' }, 'endless', 1);
    expect(hogs?.kind === 'closed' && hogs.hosts.every((host) => names.includes(host))).toBe(true);
    expect(names).toHaveLength(HOG.most + 1);
  });

  it('leave out who is not there', () => {
    const kinds = (hogs: number, victim: 'present' | 'absent'): string[] =>
      neighbourTraffic({ hogs, victim }, 'endless', 1).map(({ kind }) => kind);
    expect([kinds(0, 'present'), kinds(1, 'present'), kinds(1, 'absent')]).toEqual([
      ['open'],
      ['open', 'closed'],
      ['closed'],
    ]);
  });

  it('give a server without budgets work that ends', () => {
    const pathOf = (work: 'endless' | 'bounded'): string | undefined =>
      neighbourTraffic({ hogs: 1, victim: 'absent' }, work, 1000)[0]?.path;
    expect(pathOf('bounded')).toBe(`/${HOG.cpuMs * 1000}`);
    expect(Number(pathOf('endless')?.slice(1))).toBeGreaterThan(10 * HOG.cpuMs * 1000);
  });

  it('spread the first requests of lanes over a budget', () => {
    const shares = [0, 1, 2].map((lane) => firstCpuMs(lane, 3));
    expect(shares).toEqual([HOG.cpuMs / 4, HOG.cpuMs / 2, (HOG.cpuMs * 3) / 4]);
  });
});

describe('sampleOf', () => {
  it('takes throughput as a share of the rate, and a backlog for no more than all', () => {
    const throughputOf = (answeredInTime: number): number | undefined =>
      sampleOf(runOf({ answeredInTime })).victim?.throughput;
    expect(throughputOf(VICTIM.perSecond)).toBe(0.5);
    expect(throughputOf(VICTIM.perSecond * 3)).toBe(1);
  });

  it('takes hogs that their budget ended for no errors, and any other refusal for one', () => {
    const run = runOf({ name: 'hogs', answers: { '503 cpu_limit': 6, '200': 2, '503 capacity': 1 } });
    expect(sampleOf(run)).toMatchObject({ victim: null, hogsEnded: 4, hogErrors: 1, serverCpu: 0.9, loadCpu: 0.2 });
  });
});

describe('figuresOf', () => {
  it('gives hogs what the victim leaves of what the server used', () => {
    const all = resultOf({ latencies: [1, 2], throughput: 0.5, cpu: 0.9 });
    expect(figuresOf(all[1] as NeighbourSeries, all).hogCpuMs?.median).toBeCloseTo(800);
    expect(hogDueMs(all, all[1] as NeighbourSeries)).toBeCloseTo(900);
  });

  it('has no latency where nobody was answered, and throughput all the same', () => {
    const all = resultOf({ latencies: [], throughput: 0, cpu: 1 });
    expect(figuresOf(all[1] as NeighbourSeries, all)).toMatchObject({
      p99: null,
      p999: null,
      throughput: { median: 0 },
    });
  });
});

describe('neighbourAims', () => {
  it('are met by one slice more than alone', () => {
    expect(verdicts(resultOf({ latencies: [0.7, 1.6], cpu: 1 }))).toEqual(['met', 'met', 'met']);
  });

  it('are missed each by its own figure', () => {
    expect(verdicts(resultOf({ latencies: [0.7, 2.7], cpu: 1 }))).toEqual(['missed', 'met', 'met']);
    expect(verdicts(resultOf({ latencies: [1], throughput: 0.97, cpu: 1 }))).toEqual(['met', 'missed', 'met']);
    expect(verdicts(resultOf({ latencies: [1], cpu: 0.9 }))).toEqual(['met', 'met', 'missed']);
  });

  it('allow twice the time alone where that is longer than a slice', () => {
    const slow = resultOf({ latencies: [9.9], cpu: 1 }).with(0, series(0, 'present', { latencies: [5], cpu: 0.2 }));
    expect(verdicts(slow)[0]).toBe('met');
  });

  it('do not take a victim that was never answered for a quick one', () => {
    expect(verdicts(resultOf({ latencies: [], throughput: 0, cpu: 1 }))).toEqual(['not measured', 'missed', 'met']);
  });

  it('do not judge times that a busy machine made', () => {
    expect(verdicts(resultOf({ latencies: [0.7], cpu: 1, late: 5 }))).toEqual(['not measured', 'met', 'met']);
  });

  it('are about Kerb with its slices alone', () => {
    const all = [
      ...resultOf({ latencies: [1], cpu: 1 }),
      series(4, 'present', { latencies: [900], cpu: 1 }, 'Kerb, no slices'),
    ];
    expect(verdicts(all)).toEqual(['met', 'met', 'met']);
  });
});

describe('neighbourTable', () => {
  it('has a row per case, with the share that hogs got of their due', () => {
    const { columns, rows } = neighbourTable(resultOf({ latencies: [1, 2], cpu: 0.8 }), []);
    expect(rows.map((row) => row.length)).toEqual([columns.length, columns.length, columns.length]);
    expect(rows.map(([server]) => server)).toEqual(['Kerb', 'Kerb', 'Kerb, no victim']);
    expect(rows[1]?.[columns.indexOf('of their due>')]).toBe('75.0 %');
    expect(rows[2]?.[columns.indexOf('of their due>')]).toBe('');
  });
});

describe('neighbourChart', () => {
  it('draws decades, and a victim that nobody answered as nothing', () => {
    const all = [...resultOf({ latencies: [10], cpu: 1 }), series(4, 'present', { latencies: [], cpu: 1 }, 'workerd')];
    const beside = neighbourChart(all).groups[1]?.bars;
    expect(beside?.map(({ value, text }) => [value, text])).toEqual([
      [2, '10.0 ms'],
      [0, 'no answer'],
    ]);
  });
});

describe('neighbourData', () => {
  it('keeps figures by round, not single requests', () => {
    const [, beside] = neighbourData(resultOf({ latencies: [1, 3], cpu: 0.8 })) as Record<string, unknown>[];
    expect(beside).toMatchObject({ hogs: 4, p50: { median: 2 }, rounds: [{ throughput: 1, serverCpu: 0.8 }] });
    expect(JSON.stringify(beside)).not.toContain('latenciesMs');
  });
});

describe('latenessP99', () => {
  it('is nothing when nothing was sent', () => {
    expect(latenessP99([])).toBeNull();
    expect(latenessP99(resultOf({ latencies: [1], cpu: 1 }))).toBeCloseTo(0.01);
  });
});
