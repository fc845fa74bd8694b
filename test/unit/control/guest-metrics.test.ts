import { describe, expect, it } from 'vitest';
import type { MetricFigures } from '../../../src/capability/shared.ts';
import { guestMetricsText, type TenantGuestMetrics } from '../../../src/control/guest-metrics.ts';
import { MAX_GUEST_SERIES } from '../../../src/control/limits.ts';
import { SharedMemories } from '../../../src/control/shared-memories.ts';
import { TenantSharedState } from '../../../src/runtime/shared-state.ts';
import { ANN, ControlHarness } from './control-harness.ts';

describe('the metrics of guests', () => {
  it('are families with tenant and name as labels', () => {
    const memories = new SharedMemories();
    const state = new TenantSharedState(memories.of('shop', null));
    state.increment(state.define('counter', 'hits') ?? 0, 3n);
    state.record(state.define('gauge', 'temperature') ?? 0, 7n);
    state.record(state.define('histogram', 'ms') ?? 0, 5n);
    state.record(state.define('histogram', 'ms') ?? 0, 6n);
    expect(
      guestMetricsText(memories.metrics())
        .split('\n')
        .filter((line) => !line.startsWith('#')),
    ).toEqual([
      'kerb_guest_counter_total{tenant="shop",name="hits"} 3',
      'kerb_guest_gauge{tenant="shop",name="temperature"} 7',
      'kerb_guest_histogram_sum{tenant="shop",name="ms"} 11',
      'kerb_guest_histogram_count{tenant="shop",name="ms"} 2',
      '',
    ]);
  });

  it('cannot end their line or their label', () => {
    const metrics = [{ kind: 'gauge' as const, name: 'a"} 1\nkerb_up{x="\\', value: 1n, count: 0n }];
    const lines = guestMetricsText([counted('t', metrics)])
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe(String.raw`kerb_guest_gauge{tenant="t",name="a\"} 1\nkerb_up{x=\"\\"} 1`);
  });

  it('are nothing where there are none, and no more than a scraper is to keep', () => {
    expect(guestMetricsText([counted('t', [])])).toBe('');
    const tenants = Array.from({ length: 200 }, (_, n) => counted(`t${n}`, gauges(64)));
    expect(gaugeLines(tenants)).toHaveLength(MAX_GUEST_SERIES);
  });

  it('leave room for those of other tenants, and are read no further than they are shown', () => {
    let asked = 0;
    const greedy = { tenant: 'greedy', metric: (number: number) => ((asked += 1), gauges(number)[number - 1] ?? null) };
    const lines = gaugeLines([greedy, ...['b', 'c'].map((name) => counted(name, gauges(10)))]);
    const shares = ['greedy', 'b', 'c'].map((name) => lines.filter((line) => line.includes(`tenant="${name}"`)).length);
    expect(shares).toEqual([MAX_GUEST_SERIES - 20, 10, 10]);
    expect(asked).toBe(MAX_GUEST_SERIES - 20);
    expect(lines[0]).toBe('kerb_guest_gauge{tenant="greedy",name="m0"} 1');
  });

  it('of two samples are shown whole or not at all', () => {
    const histogram = { kind: 'histogram' as const, name: 'h', value: 1n, count: 1n };
    const full = Array.from({ length: MAX_GUEST_SERIES - 1 }, (_, n) => counted(`t${n}`, gauges(1)));
    expect(guestMetricsText([...full, counted('last', [histogram])])).not.toContain('last');
  });
});

function gauges(length: number): MetricFigures[] {
  return Array.from({ length }, (_, n) => ({ kind: 'gauge', name: `m${n}`, value: 1n, count: 0n }));
}

function counted(tenant: string, metrics: readonly MetricFigures[]): TenantGuestMetrics {
  return { tenant, metric: (number) => metrics[number - 1] ?? null };
}

function gaugeLines(tenants: readonly TenantGuestMetrics[]): string[] {
  return guestMetricsText(tenants)
    .split('\n')
    .filter((line) => line.startsWith('kerb_guest_gauge{'));
}

describe('the memory of a tenant', () => {
  it('is kept over its versions, and is another when the tenant was made anew', () => {
    const memories = new SharedMemories();
    const first = memories.of('shop', 1);
    expect(memories.of('shop', 1)).toBe(first);
    expect(memories.of('shop', 2)).not.toBe(first);
    expect(memories.of('other', 2)).not.toBe(memories.of('shop', 2));
  });

  it('goes with its metrics when the name has another owner, or none', async () => {
    const harness = await ControlHarness.open();
    const { shared } = harness.control;
    harness.tenants.createTenant('shop', 'ann');
    const first = shared.of('shop', 1);
    new TenantSharedState(first).define('gauge', 'visitors');
    expect(guestMetricsText(shared.metrics())).toContain('visitors');
    await harness.tenants.deleteTenant('shop', ANN);
    expect([...shared.metrics()]).toEqual([]);
    expect(shared.of('shop', 1)).not.toBe(first);
    harness.tenants.createTenant('shop', 'ann');
    expect([...shared.metrics()]).toEqual([]);
  });
});
