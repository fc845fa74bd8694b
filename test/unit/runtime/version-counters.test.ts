import { describe, expect, it } from 'vitest';
import { OUTCOME_NAMES } from '../../../src/outcome.ts';
import { VersionCounters } from '../../../src/runtime/version-counters.ts';

const NOTHING = { requests: 0, guestFaults: 0, cpuUs: 0 };

describe('figures of a version', () => {
  it('are counted by slot, and seen by whoever shares the memory', () => {
    const counters = VersionCounters.create(3);
    const other = new VersionCounters(structuredClone(counters.share));
    counters.count(1, 'ok', 250);
    other.count(1, 'guest_trap', 50);
    expect(counters.read(1)).toEqual({ requests: 2, guestFaults: 1, cpuUs: 300 });
    expect([counters.read(0), counters.read(2), counters.capacity]).toEqual([NOTHING, NOTHING, 3]);
  });

  it('blame the guest for what only the guest can have done', () => {
    const faults = OUTCOME_NAMES.filter((outcome) => {
      const counters = VersionCounters.create(1);
      counters.count(0, outcome, 0);
      return counters.read(0).guestFaults === 1;
    });
    expect(faults.toSorted()).toEqual(['cpu_limit', 'guest_trap', 'memory_limit', 'no_response', 'stack_limit']);
  });

  it('carry CPU time beyond 32 bits', () => {
    const counters = VersionCounters.create(1);
    const [step, times] = [3_000_000_000, 5];
    for (let time = 0; time < times; time++) counters.count(0, 'ok', step);
    expect(counters.read(0).cpuUs).toBe(step * times);
  });

  it('begin anew in a slot that is cleared, and leave its neighbours alone', () => {
    const counters = VersionCounters.create(3);
    for (const slot of [0, 1, 2]) counters.count(slot, 'cpu_limit', 2 ** 32 - 1);
    counters.clear(1);
    const rest = { requests: 1, guestFaults: 1, cpuUs: 2 ** 32 - 1 };
    expect([counters.read(0), counters.read(1), counters.read(2)]).toEqual([rest, NOTHING, rest]);
  });

  it('may have no room for any', () => {
    expect(VersionCounters.create(0).capacity).toBe(0);
  });
});
