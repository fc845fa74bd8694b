/**
 * Who goes next on a thread. Requests that are light so far take the express lane: nearly all of them end in it. Longer ones are shared out among tenants by a {@link FairQueue}.
 *
 * The express lane is no way round fairness: what a tenant uses there counts in the fair queue, and there is a bound on how much
 * of the thread one tenant, and all together, may use in it while others wait.
 */
import { FairQueue } from './fair-queue.ts';
import {
  EXPRESS_BURST_MS,
  EXPRESS_SHARE,
  EXPRESS_TENANT_BURST_MS,
  EXPRESS_TENANT_SHARE,
  MAX_EXPRESS_LEAD_MS,
  MAX_LEAD_MS,
} from './limits.ts';
import { Meter } from './meter.ts';
import type { Task } from './task.ts';

/** Something to be run for a request. */
export interface Runnable {
  readonly task: Task;
}

/** What is ready to run on one thread. */
export class RunQueue<Item extends Runnable> {
  readonly #lightMs: number;
  readonly #express: Item[] = [];
  readonly #fair = new FairQueue<Item>();
  readonly #all = new Meter(EXPRESS_SHARE);
  readonly #tenants = new Map<number, Meter>();

  /** @param lightMs - A request that has used less CPU time is light. */
  constructor(lightMs: number) {
    this.#lightMs = lightMs;
  }

  /** How many wait. */
  get size(): number {
    return this.#express.length + this.#fair.size;
  }

  /** Adds one. */
  push(item: Item, nowMs: number): void {
    if (this.#isExpress(item.task, nowMs)) this.#express.push(item);
    else this.#fair.push(item.task.tenant, item);
  }

  /** Takes the one whose turn it is. */
  shift(nowMs: number): Item | undefined {
    while (this.#express.length > 0 && (this.#fair.size === 0 || this.#hasRoom(nowMs))) {
      const item = this.#express.shift() as Item;
      item.task.express = this.#isExpress(item.task, nowMs);
      if (item.task.express) return item;
      // Its tenant has used up its part of the lane since: one that sends many at once must not stand before everybody.
      this.#fair.push(item.task.tenant, item);
    }
    const item = this.#fair.shift();
    if (item !== undefined) item.task.express = false;
    return item;
  }

  /** Whether a request that has just come may run at once: nobody waits whose turn is before it. */
  goesFirst(task: Task, nowMs: number): boolean {
    task.express = false;
    if (this.#express.length > 0) return false;
    if (this.#fair.size > 0 && this.#isExpress(task, nowMs)) {
      task.express = this.#hasRoom(nowMs);
      return task.express;
    }
    if (!this.#fair.overtakes(task.tenant)) return false;
    this.#fair.start(task.tenant);
    return true;
  }

  /** Notes how much CPU time `task` has used since, before it is added to its account. */
  charge(task: Task, cpuMs: number, nowMs: number): void {
    this.#fair.charge(task.tenant, cpuMs, task.cpuWeight, task.express ? MAX_EXPRESS_LEAD_MS : MAX_LEAD_MS);
    if (!task.express) return;
    this.#all.add(cpuMs, nowMs);
    this.#meterOf(task).add(cpuMs, nowMs);
  }

  /** Forgets tenants about which nothing is to be remembered. */
  prune(nowMs: number): void {
    this.#fair.prune();
    for (const [tenant, meter] of this.#tenants) if (meter.level(nowMs) === 0) this.#tenants.delete(tenant);
  }

  #isExpress(task: Task, nowMs: number): boolean {
    return task.cpuMs < this.#lightMs && this.#meterOf(task).level(nowMs) < EXPRESS_TENANT_BURST_MS;
  }

  #hasRoom(nowMs: number): boolean {
    return this.#all.level(nowMs) < EXPRESS_BURST_MS;
  }

  /** A tenant of twice the weight may use twice as much of the lane. */
  #meterOf({ tenant, cpuWeight }: Task): Meter {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const meter = new Meter(Math.min(EXPRESS_SHARE, (EXPRESS_TENANT_SHARE * cpuWeight) / 100));
    this.#tenants.set(tenant, meter);
    return meter;
  }
}
