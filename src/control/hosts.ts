/** Which hosts lead to a tenant of the API: those of its manifest that it may have, and its domains. Pure. */
import { KerbError } from '../errors.ts';

/** The host that every tenant has without asking. */
function ownHost(tenant: string): string {
  return `${tenant}.localhost`;
}

/** Whether a tenant that was given `domains` may serve `host`. */
function isOwn(host: string, tenant: string, domains: ReadonlySet<string>): boolean {
  if (host === ownHost(tenant) || host.endsWith(`.${ownHost(tenant)}`) || domains.has(host)) return true;
  const dot = host.indexOf('.');
  return !host.startsWith('*.') && dot > 0 && domains.has(`*${host.slice(dot)}`);
}

/** Throws `refused_module` that lists the hosts of a manifest which are not the tenant's: a stranger could take anybody's. */
export function refuseForeignHosts(hosts: readonly string[], tenant: string, domains: ReadonlySet<string>): void {
  const foreign = hosts.filter((host) => !isOwn(host, tenant, domains));
  if (foreign.length === 0) return;
  throw new KerbError(
    'refused_module',
    `hosts: not all are of the tenant ${tenant}`,
    foreign.map((host) => `${host}: ask the operator for it (kerb domain add ${tenant} ${host}), or remove it`),
  );
}

/** The hosts that lead to a version of a tenant, with that manifest, sorted. */
export function hostsOf(manifestHosts: readonly string[], tenant: string, domains: ReadonlySet<string>): string[] {
  return [...new Set([...manifestHosts.filter((host) => isOwn(host, tenant, domains)), ...domains])].sort();
}
