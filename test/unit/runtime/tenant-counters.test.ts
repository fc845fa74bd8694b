import { describe, expect, it } from 'vitest';
import { CACHE_OUTCOMES } from '../../../src/cache/outcome.ts';
import { OUTCOME_NAMES } from '../../../src/outcome.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';

describe('tenant counters', () => {
  it('begin at zero, with the room asked for', () => {
    const counters = TenantCounters.create(3);
    expect(counters.capacity).toBe(3);
    const zeros = Object.fromEntries(OUTCOME_NAMES.map((name) => [name, 0]));
    const cache = Object.fromEntries(CACHE_OUTCOMES.map((name) => [name, 0]));
    for (let slot = 0; slot < 3; slot++)
      expect(counters.read(slot)).toEqual({
        inFlight: 0,
        webSockets: 0,
        memoryPages: 0,
        outcomes: zeros,
        cache,
        cpuUs: 0,
      });
  });

  it('count every outcome in its own place, and leave other slots alone', () => {
    const counters = TenantCounters.create(3);
    OUTCOME_NAMES.forEach((name, place) => {
      for (let i = 0; i <= place; i++) counters.count(1, name);
    });
    const expected = Object.fromEntries(OUTCOME_NAMES.map((name, place) => [name, place + 1]));
    CACHE_OUTCOMES.forEach((name, place) => {
      for (let i = 0; i <= place; i++) counters.countCache(1, name);
    });
    const cached = Object.fromEntries(CACHE_OUTCOMES.map((name, place) => [name, place + 1]));
    expect(counters.read(1)).toMatchObject({ outcomes: expected, cache: cached, cpuUs: 0, inFlight: 0 });
    expect(counters.read(0)).toEqual(counters.read(2));
  });

  it('let in up to the limit, also when it sinks', () => {
    const counters = TenantCounters.create(1);
    expect([counters.tryEnter(0, 2), counters.tryEnter(0, 2), counters.tryEnter(0, 2)]).toEqual([true, true, false]);
    expect(counters.read(0).inFlight).toBe(2);
    counters.leave(0);
    expect(counters.tryEnter(0, 1)).toBe(false);
    counters.leave(0);
    expect(counters.tryEnter(0, 1)).toBe(true);
  });

  it('count WebSockets apart from requests, up to their own limit', () => {
    const counters = TenantCounters.create(2);
    expect([counters.tryEnterWebSocket(1, 1), counters.tryEnterWebSocket(1, 1)]).toEqual([true, false]);
    expect(counters.read(1)).toMatchObject({ webSockets: 1, inFlight: 0, memoryPages: 0, cpuUs: 0 });
    expect(counters.read(0).webSockets).toBe(0);
    counters.leaveWebSocket(1);
    expect([counters.tryEnterWebSocket(1, 0), counters.read(1).webSockets]).toEqual([false, 0]);
  });

  it('add CPU time up in microseconds, beyond 32 bits', () => {
    const counters = TenantCounters.create(2);
    counters.addCpu(0, 2);
    counters.addCpu(0, 1_500);
    expect([counters.read(0).cpuUs, counters.cpuUs(0)]).toEqual([1502, 1502]);
    for (let i = 0; i < 3; i++) counters.addCpu(1, 4_000_000_000);
    expect(counters.read(1).cpuUs).toBe(12_000_000_000);
    expect(counters.read(0).cpuUs).toBe(1502);
  });

  it('are one for all threads that share them', () => {
    const counters = TenantCounters.create(1);
    const elsewhere = new TenantCounters(structuredClone(counters.share));
    elsewhere.tryEnter(0, 1);
    elsewhere.addCpu(0, 1_000);
    expect(counters.tryEnter(0, 1)).toBe(false);
    expect(counters.read(0)).toMatchObject({ inFlight: 1, cpuUs: 1000 });
  });
});
