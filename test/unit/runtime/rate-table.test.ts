import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { MAX_COUNT, RateTable, SEGMENTS, SETS, WAYS } from '../../../src/runtime/rate-table.ts';

/** A table with a clock that the test turns. */
function table(): { table: RateTable; clock: { ms: number } } {
  const clock = { ms: 1_000 };
  return { table: new RateTable(RateTable.create(), () => clock.ms), clock };
}

describe('a counter', () => {
  it('lasts for its window from the first count, and begins anew', () => {
    const { table: rates, clock } = table();
    const counters = rates.of(1, null);
    expect(counters.count('a', 10, 1)).toBe(1);
    clock.ms += 9_999;
    expect(counters.count('a', 10, 5)).toBe(6);
    clock.ms += 1;
    expect(counters.count('a', 10, 2)).toBe(2);
  });

  it('is of one key, one window and one tenant', () => {
    const { table: rates } = table();
    rates.of(1, null).count('a', 10, 3);
    expect(rates.of(1, null).count('b', 10, 1)).toBe(1);
    expect(rates.of(1, null).count('a', 11, 1)).toBe(1);
    // The same segment, another tenant.
    expect(rates.of(1 + SEGMENTS, null).count('a', 10, 1)).toBe(1);
    expect(rates.of(1, null).count('a', 10, 1)).toBe(4);
  });

  it('is not inherited by who is made again under the name, in the slot of the one before', () => {
    const { table: rates } = table();
    const [first, second, folder] = [rates.of(1, 1_000), rates.of(1, 1_001), rates.of(1, null)];
    first.count('a', 10, 9);
    first.penalize('a', 10);
    expect([second.count('a', 10, 1), second.isPenalized('a')]).toEqual([1, false]);
    expect([folder.count('a', 10, 1), folder.isPenalized('a')]).toEqual([1, false]);
    expect([first.count('a', 10, 1), first.isPenalized('a')]).toEqual([10, true]);
  });

  it('stops at its largest value', () => {
    const { table: rates } = table();
    rates.of(0, null).count('a', 10, MAX_COUNT);
    expect(rates.of(0, null).count('a', 10, MAX_COUNT)).toBe(MAX_COUNT);
  });

  it('is forgotten when there are too many, the one that ends soonest first, and only in its own segment', () => {
    const { table: rates } = table();
    rates.of(0, null).count('mine', 3_600, 7);
    rates.of(1, null).count('long', 3_600, 7);
    for (let key = 0; key < 2 * SETS * WAYS; key++) rates.of(1, null).count(`short ${key}`, 10, 1);
    expect(rates.of(1, null).count('long', 3_600, 1)).toBe(8);
    expect(rates.of(0, null).count('mine', 3_600, 1)).toBe(8);
  });
});

describe('a penalty', () => {
  it('lasts for so long from the last time, and is taken back with 0', () => {
    const { table: rates, clock } = table();
    const counters = rates.of(3, null);
    expect(counters.isPenalized('a')).toBe(false);
    counters.penalize('a', 10);
    clock.ms += 9_000;
    counters.penalize('a', 10);
    clock.ms += 9_000;
    expect([counters.isPenalized('a'), counters.isPenalized('b'), counters.count('a', 10, 1)]).toEqual([
      true,
      false,
      1,
    ]);
    counters.penalize('a', 0);
    expect(counters.isPenalized('a')).toBe(false);
  });
});

it('threads count exactly together', async () => {
  const share = RateTable.create();
  const code = `import { workerData } from 'node:worker_threads';
    const { RateTable } = await import(workerData.file);
    const counters = new RateTable(workerData.share).of(9, null);
    for (let i = 0; i < 20000; i++) counters.count('key ' + (i % 4), 600, 1);`;
  const file = new URL('../../../src/runtime/rate-table.ts', import.meta.url).href;
  const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const workers = [1, 2].map(() => new Worker(url, { workerData: { share, file } }));
  await Promise.all(
    workers.map((worker) => new Promise((done, failed) => worker.on('exit', done).on('error', failed))),
  );
  const counters = new RateTable(share).of(9, null);
  expect([0, 1, 2, 3].map((key) => counters.count(`key ${key}`, 600, 0))).toEqual([10_000, 10_000, 10_000, 10_000]);
});
