import { describe, expect, it } from 'vitest';
import { barChart } from '../../../bench/chart.ts';
import { DENSITY_AIMS } from '../../../bench/density-cases.ts';
import {
  kibEach,
  strayVerdicts,
  type DensityResult,
  type EndSample,
  type LiveSample,
  type LiveSeries,
  type RegisteredSample,
} from '../../../bench/density-figures.ts';
import { densityAims, densityChart, densityData, densityTables } from '../../../bench/density-report.ts';

const use = (residentMib: number): LiveSample['use'] => ({ residentMib, mappings: 600, files: 20, sockets: 3 });

function registered(tenants: number, residentMib: number, errors = 0): RegisteredSample {
  return { tenants, startMs: 2_000, use: use(residentMib), heapBytes: 2 ** 20, right: 200 - errors, errors };
}

function live(tenants: number, residentMib: number, awake: number | null = tenants): LiveSample {
  return { tenants, use: use(residentMib), heapBytes: 2 ** 21, firstMs: [1, 2], seconds: 3, errors: 0, awake };
}

function series(server: string, samples: readonly LiveSample[], stopped: string | null = null): LiveSeries {
  const round = { idle: use(200), idleHeapBytes: 2 ** 20, samples, stopped };
  return { server, tone: server === 'Kerb' ? 'own' : 'peer', rounds: [round, round] };
}

const END: EndSample = {
  name: 'a storm',
  verdicts: { '503 capacity': 90, '503 cpu_limit': 10 },
  peakMib: 500,
  targetMib: 400,
  awake: 10,
  afterwards: { right: 200, asked: 200 },
  alive: 'alive',
};

function resultOf(more: Partial<DensityResult> = {}): DensityResult {
  return {
    registered: [registered(1, 250), registered(DENSITY_AIMS.registered, 300)],
    live: [
      series('Kerb', [live(100, 210), live(DENSITY_AIMS.live, 800)]),
      series('a Worker per tenant', [live(100, 2_200)], 'stopped: above 4096 MiB'),
    ],
    ends: [END],
    ...more,
  };
}

describe('the tables of density', () => {
  const [atRest, alive, ends] = densityTables(resultOf(), { registered: [], live: [], ends: [] });

  it('say what a tenant at rest takes, beside one', () => {
    expect(atRest?.rows[0]?.[3]).toBe('-');
    expect(atRest?.rows[1]?.slice(0, 4)).toEqual(['100,000', '2.00', '300', '524']);
  });

  it('say what a live tenant takes, and why there are no more', () => {
    expect(alive?.rows.map((row) => [row[0], row[1], row[3], row[10]])).toEqual([
      ['Kerb', '100', '102', ''],
      ['Kerb', '10,000', '61.4', 'all live'],
      ['a Worker per tenant', '100', '20,480', 'stopped: above 4096 MiB'],
    ]);
  });

  it('say how requests ended at the end', () => {
    expect(ends?.rows[0]).toEqual([
      'a storm',
      '0.00',
      '90.0',
      '10 503 cpu_limit',
      '500',
      '400',
      '10.0',
      '200 of 200 right',
      'alive',
    ]);
  });

  it('have figures of every round', () => {
    expect(kibEach(series('Kerb', [live(100, 210)]), 100)).toMatchObject({ min: 102.4, max: 102.4 });
    expect(kibEach(series('Kerb', []), 100)).toBeNull();
  });
});

describe('the aims of density', () => {
  it('are met', () => {
    expect(densityAims(resultOf()).map(({ verdict }) => verdict)).toEqual(['met', 'met', 'met']);
  });

  it('are not measured where there were fewer tenants', () => {
    const few = resultOf({ registered: [registered(500, 250)], live: [series('Kerb', [live(100, 210)])], ends: [] });
    expect(densityAims(few).map(({ verdict }) => verdict)).toEqual(['not measured', 'not measured', 'not measured']);
  });

  it('do not count tenants that were put to rest as live', () => {
    const tired = resultOf({ live: [series('Kerb', [live(DENSITY_AIMS.live, 800, 5_000)])] });
    expect(densityAims(tired)[1]?.verdict).toBe('not measured');
  });

  it.each([
    [{ ...END, verdicts: { ...END.verdicts, lost: 1 } }],
    [{ ...END, alive: 'ended' as const }],
    [{ ...END, afterwards: { right: 199, asked: 200 } }],
    [{ ...END, verdicts: { right: 100 } }],
  ])('miss an end that is not clean: %#', (end) => {
    expect(densityAims(resultOf({ ends: [end] }))[2]?.verdict).toBe('missed');
  });

  it('take what the budgets are for as by design', () => {
    expect(strayVerdicts({ verdicts: { right: 1, '503 capacity': 2, '500 internal_error': 3 } })).toEqual({
      '500 internal_error': 3,
    });
  });
});

describe('the chart and the data of density', () => {
  it('compare everybody at the same number of tenants', () => {
    const chart = densityChart(resultOf());
    expect(chart.groups[0]?.label).toBe('100 live');
    expect(barChart(chart)).toContain('20,480 KiB');
  });

  it('keep figures, not requests', () => {
    expect(JSON.stringify(densityData(resultOf()))).toContain('"firstP99Ms":1.99');
  });
});
