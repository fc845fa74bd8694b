import { describe, expect, it } from 'vitest';
import { MemoryLedger } from '../../../src/runtime/memory-ledger.ts';
import { CapacityError } from '../../../src/runtime/refusal.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { processBudgets } from './harness.ts';

interface Bench {
  readonly ledger: MemoryLedger;
  /** Pages of a tenant, and of all. */
  held(tenant: number): number;
  used(): number;
}

function bench(pages: number, memories = 1_000): Bench {
  const counters = TenantCounters.create(100);
  const budgets = processBudgets({ memory_pages: pages, memories });
  return {
    ledger: new MemoryLedger(budgets, counters),
    held: (tenant) => counters.read(tenant).memoryPages,
    used: () => budgets.read('memory_pages').used,
  };
}

/** Lets a tenant take memories of one page until it is refused. */
function takeAll({ ledger }: Bench, tenant: number): number {
  let taken = 0;
  while (ledger.open(tenant, 1) === null) taken += 1;
  return taken;
}

describe('linear memory', () => {
  it('is on the account of its tenant and of the process until it is closed, growth included', () => {
    const own = bench(100);
    expect(own.ledger.open(1, 10)).toBeNull();
    expect(own.ledger.grow(1, 5)).toBeNull();
    expect(own.ledger.open(2, 3)).toBeNull();
    expect([own.held(1), own.held(2), own.used()]).toEqual([15, 3, 18]);
    own.ledger.close(1, 15);
    own.ledger.close(2, 3);
    expect([own.held(1), own.held(2), own.used()]).toEqual([0, 0, 0]);
  });

  it('that is refused is on nobody’s account', () => {
    const own = bench(100);
    expect(own.ledger.open(1, 43)).toBeNull();
    expect(own.ledger.open(1, 1)).toBeInstanceOf(CapacityError);
    expect(own.ledger.grow(1, 1)?.message).toBe('memory_pages: 43 of at most 100');
    expect([own.held(1), own.used()]).toEqual([43, 43]);
  });

  it('of too many memories is refused however small they are', () => {
    const own = bench(100, 2);
    expect([own.ledger.open(1, 0), own.ledger.open(2, 0)]).toEqual([null, null]);
    expect(own.ledger.open(3, 0)?.message).toBe('memories: 2 of at most 2');
    own.ledger.close(1, 0);
    expect(own.ledger.open(3, 0)).toBeNull();
  });
});

describe('a tenant that wants everything', () => {
  it('alone gets half of what is not reserved, and leaves the other half', () => {
    const own = bench(800);
    expect(takeAll(own, 1)).toBe(350);
  });

  it('leaves room for whoever comes next, and for the one after', () => {
    const own = bench(1_000);
    const shares = [1, 2, 3, 4].map((tenant) => takeAll(own, tenant));
    expect(shares).toEqual([437, 219, 109, 55]);
    expect(own.ledger.open(5, 20)).toBeNull();
  });

  it('may have more again when another gives some back', () => {
    const own = bench(1_000);
    takeAll(own, 1);
    takeAll(own, 2);
    for (let page = 0; page < 300; page++) own.ledger.close(1, 1);
    expect(takeAll(own, 2)).toBe(150);
    expect(Math.abs(own.held(2) - (875 - own.used()))).toBeLessThanOrEqual(1);
  });

  it('among ten that do does not keep modest ones from what they need', () => {
    const own = bench(12_800, 10_000);
    for (let tenant = 1; tenant <= 10; tenant++) while (own.ledger.open(tenant, 10) === null);
    for (let tenant = 11; tenant <= 20; tenant++)
      expect([own.ledger.open(tenant, 90), own.ledger.grow(tenant, 10)]).toEqual([null, null]);
    expect(own.used()).toBeLessThanOrEqual(12_800);
  });

  it('does not keep a modest one from what it needs', () => {
    const own = bench(1_000);
    takeAll(own, 1);
    for (let memory = 0; memory < 20; memory++) expect(own.ledger.open(2, 10)).toBeNull();
  });
});
