/** The memories of what tenants' guests share: one a tenant, kept over its versions. */
import { TenantSharedState } from '../runtime/shared-state.ts';
import type { TenantGuestMetrics } from './guest-metrics.ts';

/** By tenant: of those that have been deployed with a guest that can share since the name was given to its owner. */
export class SharedMemories {
  readonly #memories = new Map<string, { readonly madeMs: number | null; readonly memory: SharedArrayBuffer }>();

  /** The memory of a tenant. One that was made anew under the same name gets an empty one. @param madeMs - When it was made. */
  of(tenant: string, madeMs: number | null): SharedArrayBuffer {
    const known = this.#memories.get(tenant);
    if (known !== undefined && known.madeMs === madeMs) return known.memory;
    const memory = TenantSharedState.create();
    this.#memories.set(tenant, { madeMs, memory });
    return memory;
  }

  /** Forgets a tenant: its name has another owner, or none. What is still in flight goes on with the memory that it has. */
  forget(tenant: string): void {
    this.#memories.delete(tenant);
  }

  /** The metrics that guests have defined, by tenant. */
  *metrics(): Generator<TenantGuestMetrics> {
    for (const [tenant, { memory }] of this.#memories) {
      const state = new TenantSharedState(memory);
      yield { tenant, metric: (number) => state.metric(number) };
    }
  }
}
