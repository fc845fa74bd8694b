import { describe, expect, it } from 'vitest';
import { barChart } from '../../../bench/chart.ts';
import { COLD_CASES, FILLERS, SMALL_CASE } from '../../../bench/cold-cases.ts';
import {
  coldAims,
  coldChart,
  coldData,
  coldSampleOf,
  coldTable,
  type ColdSample,
  type ColdSeries,
} from '../../../bench/cold-report.ts';
import { WOKEN_AT_START } from '../../../src/control/limits.ts';

const VISITS = { wholeMs: [], latenessMs: [], faults: [] };

function sample(firstMs: readonly number[], errors = 0): ColdSample {
  const rest = { startMs: 500, residentKib: 60, cpuMs: 1.5, verdicts: { right: firstMs.length } };
  return { ...rest, firstMs, againMs: firstMs.map((ms) => ms / 2), errors };
}

function series(server: string, ...rounds: ColdSample[]): ColdSeries {
  const tone = server === 'Kerb' ? 'own' : 'peer';
  return { name: SMALL_CASE, bytes: 10_000, lanes: 1, server, tone, tenants: 2, samples: rounds };
}

describe('the cases of cold', () => {
  it('have more tenants in the store than are woken at the start', () => {
    expect(FILLERS.count).toBeGreaterThan(WOKEN_AT_START);
  });

  it('have the case that the aim is about, with a thousand tenants', () => {
    const small = COLD_CASES.full.find(({ name }) => name === SMALL_CASE);
    expect(small).toMatchObject({ bytes: 10_000, tenants: 1_000, lanes: 1 });
  });
});

describe('a round of cold', () => {
  it('times right answers only, and counts the others', () => {
    const first = { ...VISITS, firstByteMs: [3, 4, 5], verdicts: ['right', 'wrong', 'right'] };
    const again = { ...VISITS, firstByteMs: [1, 1, 1], verdicts: ['right', 'right', '503 capacity'] };
    const round = coldSampleOf(first, again, { startMs: 1, residentKib: 2, cpuMs: 3 });
    expect(round).toMatchObject({ firstMs: [3, 5], againMs: [1, 1], errors: 2, verdicts: { right: 2, wrong: 1 } });
  });
});

describe('the report of cold', () => {
  const all = [series('Kerb', sample([0.5, 0.7]), sample([0.6, 0.9])), series('workerd, loaded', sample([5, 9]))];

  it('has a row per contender, with the median of the rounds and the worst of all', () => {
    const { rows } = coldTable(all, []);
    expect(rows[0]?.slice(0, 3)).toEqual([SMALL_CASE, 'Kerb', '2']);
    expect(rows[0]?.[5]).toBe('0.70–0.90');
    expect(rows[0]?.[6]).toBe('0.90');
    expect(rows[1]?.[1]).toBe('workerd, loaded');
  });

  it('judges the tail of the small case', () => {
    expect(coldAims(all)[0]).toMatchObject({ verdict: 'met' });
    expect(coldAims([series('Kerb', sample([0.5, 3]))])[0]).toMatchObject({ verdict: 'missed' });
  });

  it('gives no verdict on times where answers were wrong, and says so', () => {
    const [tail, right] = coldAims([series('Kerb', sample([0.5, 0.6], 1))]);
    expect(tail?.verdict).toBe('not measured');
    expect(right).toMatchObject({ verdict: 'missed', measured: '1 were not' });
  });

  it('draws a group per case', () => {
    expect(barChart(coldChart(all))).toContain('workerd, loaded');
  });

  it('keeps figures, not requests', () => {
    expect(JSON.stringify(coldData(all))).toContain('"p99"');
    expect(JSON.stringify(coldData(all))).not.toContain('[0.5,0.7]');
  });
});
