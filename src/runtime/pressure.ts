/** Who has to give way when memory runs short. Pure. */
import type { Task } from './task.ts';

/** What one request holds of something that runs short, as far as that can be told. */
export interface Holding {
  /** Slot of its tenant. */
  readonly tenant: number;
  readonly amount: number;
  readonly task: Task;
}

/**
 * The holdings to take back for `amount`: those of the tenant that holds most first, the largest of a tenant first, and at least one
 * where anybody holds anything. A tenant that holds little gives way only when all that hold more have.
 */
export function greediest(holdings: readonly Holding[], amount: number): readonly Holding[] {
  const totals = new Map<number, number>();
  for (const { tenant, amount: held } of holdings) totals.set(tenant, (totals.get(tenant) ?? 0) + held);
  const total = ({ tenant }: Holding): number => totals.get(tenant) ?? 0;
  const ranked = holdings
    .filter((holding) => holding.amount > 0)
    .toSorted((a, b) => total(b) - total(a) || a.tenant - b.tenant || b.amount - a.amount);
  const chosen: Holding[] = [];
  let freed = 0;
  for (const holding of ranked) {
    if (chosen.length > 0 && freed >= amount) break;
    chosen.push(holding);
    freed += holding.amount;
  }
  return chosen;
}
