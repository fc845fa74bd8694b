import { describe, expect, it } from 'vitest';
import { MODEST_SOCKETS } from '../../../src/runtime/limits.ts';
import type { ProcessBudgets } from '../../../src/runtime/process-budgets.ts';
import { SocketLedger } from '../../../src/runtime/socket-ledger.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { processBudgets } from './harness.ts';

function ledger(sockets: number): { ledger: SocketLedger; budgets: ProcessBudgets } {
  const budgets = processBudgets({ sockets });
  return { budgets, ledger: new SocketLedger(budgets, TenantCounters.create(100)) };
}

/** Lets a tenant take connections until it is refused. */
function takeAll(own: SocketLedger, tenant: number): number {
  const account = own.of(tenant);
  let taken = 0;
  while (account.take()) taken += 1;
  return taken;
}

describe('connections to backends', () => {
  it('are a quarter of all for one tenant, whichever deployment or thread opens them', () => {
    const { ledger: own, budgets } = ledger(1_000);
    expect([takeAll(own, 1), takeAll(own, 1)]).toEqual([250, 0]);
    expect(budgets.read('sockets')).toEqual({ used: 250, ceiling: 1_000, refused: 2 });
    own.of(1).give();
    expect(takeAll(own, 1)).toBe(1);
  });

  it('that are refused are on nobody’s account', () => {
    const { ledger: own, budgets } = ledger(1_000);
    takeAll(own, 1);
    for (let taken = 0; taken < 250; taken++) own.of(1).give();
    expect([budgets.read('sockets').used, takeAll(own, 1)]).toEqual([0, 250]);
  });

  it('are left over for tenants that have few, however many others want all', () => {
    const { ledger: own, budgets } = ledger(1_000);
    const greedy = [1, 2, 3, 4, 5].map((tenant) => takeAll(own, tenant));
    expect(greedy).toEqual([250, 250, 250, 125, MODEST_SOCKETS]);
    expect([takeAll(own, 6), takeAll(own, 7)]).toEqual([MODEST_SOCKETS, MODEST_SOCKETS]);
    for (let tenant = 8; tenant < 100; tenant++) takeAll(own, tenant);
    expect(budgets.read('sockets').used).toBe(1_000);
  });
});
