/** Connections to backends on the accounts of their tenants, so that the backends of one cannot use up the process's descriptors. */
import { COMMON_SOCKETS_SHARE, MODEST_SOCKETS, TENANT_SOCKETS_SHARE } from './limits.ts';
import type { ProcessBudgets } from './process-budgets.ts';
import type { TenantCounters } from './tenant-counters.ts';

/** The connections of one tenant. */
export interface TenantSockets {
  /** Counts a connection in before it is made; answers `false`, and counts nothing, when the tenant may not have it. */
  take(): boolean;
  /** Counts it out once its descriptor is closed. */
  give(): void;
}

/**
 * Grants connections on all threads together: to one tenant at most {@link TENANT_SOCKETS_SHARE} of them, and the last ones only to
 * tenants that have few.
 */
export class SocketLedger {
  readonly #budgets: ProcessBudgets;
  readonly #counters: TenantCounters;

  constructor(budgets: ProcessBudgets, counters: TenantCounters) {
    this.#budgets = budgets;
    this.#counters = counters;
  }

  /** The account of the tenant with that slot. */
  of(tenant: number): TenantSockets {
    return { take: () => this.#take(tenant), give: () => this.#give(tenant) };
  }

  #take(tenant: number): boolean {
    const held = this.#counters.addSockets(tenant, 1);
    const free = this.#budgets.add('sockets', 1);
    const { ceiling } = this.#budgets.read('sockets');
    const room =
      held < MODEST_SOCKETS
        ? free >= 1
        : held < ceiling * TENANT_SOCKETS_SHARE && free > ceiling * (1 - COMMON_SOCKETS_SHARE);
    if (room) return true;
    this.#give(tenant);
    this.#budgets.refusal('sockets');
    return false;
  }

  #give(tenant: number): void {
    this.#counters.addSockets(tenant, -1);
    this.#budgets.give('sockets', 1);
  }
}
