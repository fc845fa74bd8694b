/** How much of the cache each tenant may have that is served on this thread. */

interface Quota {
  bytes: number;
  /** Deployments that are not closed. */
  deployments: number;
}

/** Quotas by tenant, as the cache names them. */
export class CacheQuotas {
  readonly #quotas = new Map<string, Quota>();

  /** Bytes that a tenant may have; 0 when nothing of it is served. */
  of(tenant: string): number {
    return this.#quotas.get(tenant)?.bytes ?? 0;
  }

  /** Says that a deployment of a tenant is served. The latest one's bytes count. */
  open(tenant: string, bytes: number): void {
    const quota = this.#quotas.get(tenant) ?? { bytes, deployments: 0 };
    this.#quotas.set(tenant, quota);
    quota.bytes = bytes;
    quota.deployments += 1;
  }

  /** Says that a deployment is closed; answers whether it was the tenant's last one. */
  close(tenant: string): boolean {
    const quota = this.#quotas.get(tenant);
    if (quota === undefined) return false;
    quota.deployments -= 1;
    return quota.deployments === 0 && this.#quotas.delete(tenant);
  }
}
