import { describe, expect, it } from 'vitest';
import { EXPRESS_BURST_MS, EXPRESS_TENANT_BURST_MS, LIGHT_MS } from '../../../src/runtime/limits.ts';
import { RunQueue } from '../../../src/runtime/run-queue.ts';
import { Task } from '../../../src/runtime/task.ts';

interface Item {
  readonly task: Task;
}

/** A request of a tenant that has used so much CPU time. */
function item(tenant: number, cpuMs = 0, cpuWeight = 100): Item {
  const task = new Task({ cpuMs: 1_000, wallMs: 1_000, cpuWeight }, 0, tenant);
  task.cpuMs = cpuMs;
  return { task };
}

/** Lets a request run for `ms`, as the scheduler does. */
function run(queue: RunQueue<Item>, { task }: Item, ms: number, nowMs: number): void {
  queue.goesFirst(task, nowMs);
  queue.charge(task, ms, nowMs);
  task.cpuMs += ms;
}

function tenantsOf(queue: RunQueue<Item>, nowMs: number): (number | undefined)[] {
  return Array.from({ length: queue.size }, () => queue.shift(nowMs)?.task.tenant);
}

describe('a light request', () => {
  it('goes before all that have used more, and those go by what their tenants have used', () => {
    const queue = new RunQueue<Item>(LIGHT_MS);
    const [hog, other] = [item(1, 40), item(2, 40)];
    run(queue, hog, 6, 0);
    queue.push(hog, 0);
    queue.push(other, 0);
    queue.push(item(3, 1), 0);
    expect(tenantsOf(queue, 0)).toEqual([3, 2, 1]);
  });

  it('goes first when it comes, unless another such waits', () => {
    const queue = new RunQueue<Item>(LIGHT_MS);
    queue.push(item(1, 40), 0);
    expect(queue.goesFirst(item(2).task, 0)).toBe(true);
    queue.push(item(3, 1), 0);
    expect(queue.goesFirst(item(2).task, 0)).toBe(false);
  });

  it('goes first where nobody waits, whatever its tenant has used', () => {
    const queue = new RunQueue<Item>(LIGHT_MS);
    for (let time = 0; time < 500; time++) run(queue, item(1), 1, 0);
    expect(queue.goesFirst(item(1).task, 0)).toBe(true);
  });
});

describe('the express lane', () => {
  it('is closed to a tenant that has used up its part of it, until some of that has passed', () => {
    const queue = new RunQueue<Item>(LIGHT_MS);
    queue.push(item(2, 40), 0);
    for (let used = 0; used < EXPRESS_TENANT_BURST_MS; used++) run(queue, item(1), 1, 0);
    expect([queue.goesFirst(item(1).task, 0), queue.goesFirst(item(3).task, 0)]).toEqual([false, true]);
    expect(queue.goesFirst(item(1).task, 100)).toBe(true);
  });

  it('is wider for a tenant of more weight', () => {
    const queue = new RunQueue<Item>(LIGHT_MS);
    queue.push(item(9, 40), 0);
    for (let now = 0; now < 1_000; now += 2) {
      run(queue, item(1), 1, now);
      run(queue, item(2, 0, 200), 1, now);
    }
    queue.push(item(1), 1_000);
    queue.push(item(2, 0, 200), 1_000);
    expect(queue.shift(2_000)?.task.tenant).toBe(2);
  });

  it('gives way to the longer requests once all together have used their part of it', () => {
    const queue = new RunQueue<Item>(LIGHT_MS);
    queue.push(item(1, 40), 0);
    for (let tenant = 0; tenant < EXPRESS_BURST_MS; tenant++) run(queue, item(100 + tenant), 1, 0);
    queue.push(item(2), 0);
    expect(queue.goesFirst(item(3).task, 0)).toBe(false);
    expect(tenantsOf(queue, 0)).toEqual([1, 2]);
  });
});

describe('a tenant that sends many short requests at once', () => {
  it('does not stand before everybody: what is more than its part goes to the fair queue', () => {
    const queue = new RunQueue<Item>(LIGHT_MS);
    for (let request = 0; request < 200; request++) queue.push(item(1), 0);
    queue.push(item(2), 0);
    let before = 0;
    for (let next = queue.shift(0); next !== undefined && next.task.tenant !== 2; next = queue.shift(0)) {
      queue.charge(next.task, 1.8, 0);
      before += 1.8;
    }
    expect(before).toBeLessThanOrEqual(EXPRESS_TENANT_BURST_MS + 2 * LIGHT_MS);
    expect(queue.size).toBeGreaterThan(100);
  });

  it('and nobody else’s short request waits for long behind them, whenever it comes', () => {
    const queue = new RunQueue<Item>(LIGHT_MS);
    for (let request = 0; request < 60; request++) queue.push(item(1), 0);
    let now = 0;
    let [waited, longest] = [0, 0];
    for (let turn = 0; turn < 3_000; turn++) {
      if (turn % 20 === 0) queue.push(item(2), now);
      const next = queue.shift(now);
      if (next === undefined) break;
      const ms = next.task.tenant === 2 ? 0.3 : 1.2;
      now += ms;
      queue.charge(next.task, ms, now);
      if (next.task.tenant === 1) queue.push(item(1), now);
      waited = next.task.tenant === 2 ? 0 : waited + ms;
      longest = Math.max(longest, waited);
    }
    expect(longest).toBeLessThan(EXPRESS_TENANT_BURST_MS + 10);
  });
});

describe('the memory of it', () => {
  it('ends when nothing is left to remember, and every count starts anew', () => {
    const queue = new RunQueue<Item>(LIGHT_MS);
    for (let used = 0; used < EXPRESS_TENANT_BURST_MS; used++) run(queue, item(1), 1, 0);
    queue.prune(1_000);
    queue.push(item(2, 40), 1_000);
    expect(queue.goesFirst(item(1).task, 1_000)).toBe(true);
  });
});
