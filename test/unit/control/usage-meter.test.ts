import { describe, expect, it } from 'vitest';
import { TenantCounts } from '../../../src/control/tenant-counts.ts';
import { HOUR_MS, UsageMeter } from '../../../src/control/usage-meter.ts';
import { KerbError } from '../../../src/errors.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import type { UsageRecord } from '../../../src/store/records.ts';
import type { Store } from '../../../src/store/store.ts';
import { opened } from '../store/fixtures.ts';

const HOUR = 500_000 * HOUR_MS;

interface Metered {
  readonly meter: UsageMeter;
  readonly counters: TenantCounters;
  readonly store: Store;
  readonly usage: (tenant?: string) => readonly UsageRecord[];
}

function activityOf(counters: TenantCounters): (slot: number) => number {
  return (slot) => counters.requests(slot) + counters.cpuUs(slot);
}

/** The counters' word `place` words behind the first of a slot can be set by hand. */
function metered(tenants: ReadonlyMap<string, number> = new Map([['a', 0]])): Metered {
  const { store } = opened(...tenants.keys());
  const counters = TenantCounters.create(4);
  const meter = new UsageMeter({
    tenants: () => tenants,
    read: (slot) => counters.read(slot),
    activity: activityOf(counters),
    add: (usage) => store.addUsage(usage),
  });
  return { meter, counters, store, usage: (tenant = 'a') => store.usage(tenant, 0, 2 * HOUR) };
}

describe('usage', () => {
  it('is what the counters grew by, added up in the hour in which it was written', () => {
    const { meter, counters, usage } = metered();
    counters.count(0, 'ok');
    counters.count(0, 'guest_trap');
    counters.addCpu(0, 70);
    meter.record(HOUR + 1);
    counters.count(0, 'ok');
    counters.addCpu(0, 5);
    meter.record(HOUR + HOUR_MS - 1);
    counters.count(0, 'cpu_limit');
    meter.record(HOUR + HOUR_MS);
    expect(usage()).toEqual([
      { tenant: 'a', hourMs: HOUR, requests: 3, cpuUs: 75, outcomes: { ok: 2, guest_trap: 1 } },
      { tenant: 'a', hourMs: HOUR + HOUR_MS, requests: 1, cpuUs: 0, outcomes: { cpu_limit: 1 } },
    ]);
  });

  it('of nothing is not written, and of CPU time without an ended request is', () => {
    const { meter, counters, usage } = metered();
    meter.record(HOUR);
    expect(usage()).toEqual([]);
    counters.addCpu(0, 9);
    meter.record(HOUR);
    meter.record(HOUR + HOUR_MS);
    expect(usage()).toEqual([{ tenant: 'a', hourMs: HOUR, requests: 0, cpuUs: 9, outcomes: {} }]);
  });

  it('stays with its tenant', () => {
    const { meter, counters, usage } = metered(
      new Map([
        ['constructor', 2],
        ['a', 1],
      ]),
    );
    counters.count(2, 'ok');
    meter.record(HOUR);
    expect(usage()).toEqual([]);
    expect(usage('constructor')).toHaveLength(1);
  });

  it.each([
    ['the sign', 0x7f_ff_ff_ff],
    ['zero', -1],
  ])('goes on where a counter passes %s', (_, last) => {
    const { meter, counters, usage } = metered();
    counters.count(0, 'ok');
    const place = counters.share.words.indexOf(1);
    counters.share.words[place] = last;
    meter.record(HOUR);
    counters.count(0, 'ok');
    counters.count(0, 'ok');
    meter.record(HOUR + HOUR_MS);
    expect(usage().map(({ requests }) => requests)).toEqual([last >>> 0, 2]);
  });

  it('goes on where the low half of the CPU time wraps', () => {
    const { meter, counters, usage } = metered();
    counters.addCpu(0, 2 ** 32 - 1);
    meter.record(HOUR);
    counters.addCpu(0, 11);
    meter.record(HOUR + HOUR_MS);
    expect(usage().map(({ cpuUs }) => cpuUs)).toEqual([2 ** 32 - 1, 11]);
  });

  it('that is looked at between the two halves of a carry waits for the next look', () => {
    const { meter, counters, usage } = metered();
    counters.addCpu(0, 2 ** 32 - 1);
    meter.record(HOUR);
    counters.addCpu(0, 11);
    const high = counters.share.words.indexOf(1);
    Atomics.sub(counters.share.words, high, 1);
    meter.record(HOUR + HOUR_MS);
    Atomics.add(counters.share.words, high, 1);
    meter.record(HOUR + HOUR_MS);
    expect(usage().map(({ cpuUs }) => cpuUs)).toEqual([2 ** 32 - 1, 11]);
  });

  it('of tenants that are not in the store is left out', () => {
    const { meter, counters, store, usage } = metered(
      new Map([
        ['a', 0],
        ['b', 1],
      ]),
    );
    store.deleteTenant('b');
    counters.count(0, 'ok');
    counters.count(1, 'ok');
    meter.record(HOUR);
    expect([usage('a').length, usage('b').length]).toEqual([1, 0]);
  });

  it('is read only of those that were active', () => {
    const counters = TenantCounters.create(3);
    const read: number[] = [];
    const meter = new UsageMeter({
      tenants: () => [
        ['a', 0],
        ['b', 1],
        ['c', 2],
      ],
      read: (slot) => {
        read.push(slot);
        return counters.read(slot);
      },
      activity: activityOf(counters),
      add: () => undefined,
    });
    counters.count(1, 'ok');
    meter.record(HOUR);
    meter.record(HOUR);
    counters.addCpu(2, 1);
    meter.record(HOUR);
    expect(read).toEqual([1, 2]);
  });

  it('that cannot be written is not lost', () => {
    const counters = TenantCounters.create(1);
    const written: UsageRecord[] = [];
    let locked = true;
    const meter = new UsageMeter({
      tenants: () => [['a', 0]],
      read: (slot) => counters.read(slot),
      activity: activityOf(counters),
      add: (usage) => {
        if (locked) throw new KerbError('conflict', 'locked');
        written.push(...usage);
      },
    });
    counters.count(0, 'ok');
    expect(() => meter.record(HOUR)).toThrow('locked');
    locked = false;
    counters.count(0, 'ok');
    meter.record(HOUR);
    expect(written).toEqual([{ tenant: 'a', hourMs: HOUR, requests: 2, cpuUs: 0, outcomes: { ok: 2 } }]);
  });
});

describe('a slot that has another owner', () => {
  it('counts from zero, in usage and in figures', () => {
    const { store } = opened('a');
    const counters = TenantCounters.create(1);
    const counts = new TenantCounts(counters);
    const meter = new UsageMeter({
      tenants: () => [['a', 0]],
      read: (slot) => counts.read(slot),
      activity: activityOf(counters),
      add: (usage) => store.addUsage(usage),
    });
    for (let request = 0; request < 3; request++) counters.count(0, 'ok');
    counters.addCpu(0, 90);
    counters.addPages(0, 2);
    counters.tryEnter(0, 9);
    meter.record(HOUR);
    counts.begin(0);
    meter.forget(0);
    expect(counts.read(0)).toMatchObject({ outcomes: { ok: 0 }, cpuUs: 0, memoryPages: 2, inFlight: 1 });
    counters.count(0, 'ok');
    counters.addCpu(0, 7);
    expect(counts.read(0)).toMatchObject({ outcomes: { ok: 1, guest_trap: 0 }, cpuUs: 7 });
    meter.record(HOUR + HOUR_MS);
    meter.record(HOUR + HOUR_MS);
    expect(store.usage('a', HOUR + HOUR_MS, 2 * HOUR)).toMatchObject([{ requests: 1, cpuUs: 7, outcomes: { ok: 1 } }]);
  });
});
