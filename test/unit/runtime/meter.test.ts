import { expect, test } from 'vitest';
import { Meter } from '../../../src/runtime/meter.ts';

test('a meter holds what is added, less what has leaked, and never less than nothing', () => {
  const meter = new Meter(0.5);
  meter.add(10, 100);
  expect([meter.level(100), meter.level(110), meter.level(1_000)]).toEqual([10, 5, 0]);
  meter.add(4, 110);
  expect([meter.level(110), meter.level(112)]).toEqual([9, 8]);
  meter.add(1, 1_000);
  expect(meter.level(1_000)).toBe(1);
});

test('a meter that leaks as fast as it is filled stays level', () => {
  const meter = new Meter(0.25);
  meter.add(7, 0);
  for (let now = 4; now <= 4_000; now += 4) meter.add(1, now);
  expect(meter.level(4_000)).toBeCloseTo(7);
});
