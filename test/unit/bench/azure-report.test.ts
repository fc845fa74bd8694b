import { describe, expect, it } from 'vitest';
import { azureOrder, azureWeights, KEPT_SHARE, wakingOrder } from '../../../bench/azure-cases.ts';
import {
  azureFigures,
  azureLateness,
  azureSampleOf,
  IDEAL,
  OWN,
  slowdownOf,
  type AzureSample,
  type AzureSeries,
} from '../../../bench/azure-figures.ts';
import { azureAims, azureChart, azureData, azureTable } from '../../../bench/azure-report.ts';
import { targetFor } from '../../../bench/azure.ts';
import { barChart } from '../../../bench/chart.ts';
import { awakeBytesOf } from '../../../src/control/awake-share.ts';

const CASE = { tenants: 1_000, perSecond: 100 };

describe('the requests of azure', () => {
  const weights = azureWeights(CASE);

  it('wake everybody once, the most popular last', () => {
    const { places } = wakingOrder(weights, 4);
    expect(new Set(places).size).toBe(1_000);
    expect(weights[places.at(-1) ?? 0]).toBe(Math.max(...weights));
  });

  it('come at the rate, in order, the same each time, and others in another round', () => {
    const order = azureOrder(weights, CASE, 0, 20);
    if (order.kind !== 'on schedule') throw new Error('not on schedule');
    expect(order.places.length).toBeGreaterThan(1_800);
    expect(order.places.length).toBeLessThan(2_200);
    expect(order.atMs).toEqual(order.atMs.toSorted((a, b) => a - b));
    expect(azureOrder(weights, CASE, 0, 20)).toEqual(order);
    expect(azureOrder(weights, CASE, 1, 20)).not.toEqual(order);
  });

  it('are mostly for the few that are popular', () => {
    const { places } = azureOrder(weights, CASE, 0, 60);
    const popular = new Set(weights.flatMap((weight, place) => (weight >= 1 ? [place] : [])));
    expect(popular.size).toBe(30);
    expect(places.filter((place) => popular.has(place)).length / places.length).toBeGreaterThan(0.8);
  });
});

describe('the memory target', () => {
  it('gives awake tenants a part of what they take', () => {
    expect(awakeBytesOf(targetFor(1_000 * 2 ** 20))).toBe(1_000 * KEPT_SHARE * 2 ** 20);
    expect(targetFor(0)).toBe(320);
  });
});

function sample(latenciesMs: readonly number[], more: Partial<AzureSample> = {}): AzureSample {
  const rest = { seconds: 1, cpuSeconds: 0.5, residentMib: 300, awake: 900, errors: 0, verdicts: {} };
  return { latenciesMs, latenessMs: [0.1], requests: 1_000, wakes: 0, ...rest, ...more };
}

function series(server: string, ...samples: AzureSample[]): AzureSeries {
  return { ...CASE, server, memoryTarget: 500, samples };
}

const IDEALS = series(IDEAL, sample([1, 1]), sample([2, 2]));

describe('the figures of azure', () => {
  it('tell who was warm by Kerb’s count of wakes', () => {
    expect(azureFigures(series(OWN, sample([1], { wakes: 1 }), sample([1], { wakes: 3 }))).warm).toBe(0.998);
    expect(azureFigures(series(OWN, sample([1], { wakes: null }))).warm).toBeNull();
  });

  it('compare round by round', () => {
    const all = [series(OWN, sample([1.5, 1.5]), sample([6, 6])), IDEALS];
    expect(slowdownOf(all[0] as AzureSeries, all, 0.99)).toMatchObject({ min: 1.5, max: 3 });
    expect(slowdownOf(series(OWN, sample([1])), [], 0.99)).toBeNull();
  });

  it('are made from visits and what Kerb tells before and after', () => {
    const result = {
      firstByteMs: [1, 2],
      wholeMs: [1, 2],
      verdicts: ['right', '503 capacity'],
      latenessMs: [0, 0],
      faults: [],
    };
    const run = { result, serverCpuSeconds: 1, loadCpuSeconds: 1, residentKib: 2_048, seconds: 3 };
    const made = azureSampleOf(run, { wakes: 5, awake: 1 }, { wakes: 8, awake: 2 });
    expect(made).toMatchObject({ latenciesMs: [1], requests: 2, wakes: 3, awake: 2, errors: 1, residentMib: 2 });
  });
});

describe('the aims of azure', () => {
  const verdicts = (...all: AzureSeries[]): string[] => azureAims(all).map(({ verdict }) => verdict);

  it('are met', () => {
    expect(verdicts(series(OWN, sample([1.5]), sample([3])), IDEALS)).toEqual(['met', 'met', 'met']);
  });

  it('are missed by too many wakes, a long tail, a wrong answer', () => {
    const bad = { wakes: 2, errors: 1 };
    expect(verdicts(series(OWN, sample([3], bad), sample([6], bad)), IDEALS)).toEqual(['missed', 'missed', 'missed']);
  });

  it('say nothing of times where the generator was late', () => {
    const late = { latenessMs: [5] };
    const all = [series(OWN, sample([1], late)), series(IDEAL, sample([1], late))];
    expect(verdicts(...all)[1]).toBe('not measured');
    expect(azureLateness(all)).toBe(5);
  });

  it('take all that the generator was late off the ideal’s times', () => {
    const late = { latenessMs: [1] };
    const pair = (own: number): AzureSeries[] => [series(OWN, sample([own], late)), series(IDEAL, sample([4], late))];
    expect([verdicts(...pair(6))[1], verdicts(...pair(6.1))[1]]).toEqual(['met', 'missed']);
    expect(slowdownOf(pair(6)[0] as AzureSeries, pair(6), 0.99)?.median).toBe(1.5);
  });

  it('are about every case', () => {
    const other = { ...series(OWN, sample([1], { wakes: 50 })), tenants: 5 };
    expect(verdicts(series(OWN, sample([1]), sample([1])), other, IDEALS)[0]).toBe('missed');
  });
});

describe('the report of azure', () => {
  const all = [series(OWN, sample([1.5]), sample([3])), IDEALS];

  it('has a row per contender; the ideal is not compared with itself', () => {
    const { rows } = azureTable(all, []);
    expect(rows.map((row) => [row[1], row[6], row[12]])).toEqual([
      [OWN, '100.00 %', '1.50x'],
      [IDEAL, '100.00 %', ''],
    ]);
  });

  it('has a chart, and data without single requests', () => {
    expect(barChart(azureChart(all))).toContain('1,000 tenants');
    expect(JSON.stringify(azureData(all))).toContain('"latenessP99Ms":0.1');
  });
});
