import { describe, expect, it } from 'vitest';
import { CpuQuotas } from '../../../src/runtime/cpu-quota.ts';
import type { Budgets, Deployment } from '../../../src/runtime/deployment.ts';
import { Refusal } from '../../../src/runtime/refusal.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';

const SLOT = 1;

function deployment(cpuMsPerSecond: number | null, cpuBurstMs = 50): Pick<Deployment, 'slot' | 'budgets'> {
  return { slot: SLOT, budgets: { cpuMsPerSecond, cpuBurstMs } as Budgets };
}

function use(counters: TenantCounters, ms: number): void {
  counters.addCpu(SLOT, ms * 1000);
}

describe('a CPU quota', () => {
  it('is none unless it is set', () => {
    const counters = TenantCounters.create(2);
    const quotas = new CpuQuotas(counters);
    use(counters, 1e6);
    expect(() => quotas.admit(deployment(null), 0)).not.toThrow();
  });

  it('lets the burst be used at once, refuses beyond by name, and admits again as time passes', () => {
    const counters = TenantCounters.create(2);
    const quotas = new CpuQuotas(counters);
    const app = deployment(100, 50);
    quotas.admit(app, 0);
    use(counters, 49);
    quotas.admit(app, 0);
    use(counters, 11);
    expect(() => quotas.admit(app, 0)).toThrow(Refusal);
    expect(() => quotas.admit(app, 0)).toThrow(/limits\.cpu_ms_per_second: 100 are used up, and 60 ms/);
    expect(() => quotas.admit(app, 99)).toThrow(Refusal);
    expect(() => quotas.admit(app, 101)).not.toThrow();
  });

  it('is held whichever thread uses the time', () => {
    const counters = TenantCounters.create(2);
    const threads = [new CpuQuotas(counters), new CpuQuotas(new TenantCounters(counters.share))] as const;
    const app = deployment(100, 50);
    for (const quotas of threads) quotas.admit(app, 0);
    use(counters, 60);
    for (const quotas of threads) expect(() => quotas.admit(app, 0)).toThrow(Refusal);
  });

  it('does not hold against a tenant what it used before there was one', () => {
    const counters = TenantCounters.create(2);
    const quotas = new CpuQuotas(counters);
    use(counters, 1e6);
    quotas.admit(deployment(100), 0);
    use(counters, 60);
    expect(() => quotas.admit(deployment(100), 0)).toThrow(Refusal);
    expect(() => quotas.admit(deployment(200), 0)).not.toThrow();
  });

  it('is each version’s own, and none is forgiven because another version has another', () => {
    const counters = TenantCounters.create(2);
    const quotas = new CpuQuotas(counters);
    for (const perSecond of [100, 200]) quotas.admit(deployment(perSecond), 0);
    use(counters, 60);
    for (let time = 0; time < 3; time++)
      for (const perSecond of [100, 200]) expect(() => quotas.admit(deployment(perSecond), 0)).toThrow(Refusal);
  });
});
