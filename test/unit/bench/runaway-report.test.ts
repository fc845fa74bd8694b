import { describe, expect, it } from 'vitest';
import type { Tail } from '../../../src/lab/quantile.ts';
import type { Timed } from '../../../bench/client.ts';
import {
  MOST_OVERSHOOT_MS,
  overshootOf,
  parseAccessLog,
  runawayAims,
  runawayChart,
  runawayData,
  runawayTables,
  type CaseResult,
  type RunawayResult,
} from '../../../bench/runaway-report.ts';

const tail = (p99: number): Tail => ({
  count: 3,
  p50: 0,
  p99,
  p999: p99,
  max: p99,
});

function caseOf(outcome: string, ...cpuMs: number[]): CaseResult {
  const attempt: Timed = { status: 503, outcome, wallMs: 6 };
  return {
    attack: 'loop',
    budgetMs: 5,
    tenant: 'loop-5ms',
    attempts: cpuMs.map(() => attempt),
    charged: cpuMs.map((ms) => ({ tenant: 'loop-5ms', outcome, cpuMs: ms })),
  };
}

function resultOf(cases: readonly CaseResult[], difference: Partial<RunawayResult> = {}): RunawayResult {
  const calm = { latenciesMs: [1, 2, 3], errors: 0 };
  const vm = { overshootMs: { 5: tail(0.25) }, callUs: { armed: tail(200), plain: tail(1) } };
  return {
    cases,
    alone: calm,
    beside: { loop: calm, start: calm },
    arming: { median: 20, min: 10, max: 30 },
    vm,
    ...difference,
  };
}

const verdicts = (result: RunawayResult): string[] => runawayAims(result).map(({ verdict }) => verdict);

describe('parseAccessLog', () => {
  it('reads what was charged to tenants, and nothing else', () => {
    const lines = [
      { kind: 'access', tenant: 'loop-5ms', outcome: 'cpu_limit', cpu_ms: 5.25 },
      { kind: 'access', tenant: null, outcome: 'unknown_host', cpu_ms: 0 },
      { kind: 'guest', tenant: 'loop-5ms', level: 'info', message: 'hi' },
    ];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    expect(parseAccessLog(text)).toEqual([{ tenant: 'loop-5ms', outcome: 'cpu_limit', cpuMs: 5.25 }]);
  });
});

describe('overshootOf', () => {
  it('is what was charged beyond the budget', () => {
    expect(overshootOf(caseOf('cpu_limit', 5, 6, 7))).toMatchObject({ count: 3, p50: 1, max: 2 });
  });

  it('is nothing for requests that something else ended', () => {
    expect(overshootOf(caseOf('stack_limit', 0.1))).toBeNull();
  });
});

describe('runawayAims', () => {
  it('are met when the worst case is', () => {
    expect(verdicts(resultOf([caseOf('cpu_limit', 5), caseOf('cpu_limit', 5 + MOST_OVERSHOOT_MS)]))).toEqual([
      'met',
      'met',
      'met',
    ]);
  });

  it('are missed when one case is', () => {
    expect(verdicts(resultOf([caseOf('cpu_limit', 5), caseOf('cpu_limit', 9)]))[0]).toBe('missed');
  });

  it('are missed by a dear arming, and by a single error of the bystander', () => {
    const result = resultOf([], {
      arming: { median: 101, min: 1, max: 200 },
      beside: { loop: { latenciesMs: [1], errors: 0 }, start: { latenciesMs: [1], errors: 1 } },
    });
    expect(verdicts(result)).toEqual(['not measured', 'missed', 'missed']);
  });

  it('do not take a bystander that was never asked for a healthy one', () => {
    expect(verdicts(resultOf([], { beside: { loop: { latenciesMs: [], errors: 0 } } }))[2]).toBe('not measured');
  });
});

describe('runawayTables', () => {
  it('put the peer beside the cases', () => {
    const [cases] = runawayTables(resultOf([caseOf('cpu_limit', 6)]));
    expect(cases?.rows).toEqual([
      ['loop', '5 ms', 'cpu_limit', '1', '1.00', '1.00', '1.00', '6.00', '6.00', '6.00'],
      ['vm timeout: loop', '5 ms', 'stopped', '3', '0.00', '0.25', '0.25', '5.00', '5.25', '5.25'],
    ]);
  });

  it('count outcomes where a case had several', () => {
    const mixed = {
      ...caseOf('cpu_limit', 6),
      charged: [...caseOf('cpu_limit', 6).charged, ...caseOf('ok', 1).charged],
    };
    expect(runawayTables(resultOf([mixed]))[0]?.rows[0]?.[2]).toBe('cpu_limit 1, ok 1');
  });

  it('do without the peer', () => {
    const tables = runawayTables(resultOf([caseOf('cpu_limit', 6)], { vm: null }));
    expect(tables.map(({ rows }) => rows.length)).toEqual([1, 3, 1]);
  });
});

describe('runawayChart', () => {
  it('shows the tail by budget, with the aim as a mark, and no bar where no budget ended a request', () => {
    const chart = runawayChart(resultOf([caseOf('cpu_limit', 6), caseOf('stack_limit', 1)]));
    expect(chart.groups).toHaveLength(1);
    expect(chart.groups[0]?.bars.map(({ label, value }) => [label, value])).toEqual([
      ['loop', 1],
      ['vm timeout: loop', 0.25],
    ]);
    expect(chart.mark?.value).toBe(MOST_OVERSHOOT_MS);
  });
});

describe('runawayData', () => {
  it('keeps tails and outcomes, not single requests', () => {
    const data = runawayData(resultOf([caseOf('cpu_limit', 5, 6, 7), caseOf('stack_limit', 1)]));
    expect(data).toMatchObject({
      cases: [
        { outcomes: ['cpu_limit'], overshootMs: { max: 2 }, chargedMs: { max: 7 }, wallMs: { max: 6 } },
        { outcomes: ['stack_limit'], overshootMs: null, chargedMs: { max: 1 } },
      ],
      bystander: { beside: { loop: { errors: 0, latencyMs: { max: 3 } } } },
    });
  });
});
