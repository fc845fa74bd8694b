/** CPU quotas: how much CPU time a tenant may use a second, over all its requests and all threads, and how much at once. */
import type { Deployment } from './deployment.ts';
import { Meter } from './meter.ts';
import { Refusal } from './refusal.ts';
import type { TenantCounters } from './tenant-counters.ts';

/** Quotas of one tenant that are kept: those of its active version and its canary. */
const MAX_QUOTAS = 2;

interface Account {
  readonly meter: Meter;
  /** What the tenant had used when it was last looked at, in microseconds. */
  seenUs: number;
}

/**
 * The quotas as one thread keeps them. Each thread looks at the same count of CPU time, to which every thread adds at the end of
 * each slice, so they agree within a slice a thread.
 */
export class CpuQuotas {
  readonly #counters: TenantCounters;
  /** By tenant and quota: two versions that serve at once may have different ones, and each counts what both use. */
  readonly #accounts = new Map<number, Map<number, Account>>();

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
    const accounts = this.#accounts.get(slot) ?? new Map<number, Account>();
    this.#accounts.set(slot, accounts);
    const known = accounts.get(perSecond);
    if (known !== undefined) return known;
    const account = { meter: new Meter(perSecond / 1000), seenUs: this.#counters.cpuUs(slot) };
    accounts.set(perSecond, account);
    const [oldest] = accounts.keys();
    if (accounts.size > MAX_QUOTAS && oldest !== undefined) accounts.delete(oldest);
    return account;
  }
}
