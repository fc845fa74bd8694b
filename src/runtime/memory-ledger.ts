/** The linear memory of the process on the accounts of its tenants, and how much of it one of them may have. */
import type { ProcessBudgets } from './process-budgets.ts';
import type { CapacityError } from './refusal.ts';
import type { TenantCounters } from './tenant-counters.ts';

/** A tenant that holds no more than this part of all memory is modest. */
const MODEST_SHARE = 1 / 128;

/** The part of all memory that only modest tenants may have. */
const RESERVED_SHARE = 1 / 8;

/**
 * Grants linear memory by a moving threshold: a tenant may hold as much as is left free. One alone gets at most half of all there
 * is, the next half of the rest; nobody has to be told how many tenants there are. A part is reserved for tenants that hold little:
 * room for sixteen of them.
 *
 * Memory counts from when it is made or grown, touched or not, until it is collected.
 */
export class MemoryLedger {
  readonly #budgets: ProcessBudgets;
  readonly #counters: TenantCounters;

  constructor(budgets: ProcessBudgets, counters: TenantCounters) {
    this.#budgets = budgets;
    this.#counters = counters;
  }

  /** Pages of all tenants together. */
  get ceilingPages(): number {
    return this.#budgets.read('memory_pages').ceiling;
  }

  /** Counts a new memory with its pages in, for a tenant given by its slot; answers the refusal when there is no room for it. */
  open(tenant: number, pages: number): CapacityError | null {
    if (this.#budgets.add('memories', 1) < 1) {
      this.#budgets.give('memories', 1);
      return this.#budgets.refusal('memories');
    }
    const refusal = this.grow(tenant, pages);
    if (refusal !== null) this.#budgets.give('memories', 1);
    return refusal;
  }

  /** Counts more pages of a memory in; answers the refusal when the tenant may not have them. */
  grow(tenant: number, pages: number): CapacityError | null {
    const held = this.#counters.addPages(tenant, pages);
    const free = this.#budgets.add('memory_pages', pages) - pages;
    const all = this.ceilingPages;
    const modest = held + pages <= all * MODEST_SHARE;
    if (modest ? free >= 0 : held + pages <= free - all * RESERVED_SHARE) return null;
    this.shrink(tenant, pages);
    return this.#budgets.refusal('memory_pages');
  }

  /** Counts pages that were not grown after all out. */
  shrink(tenant: number, pages: number): void {
    this.#counters.addPages(tenant, -pages);
    this.#budgets.give('memory_pages', pages);
  }

  /** Counts a memory out with the pages that it has by now. */
  close(tenant: number, pages: number): void {
    this.shrink(tenant, pages);
    this.#budgets.give('memories', 1);
  }
}
