/** CPU quotas: how much CPU time a tenant may use a second, over all its requests and all threads, and how much at once. */
import type { Deployment } from './deployment.ts';
import { Meter } from './meter.ts';
import { Refusal } from './refusal.ts';
import type { TenantCounters } from './tenant-counters.ts';

interface Account {
  readonly meter: Meter;
  readonly perSecond: number;
  /** What the tenant had used when it was last looked at, in microseconds. */
  seenUs: number;
}

/**
 * The quotas as one thread keeps them. Each thread looks at the same count of CPU time, to which every thread adds at the end of
 * each slice, so they agree within a slice a thread.
 */
export class CpuQuotas {
  readonly #counters: TenantCounters;
  readonly #accounts = new Map<number, Account>();

  constructor(counters: TenantCounters) {
    this.#counters = counters;
  }

  /** Throws a {@link Refusal} `cpu_quota` while the tenant of a deployment has used more than its burst beyond its quota. */
  admit({ slot, budgets }: Pick<Deployment, 'slot' | 'budgets'>, nowMs: number): void {
    const { cpuMsPerSecond, cpuBurstMs } = budgets;
    if (cpuMsPerSecond === null) return;
    const account = this.#accountOf(slot, cpuMsPerSecond);
    const totalUs = this.#counters.cpuUs(slot);
    account.meter.add((totalUs - account.seenUs) / 1000, nowMs);
    account.seenUs = totalUs;
    const level = account.meter.level(nowMs);
    if (level < cpuBurstMs) return;
    throw new Refusal(
      'cpu_quota',
      `limits.cpu_ms_per_second: ${cpuMsPerSecond} are used up, and ${level.toFixed(0)} ms of limits.cpu_burst_ms = ${cpuBurstMs} with them`,
    );
  }

  #accountOf(slot: number, perSecond: number): Account {
    const known = this.#accounts.get(slot);
    if (known?.perSecond === perSecond) return known;
    const account = { meter: new Meter(perSecond / 1000), perSecond, seenUs: this.#counters.cpuUs(slot) };
    this.#accounts.set(slot, account);
    return account;
  }
}
