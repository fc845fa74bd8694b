/** The memories of what tenants' guests share: one a tenant, kept over its versions. */
import type { MetricFigures } from '../capability/shared.ts';
import { TenantSharedState } from '../runtime/shared-state.ts';

/** By tenant. There are as many as tenants that have ever been deployed with a guest that can share, which is bounded elsewhere. */
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

  /** The metrics that guests have defined, by tenant. */
  *metrics(): Generator<{ readonly tenant: string; readonly metrics: readonly MetricFigures[] }> {
    for (const [tenant, { memory }] of this.#memories) yield { tenant, metrics: new TenantSharedState(memory).metrics };
  }
}
