import { describe, expect, it } from 'vitest';
import { CheckSlots } from '../../../src/upstream/check-slots.ts';
import { MAX_CHECKED_BACKENDS, MAX_CHECKS, MAX_CHECKS_PER_SET } from '../../../src/upstream/limits.ts';

describe('the places of a thread', () => {
  it('are its part of those of the process, for checks and for backends that are checked', () => {
    const slots = new CheckSlots(4);
    let [checks, checked] = [0, 0];
    while (slots.begin({})) checks += 1;
    while (slots.watch()) checked += 1;
    expect([checks, checked]).toEqual([MAX_CHECKS / 4, MAX_CHECKED_BACKENDS / 4]);
  });

  it('are there on every thread, however many there are', () => {
    const slots = new CheckSlots(10 * MAX_CHECKED_BACKENDS);
    expect([slots.begin({}), slots.watch()]).toEqual([true, true]);
  });

  it('are not all one deployment’s', () => {
    const slots = new CheckSlots(1);
    const [greedy, other] = [{}, {}];
    for (let check = 0; check < MAX_CHECKS_PER_SET; check++) expect(slots.begin(greedy)).toBe(true);
    expect([slots.begin(greedy), slots.begin(other)]).toEqual([false, true]);
    slots.end(greedy);
    expect([slots.begin(greedy), slots.begin(greedy)]).toEqual([true, false]);
  });

  it('come back', () => {
    const slots = new CheckSlots(MAX_CHECKS);
    const owner = {};
    for (let round = 0; round < 3; round++) {
      expect([slots.begin(owner), slots.begin({})]).toEqual([true, false]);
      slots.end(owner);
    }
    const few = new CheckSlots(MAX_CHECKED_BACKENDS);
    for (let round = 0; round < 3; round++) {
      expect([few.watch(), few.watch()]).toEqual([true, false]);
      few.forget();
    }
  });
});
