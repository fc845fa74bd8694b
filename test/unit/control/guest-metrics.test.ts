import { describe, expect, it } from 'vitest';
import { guestMetricsText } from '../../../src/control/guest-metrics.ts';
import { MAX_GUEST_SERIES } from '../../../src/control/limits.ts';
import { SharedMemories } from '../../../src/control/shared-memories.ts';
import { TenantSharedState } from '../../../src/runtime/shared-state.ts';

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
    const lines = guestMetricsText([{ tenant: 't', metrics }])
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe(String.raw`kerb_guest_gauge{tenant="t",name="a\"} 1\nkerb_up{x=\"\\"} 1`);
  });

  it('are nothing where there are none, and no more than a scraper is to keep', () => {
    expect(guestMetricsText([{ tenant: 't', metrics: [] }])).toBe('');
    const metrics = Array.from({ length: 64 }, (_, n) => ({
      kind: 'gauge' as const,
      name: `m${n}`,
      value: 1n,
      count: 0n,
    }));
    const tenants = Array.from({ length: 200 }, (_, n) => ({ tenant: `t${n}`, metrics }));
    const lines = guestMetricsText(tenants)
      .split('\n')
      .filter((line) => line.startsWith('kerb_guest_gauge{'));
    expect(lines).toHaveLength(MAX_GUEST_SERIES);
  });
});

describe('the memory of a tenant', () => {
  it('is kept over its versions, and is another when the tenant was made anew', () => {
    const memories = new SharedMemories();
    const first = memories.of('shop', 1);
    expect(memories.of('shop', 1)).toBe(first);
    expect(memories.of('shop', 2)).not.toBe(first);
    expect(memories.of('other', 2)).not.toBe(memories.of('shop', 2));
  });
});
