import { describe, expect, it } from 'vitest';
import { Flights } from '../../../src/cache/flights.ts';
import { HIT_FOR_PASS_MS, MAX_HIT_FOR_PASS_CHARS, MAX_HIT_FOR_PASS_MARKS } from '../../../src/cache/limits.ts';

describe('marks', () => {
  it('last a while, and end with an answer that could be shared', () => {
    const flights = new Flights();
    for (const name of ['a', 'b']) flights.mark(name, 0);
    flights.unmark('b');
    expect([flights.isMarked('a', HIT_FOR_PASS_MS - 1), flights.isMarked('b', 0)]).toEqual([true, false]);
    expect(flights.isMarked('a', HIT_FOR_PASS_MS)).toBe(false);
  });

  it('beyond so many push out the oldest', () => {
    const flights = new Flights();
    for (let i = 0; i <= MAX_HIT_FOR_PASS_MARKS; i++) flights.mark(`${i}`, 0);
    expect(['0', '1', `${MAX_HIT_FOR_PASS_MARKS}`].map((name) => flights.isMarked(name, 0))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('of long names push out the oldest before that, and what is gone leaves its room', () => {
    const flights = new Flights();
    const names = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(MAX_HIT_FOR_PASS_CHARS / 4));
    const marked = (): boolean[] => names.map((name) => flights.isMarked(name, 0));
    for (const name of [...names, ...names]) flights.mark(name, 0);
    expect(marked()).toEqual([true, true, true, true]);
    flights.mark('one more', 0);
    expect(marked()).toEqual([false, true, true, true]);
    flights.unmark(names[1] ?? '');
    flights.mark(names[0] ?? '', 0);
    expect(marked()).toEqual([true, false, true, true]);
  });
});
