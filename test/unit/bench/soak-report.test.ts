import { describe, expect, it } from 'vitest';
import { barChart } from '../../../bench/chart.ts';
import { SLICES } from '../../../bench/soak-cases.ts';
import {
  growthOf,
  soakAims,
  soakChart,
  soakData,
  soakTables,
  type SoakLook,
  type SoakResult,
  type SoakSpell,
} from '../../../bench/soak-report.ts';

const MINUTE = 60_000;

/** A look each minute, of memory as a function of the minute. */
function looks(minutes: number, residentMib: (minute: number) => number): SoakLook[] {
  return Array.from({ length: minutes }, (_, minute) => ({
    atMs: minute * MINUTE,
    residentMib: residentMib(minute),
    mappings: 1_000,
    files: 40,
    sockets: 100,
    awake: 50,
    wakes: minute * 3,
  }));
}

function spell(minute: number, more: Partial<SoakSpell> = {}): SoakSpell {
  const counts = { sent: 100, wrong: 0, unexpected: 0, refused: 1, lost: 0 };
  return { atMs: minute * MINUTE, ...counts, warmMs: [1, 2], coldMs: [5], ...more };
}

function resultOf(minutes: number, more: Partial<SoakResult> = {}): SoakResult {
  return {
    minutes,
    looks: looks(minutes, () => 400),
    spells: Array.from({ length: minutes }, (_, minute) => spell(minute)),
    churn: { steps: { create: 5, deploy: 5, rollback: 5, delete: 4 }, faults: 0 },
    died: null,
    faults: [],
    ...more,
  };
}

const verdictsOf = (result: SoakResult): string[] => soakAims(result).map(({ verdict }) => verdict);

describe('growth', () => {
  it('is that of a straight line through the second half', () => {
    const growth = growthOf(
      looks(61, (minute) => (minute < 30 ? minute * 10 : 300 + (minute - 30))),
      'residentMib',
    );
    expect(growth?.perHour).toBeCloseTo(60);
    expect(growth?.gained).toBeCloseTo(30);
    expect(growth?.median).toBe(315);
  });

  it('takes a few looks', () => {
    expect(
      growthOf(
        looks(3, () => 1),
        'files',
      ),
    ).toBeNull();
    expect(growthOf([], 'files')).toBeNull();
  });
});

describe('the aims of soak', () => {
  it('are met', () => {
    expect(verdictsOf(resultOf(60))).toEqual(Array.from({ length: 8 }, () => 'met'));
  });

  it('do not judge growth after a short time', () => {
    expect(verdictsOf(resultOf(1)).slice(5)).toEqual(['not measured', 'not measured', 'not measured']);
  });

  it('miss memory that grows all the time', () => {
    expect(verdictsOf(resultOf(60, { looks: looks(60, (minute) => 400 + minute * 3) }))[5]).toBe('missed');
  });

  it.each([
    [0, { spells: [spell(1, { wrong: 1 })] }],
    [1, { spells: [spell(1, { unexpected: 1 })] }],
    [2, { spells: [spell(1, { lost: 1 })] }],
    [3, { churn: { steps: { create: 5, deploy: 5, rollback: 5, delete: 4 }, faults: 1 } }],
    [4, { died: 134 }],
  ])('miss aim %i', (aim, more) => {
    expect(verdictsOf(resultOf(60, more))[aim]).toBe('missed');
  });
});

describe('the report of soak', () => {
  const [course, growth] = soakTables(resultOf(16), []);

  it('divides the time into parts', () => {
    expect(course?.rows).toHaveLength(SLICES);
    expect(course?.rows.map((row) => row[1])).toEqual(Array.from({ length: SLICES }, () => '200'));
    expect(course?.rows[0]?.[0]).toBe('2.00');
  });

  it('has what grew', () => {
    expect(growth?.rows.map(([name]) => name)).toEqual(['resident, MiB', 'mappings', 'files']);
  });

  it('has a chart, and data without single requests', () => {
    expect(barChart(soakChart(resultOf(16)))).toContain('400 MiB');
    expect(JSON.stringify(soakData(resultOf(16)))).toContain('"coldP99Ms":5');
  });
});
