import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../src/runtime/fair-queue.ts';

const WEIGHT = 100;
const LEAD_MS = 20;

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
    queue.charge(tenant, ms, weights.get(tenant) ?? WEIGHT, LEAD_MS);
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
    const runs = share(queue, new Map(), 300);
    for (const tenant of [1, 2, 3]) expect(Math.abs((runs.get(tenant) ?? 0) - 100)).toBeLessThanOrEqual(1);
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
      queue.charge(tenant, ms, WEIGHT, LEAD_MS);
      used.set(tenant, (used.get(tenant) ?? 0) + ms);
      queue.push(tenant, tenant);
    }
    expect(Math.abs((used.get(1) ?? 0) - (used.get(2) ?? 0))).toBeLessThanOrEqual(4);
  });

  it('of thousands comes out in order', () => {
    const queue = new FairQueue<number>();
    const count = 3_000;
    for (let tenant = 0; tenant < count; tenant++) {
      queue.charge(tenant, ((tenant * 7_919) % count) / 200, 1, LEAD_MS);
      queue.push(tenant, (tenant * 7_919) % count);
    }
    const out = Array.from({ length: count }, () => queue.shift());
    expect(out).toEqual(Array.from({ length: count }, (_, place) => place));
  });

  it('leaves what waits in the place that it had when it came, and puts what comes later behind', () => {
    const queue = new FairQueue<string>();
    queue.push(1, 'a');
    queue.push(2, 'b');
    queue.push(1, 'c');
    queue.charge(1, 5, WEIGHT, LEAD_MS);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual(['a', 'b', 'c']);
  });

  it('does not let wait for ever whose tenant goes on using more than its share elsewhere', () => {
    const queue = new FairQueue<number>();
    for (const tenant of [1, 2, 3]) queue.push(tenant, tenant);
    share(queue, new Map(), 30);
    queue.charge(9, 50, WEIGHT, 2);
    queue.push(9, 9);
    let before = 0;
    for (let next = queue.shift(); next !== 9; next = queue.shift()) {
      if (next === undefined) throw new Error('nobody waits');
      queue.charge(next, 1, WEIGHT, LEAD_MS);
      queue.push(next, next);
      queue.charge(9, 5, WEIGHT, 2);
      before += 1;
    }
    expect(before).toBeLessThanOrEqual(3 * 3);
  });

  it('remembers of what a tenant used no more than the lead that is said', () => {
    const queue = new FairQueue<number>();
    queue.charge(1, 1_000, WEIGHT, 2);
    queue.charge(1, 1_000, WEIGHT, 0);
    queue.push(1, 1);
    queue.push(2, 2);
    expect(share(queue, new Map(), 10, 1)).toEqual(
      new Map([
        [2, 6],
        [1, 4],
      ]),
    );
  });
});

describe('who comes', () => {
  it('goes first where nobody waits', () => {
    const queue = new FairQueue<number>();
    queue.charge(1, 1_000, WEIGHT, LEAD_MS);
    expect(queue.overtakes(1)).toBe(true);
  });

  it('new overtakes those who have used more, and not whoever has used nothing either', () => {
    const queue = new FairQueue<number>();
    queue.start(1);
    queue.charge(1, 10, WEIGHT, LEAD_MS);
    queue.push(1, 1);
    expect([queue.overtakes(2), queue.overtakes(1)]).toEqual([true, false]);
    queue.charge(2, 20, WEIGHT, LEAD_MS);
    expect(queue.overtakes(2)).toBe(false);
  });

  it('back after a rest has saved up nothing', () => {
    const queue = new FairQueue<number>();
    queue.start(2);
    queue.charge(2, 1, WEIGHT, LEAD_MS);
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
      queue.charge(1, 2, WEIGHT, LEAD_MS);
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
    queue.charge(7, 5, WEIGHT, LEAD_MS);
    queue.push(8, 8);
    queue.prune();
    expect(queue.tenants).toBe(2);
  });

  it('ends with the busy period: tenants that each came once are not kept', () => {
    const queue = new FairQueue<number>();
    for (let tenant = 0; tenant < 1_000; tenant++) {
      queue.start(tenant);
      queue.charge(tenant, 5, WEIGHT, LEAD_MS);
    }
    expect(queue.tenants).toBe(1_000);
    queue.prune();
    expect(queue.tenants).toBe(0);
    expect(queue.overtakes(7)).toBe(true);
  });
});
