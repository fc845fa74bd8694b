/** Which hosts lead to a tenant of the API: those of its manifest that it may have, and its domains. */
import { KerbError } from '../errors.ts';
import type { TenantStore } from '../store/store.ts';

/** Who was given which host. */
export type Domains = Pick<TenantStore, 'domain' | 'domains'>;

/** The wildcard that covers a host. */
export function wildcardOf(host: string): string {
  return `*${host.slice(host.indexOf('.'))}`;
}

/**
 * Whether a tenant may serve `host`: its own, one that it was given, or one under a wildcard that it was given, unless somebody else was
 * given exactly this one.
 */
function isOwn(host: string, tenant: string, store: Domains): boolean {
  const own = `${tenant}.localhost`;
  if (host === own || host.endsWith(`.${own}`)) return true;
  const owner = store.domain(host)?.tenant;
  if (owner !== undefined) return owner === tenant;
  return !host.startsWith('*.') && host.indexOf('.') > 0 && store.domain(wildcardOf(host))?.tenant === tenant;
}

/** Throws `refused_module` that lists the hosts of a manifest which are not the tenant's: a stranger could take anybody's. */
export function refuseForeignHosts(hosts: readonly string[], tenant: string, store: Domains): void {
  const foreign = hosts.filter((host) => !isOwn(host, tenant, store));
  if (foreign.length === 0) return;
  throw new KerbError(
    'refused_module',
    `hosts: not all are of the tenant ${tenant}`,
    foreign.map((host) => `${host}: ask the operator for it (kerb domain add ${tenant} ${host}), or remove it`),
  );
}

/** The hosts that lead to a version of a tenant, with that manifest, sorted. */
export function hostsOf(manifestHosts: readonly string[], tenant: string, store: Domains): string[] {
  const given = store.domains(tenant).map(({ host }) => host);
  return [...new Set([...manifestHosts.filter((host) => isOwn(host, tenant, store)), ...given])].sort();
}
