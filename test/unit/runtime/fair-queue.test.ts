import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../src/runtime/fair-queue.ts';

const WEIGHT = 100;

/** Lets whoever is next run for `ms`, `times` times, always with more to do; answers how often each tenant ran. */
function share(
  queue: FairQueue<number>,
  weights: ReadonlyMap<number, number>,
  times: number,
  ms = 2,
): Map<number, number> {
  const runs = new Map<number, number>();
  for (let run = 0; run < times; run++) {
    const tenant = queue.shift();
    if (tenant === undefined) throw new Error('nobody waits');
    queue.start(tenant);
    queue.charge(tenant, ms, weights.get(tenant) ?? WEIGHT);
    runs.set(tenant, (runs.get(tenant) ?? 0) + 1);
    queue.push(tenant, tenant);
  }
  return runs;
}

describe('a queue of one tenant', () => {
  it('is first come, first served', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a', 'b', 'c']) queue.push(1, item);
    expect([queue.size, queue.shift(), queue.shift(), queue.shift(), queue.shift(), queue.size]).toEqual([
      3,
      'a',
      'b',
      'c',
      undefined,
      0,
    ]);
  });
});

describe('a queue of several', () => {
  it('gives each the same, however many items it has', () => {
    const queue = new FairQueue<number>();
    for (let item = 0; item < 50; item++) queue.push(1, 1);
    queue.push(2, 2);
    queue.push(3, 3);
    expect(share(queue, new Map(), 300)).toEqual(
      new Map([
        [1, 100],
        [2, 100],
        [3, 100],
      ]),
    );
  });

  it('gives each by its weight', () => {
    const queue = new FairQueue<number>();
    for (const tenant of [1, 2, 3]) queue.push(tenant, tenant);
    const runs = share(
      queue,
      new Map([
        [1, 100],
        [2, 200],
        [3, 500],
      ]),
      800,
    );
    for (const [tenant, wanted] of [
      [1, 100],
      [2, 200],
      [3, 500],
    ] as const)
      expect(Math.abs((runs.get(tenant) ?? 0) - wanted)).toBeLessThanOrEqual(2);
  });

  it('counts time, not turns', () => {
    const queue = new FairQueue<number>();
    queue.push(1, 1);
    queue.push(2, 2);
    const used = new Map([
      [1, 0],
      [2, 0],
    ]);
    for (let run = 0; run < 200; run++) {
      const tenant = queue.shift() ?? 0;
      const ms = tenant === 1 ? 4 : 1;
      queue.start(tenant);
      queue.charge(tenant, ms, WEIGHT);
      used.set(tenant, (used.get(tenant) ?? 0) + ms);
      queue.push(tenant, tenant);
    }
    expect(Math.abs((used.get(1) ?? 0) - (used.get(2) ?? 0))).toBeLessThanOrEqual(4);
  });

  it('of thousands comes out in order', () => {
    const queue = new FairQueue<number>();
    const count = 3_000;
    for (let tenant = 0; tenant < count; tenant++) {
      queue.charge(tenant, ((tenant * 7_919) % count) / 200, 1);
      queue.push(tenant, (tenant * 7_919) % count);
    }
    const out = Array.from({ length: count }, () => queue.shift());
    expect(out).toEqual(Array.from({ length: count }, (_, place) => place));
  });

  it('puts back who has run since it was listed', () => {
    const queue = new FairQueue<string>();
    queue.push(1, 'a');
    queue.push(2, 'b');
    queue.charge(1, 50, WEIGHT);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual(['b', 'a', undefined]);
  });
});

describe('who comes', () => {
  it('goes first where nobody waits', () => {
    const queue = new FairQueue<number>();
    queue.charge(1, 1_000, WEIGHT);
    expect(queue.overtakes(1)).toBe(true);
  });

  it('new overtakes those who have used more, and not whoever has used nothing either', () => {
    const queue = new FairQueue<number>();
    queue.start(1);
    queue.charge(1, 10, WEIGHT);
    queue.push(1, 1);
    expect([queue.overtakes(2), queue.overtakes(1)]).toEqual([true, false]);
    queue.charge(2, 20, WEIGHT);
    expect(queue.overtakes(2)).toBe(false);
  });

  it('back after a rest has saved up nothing', () => {
    const queue = new FairQueue<number>();
    queue.start(2);
    queue.charge(2, 1, WEIGHT);
    queue.push(1, 1);
    share(queue, new Map(), 500);
    queue.push(2, 2);
    const runs = share(queue, new Map(), 20);
    expect(Math.abs((runs.get(1) ?? 0) - (runs.get(2) ?? 0))).toBeLessThanOrEqual(1);
  });

  it('while another ran alone for long is not made to wait for it, nor the other for them', () => {
    const queue = new FairQueue<number>();
    for (let slice = 0; slice < 1_000; slice++) {
      queue.start(1);
      queue.charge(1, 2, WEIGHT);
    }
    queue.push(1, 1);
    queue.push(2, 2);
    const runs = share(queue, new Map(), 20);
    expect(Math.abs((runs.get(1) ?? 0) - (runs.get(2) ?? 0))).toBeLessThanOrEqual(1);
  });
});

describe('the memory of it', () => {
  it('ends with whoever is no further on than a newcomer', () => {
    const queue = new FairQueue<number>();
    for (let tenant = 0; tenant < 100; tenant++) {
      queue.push(tenant, tenant);
      queue.shift();
    }
    queue.charge(7, 5, WEIGHT);
    queue.push(8, 8);
    queue.prune();
    expect(queue.tenants).toBe(2);
  });
});
