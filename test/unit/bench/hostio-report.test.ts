import { describe, expect, it } from 'vitest';
import {
  REQUESTS_PER_TENANT,
  hostioApps,
  openFilesOf,
  tenantsFor,
  waitingTraffic,
  widthWithin,
} from '../../../bench/hostio-cases.ts';
import {
  holdSampleOf,
  hostioAims,
  hostioChart,
  hostioTables,
  kibEach,
  OWN,
  PEER,
  rateSampleOf,
  type HoldSeries,
  type HostioResult,
  type RateSample,
  type RateSeries,
} from '../../../bench/hostio-report.ts';
import type { TrafficRun } from '../../../bench/traffic-run.ts';
import type { TrafficResult } from '../../../bench/traffic.ts';

function trafficOf(name: string, difference: Partial<TrafficResult>): TrafficResult {
  return { name, count: 0, answers: {}, lost: 0, answeredInTime: 0, latenciesMs: [], latenessMs: [], ...difference };
}

function runOf(...results: TrafficResult[]): TrafficRun {
  return { results, serverCpuSeconds: 1, loadCpuSeconds: 0.5, residentKib: 3_000, seconds: 2 };
}

const RATE: RateSample = {
  requestsPerSecond: 1_000,
  requestsPerCpuSecond: 2_000,
  p50Ms: 100,
  p99Ms: 110,
  refused: 0,
  errors: 0,
  lightP99Ms: 1,
  lightErrors: 0,
  loadCpu: 0.3,
};

function rate(server: string, requestsPerSecond: number, width = 1_000, tenants = 16): RateSeries {
  const tone = server === OWN ? 'own' : 'peer';
  return { server, tone, width, tenants, samples: [{ ...RATE, requestsPerSecond }] };
}

function hold(held: number, peakKib: number): HoldSeries {
  const samples = [{ held, refused: 0, errors: 0, idleKib: 1_000, peakKib, lightP99Ms: 2 }];
  return { server: OWN, tone: 'own', width: 1_000, tenants: 16, samples };
}

function resultOf(difference: Partial<HostioResult> = {}): HostioResult {
  const pauses = [
    { kind: 'young', ms: 2 },
    { kind: 'full', ms: 30 },
    { kind: 'young', ms: 4 },
  ] as const;
  return {
    rates: [rate(OWN, 900), rate(PEER, 1_000)],
    holds: [hold(1_000, 12_000)],
    collections: [{ server: OWN, tone: 'own', width: 1_000, tenants: 16, pauses, seconds: 2 }],
    ...difference,
  };
}

const verdicts = (result: HostioResult): string[] => hostioAims(result).map(({ verdict }) => verdict);

describe('the cases', () => {
  it('give every request a connection to the origin', () => {
    for (const width of [1, 64, 65, 9_800])
      expect(tenantsFor(width) * REQUESTS_PER_TENANT).toBeGreaterThanOrEqual(width);
    expect(tenantsFor(REQUESTS_PER_TENANT)).toBe(1);
  });

  it('keep both connections of every request within the open files', () => {
    expect(widthWithin(10_000, Infinity)).toBe(10_000);
    expect(widthWithin(10_000, 20_000) * 2).toBeLessThan(20_000);
    expect(widthWithin(1_000, 20_000)).toBe(1_000);
  });

  it('read the limit of open files', () => {
    const text = (hard: string): string =>
      `Limit  Soft Limit  Hard Limit  Units\nMax open files            1024 ${hard} files\n`;
    expect(openFilesOf(text('20000'))).toBe(20_000);
    expect(openFilesOf(text('unlimited'))).toBe(Infinity);
    expect(openFilesOf('')).toBe(Infinity);
  });

  it('have an app for every host', () => {
    const names = new Set(hostioApps(1, 3).map(({ name }) => `${name}.localhost`));
    expect(waitingTraffic(100, 3, 'rate').hosts.every((host) => names.has(host))).toBe(true);
    expect(names.size).toBe(4);
  });

  it('ask once where all are held', () => {
    expect(waitingTraffic(1, 1, 'hold').repeat).toBe('once');
    expect(waitingTraffic(1, 1, 'rate').repeat).toBe('always');
  });
});

describe('rateSampleOf', () => {
  it('counts answers alone as requests, and refusals for capacity apart from errors', () => {
    const answers = { '200': 10, '503 capacity': 3, '502 backend_error': 2 };
    const waiting = trafficOf('waiting', { answers, lost: 1, latenciesMs: [100, 120] });
    expect(rateSampleOf(runOf(waiting, trafficOf('light', { latenciesMs: [1] })))).toMatchObject({
      requestsPerSecond: 5,
      requestsPerCpuSecond: 10,
      p50Ms: 110,
      refused: 3,
      errors: 3,
      lightP99Ms: 1,
      loadCpu: 0.25,
    });
  });

  it('has no time for a light tenant that was refused', () => {
    const light = trafficOf('light', { answers: { '503 capacity': 1 }, latenciesMs: [1] });
    expect(rateSampleOf(runOf(light))).toMatchObject({ lightP99Ms: null, lightErrors: 1 });
  });
});

describe('kibEach', () => {
  it('shares what came on top among those that were held', () => {
    const waiting = trafficOf('waiting', { answers: { '200': 100, '503 capacity': 50 } });
    const sample = holdSampleOf(runOf(waiting), 1_000);
    expect(sample).toMatchObject({ held: 100, refused: 50, errors: 0 });
    expect(kibEach(sample)).toBe(20);
  });

  it('is nothing when nobody was', () => {
    expect(kibEach(holdSampleOf(runOf(), 1_000))).toBeNull();
  });
});

describe('hostioAims', () => {
  it('are met at their bounds', () => {
    expect(verdicts(resultOf({ rates: [rate(OWN, 800), rate(PEER, 1_000)], holds: [hold(1_000, 13_000)] }))).toEqual([
      'met',
      'met',
      'met',
    ]);
  });

  it('are missed when one case is', () => {
    const rates = [rate(OWN, 900), rate(PEER, 1_000), rate(OWN, 700, 5_000), rate(PEER, 1_000, 5_000)];
    const holds = [hold(1_000, 2_000), hold(1_000, 14_000)];
    expect(verdicts(resultOf({ rates, holds }))).toEqual(['missed', 'missed', 'met']);
  });

  it('are not measured where a case has no figure', () => {
    const rates = [rate(OWN, 900), rate(PEER, 1_000), rate(PEER, 1_000, 5_000)];
    expect(verdicts(resultOf({ rates, holds: [hold(0, 2_000)], collections: [] }))).toEqual([
      'not measured',
      'not measured',
      'not measured',
    ]);
  });
});

describe('hostioTables', () => {
  it('show rates, memory and pauses', () => {
    const [rates, holds, pauses] = hostioTables(resultOf(), ['a note']);
    expect(rates?.rows.map((row) => [row[2], row[3], row[5]])).toEqual([
      [OWN, '900', ''],
      [PEER, '1,000', '0.90x'],
    ]);
    expect(holds?.rows[0]).toContain('11.0');
    expect(pauses?.rows[0]).toEqual(['1000', OWN, '1.00', '3.00', '4.00', '1', '30.0', '30.0', '1.8 %']);
  });

  it('show nobody waiting as no rate', () => {
    const [rates] = hostioTables(resultOf({ rates: [rate(OWN, 0, 0, 0)] }), []);
    expect(rates?.rows[0]?.slice(3, 8)).toEqual(['-', '-', '', '-', '']);
  });
});

describe('hostioChart', () => {
  it('has a group per width, and leaves out who was alone', () => {
    const rates = [rate(OWN, 1, 0, 0), rate(OWN, 2, 1_000, 1), rate(OWN, 3), rate(PEER, 4)];
    const { groups } = hostioChart(resultOf({ rates }));
    expect(groups.map(({ label, bars }) => [label, bars.map(({ value }) => value)])).toEqual([
      ['1,000 at once', [3, 4]],
    ]);
  });
});
