/** The deployments that a data thread serves: routing, backends, and the end of those that were replaced. */
import { cacheTenant } from '../cache/key.ts';
import type { Forward } from '../cache/ports.ts';
import type { Backend } from '../capability/backend.ts';
import type { TokenIssuer, TokenSigner } from '../capability/jwt.ts';
import type { TenantHome } from '../capability/stores.ts';
import type { ClientAddress } from '../http/message.ts';
import { chainOf, isDeployed, type Deployment, type Route, type TableChange } from '../runtime/deployment.ts';
import type { Engine } from '../runtime/engine.ts';
import { AddressPolicy, type AddressPolicyOptions } from '../upstream/address-policy.ts';
import type { TenantCounters } from '../runtime/tenant-counters.ts';
import { BackendSet } from '../upstream/backends.ts';
import type { Held } from './cache-owner.ts';
import type { Through } from './cache-messages.ts';
import { CachedBackend, forwardTo } from './cached-backend.ts';
import { CacheQuotas } from './cache-quotas.ts';
import type { EdgeCache } from './edge-cache.ts';
import type { CheckSlots } from '../upstream/check-slots.ts';
import type { SocketAccount } from '../upstream/connector.ts';
import type { ClientPositions } from './client-positions.ts';
import type { Reach, StoredAnswers } from './failure-policy.ts';
import { RoutingTable } from './routing-table.ts';
import { NO_BACKENDS, RequestBackends, type BackendsByName } from './subrequests.ts';
import { signingKeys, tokenSigners } from './token-signers.ts';
import { tokenIssuers } from './token-issuers.ts';

/** One deployment on this thread. */
interface Entry {
  readonly deployment: Deployment;
  /** As they are: past the cache. */
  readonly direct: BackendSet;
  /** As guests reach them. */
  readonly backends: BackendsByName;
  readonly kept: ReadonlyMap<string, StoredAnswers>;
  readonly issuers: ReadonlyMap<string, TokenIssuer>;
  readonly signers: ReadonlyMap<string, TokenSigner>;
  requests: number;
  retired: boolean;
}

/** What the deployments of a thread are served with. */
export interface ServedOptions {
  readonly engine: Engine;
  /** What backends of all tenants may be. */
  readonly addresses: AddressPolicyOptions;
  readonly clients: ClientPositions;
  readonly cache: EdgeCache;
  readonly counters: TenantCounters;
  /** The connections of the tenant with that slot; by default they are not counted. */
  readonly socketsOf?: (tenant: number) => SocketAccount;
  readonly checks?: CheckSlots;
  /** Hears that nothing of a tenant is served here any more, and that its last request is over. */
  readonly onUnserved?: (home: TenantHome) => void;
}

/** Keeps each deployment alive while it is in the table or has requests in flight. */
export class ServedDeployments {
  readonly #options: ServedOptions;
  readonly #policy: AddressPolicy;
  readonly #quotas = new CacheQuotas();
  readonly #table = new RoutingTable();
  readonly #entries = new Map<number, Entry>();

  constructor(options: ServedOptions) {
    this.#options = options;
    this.#policy = new AddressPolicy(options.addresses);
  }

  /** Applies a change of the table as a whole. Replaced deployments serve what they have begun. */
  apply(change: TableChange): void {
    this.#table.apply(change);
    for (const route of change.add) if (isDeployed(route)) this.#serve(route);
    for (const id of change.remove) this.#retire(id);
  }

  /**
   * The deployment for a host and target, or the route to a tenant that rests, and of two versions that share them the one for this client;
   * `null`: nobody serves it. The client's address is read where there are two versions only.
   */
  match(host: string, target: string, client: Pick<ClientAddress, 'ip'>): Route | null {
    const route = this.#table.match(host, target);
    const share = route === null ? undefined : this.#table.shareOf(route.id);
    if (route === null || share === undefined) return route;
    return this.#options.clients.of(route.tenant, client.ip) < share.percent ? share.canary : route;
  }

  /** Tenants with a deployment in the table. */
  tenants(): ReadonlySet<string> {
    return new Set(
      [...this.#entries.values()].filter(({ retired }) => !retired).map(({ deployment }) => deployment.tenant),
    );
  }

  /** Whether the tenant of a deployment has one in the table: it or another. */
  isServed({ id, tenant }: Deployment): boolean {
    return this.#entries.get(id)?.retired === false || this.tenants().has(tenant);
  }

  /** Counts a request of `deployment` in, and answers what it may reach. */
  enter(deployment: Deployment): Reach {
    const entry = this.#entries.get(deployment.id);
    if (entry === undefined) return NO_BACKENDS;
    entry.requests += 1;
    if (deployment.backends.length === 0 && deployment.jwt.length === 0) return NO_BACKENDS;
    return new RequestBackends(entry, deployment.origin, deployment.budgets.subrequests);
  }

  /** Bytes of the cache that a tenant, as the cache names it, may have; 0 when nothing of it is served. */
  cacheQuota(tenant: string): number {
    return this.#quotas.of(tenant);
  }

  /**
   * How a request that came to another thread reaches its backend, and keeps its deployment until it is over; `null`: the deployment is
   * not served here, or not yet.
   */
  forwardThrough({ deployment, backend, target, forwarded }: Through & { readonly target: string }): Held | null {
    const entry = this.#entries.get(deployment);
    const direct = entry?.direct.get(backend);
    if (entry === undefined || direct === undefined) return null;
    entry.requests += 1;
    const forward: Forward = forwardTo(direct, { target, body: null, forwarded });
    return { forward, leave: () => this.leave(entry.deployment) };
  }

  /** Counts a request out. */
  leave(deployment: Deployment): void {
    const entry = this.#entries.get(deployment.id);
    if (entry === undefined) return;
    entry.requests -= 1;
    this.#closeIfDone(entry);
  }

  /** Closes everything. */
  async close(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ direct }) => direct.close()));
  }

  #serve(deployment: Deployment): void {
    const direct = this.#backendsOf(deployment);
    const keys = signingKeys(deployment.jwt, deployment.grants.stores.signingKeys);
    const issuers = tokenIssuers(deployment.jwt, direct, keys);
    const signers = tokenSigners(deployment.jwt, keys);
    const kept = this.#cached(deployment, direct);
    const backends = { get: (name: string): Backend | undefined => kept.get(name) ?? direct.get(name) };
    this.#quotas.open(tenantOf(deployment), deployment.budgets.cacheBytes);
    const entry = { deployment, direct, backends, kept, issuers, signers, requests: 0, retired: false };
    this.#entries.set(deployment.id, entry);
  }

  /** The backends behind the cache; none where the deployment has no part of that. */
  #cached(deployment: Deployment, direct: BackendSet): ReadonlyMap<string, CachedBackend> {
    const { id, backends, budgets, slot } = deployment;
    const { cache, counters } = this.#options;
    const cached = new Map<string, CachedBackend>();
    if (budgets.cacheBytes === 0 || cache.isOff) return cached;
    const tenant = tenantOf(deployment);
    for (const { name, url } of backends) {
      const backend = direct.get(name);
      const place = { tenant, deployment: id, name, url };
      if (backend !== undefined)
        cached.set(name, new CachedBackend(backend, cache, place, (outcome) => counters.countCache(slot, outcome)));
    }
    return cached;
  }

  #backendsOf(deployment: Deployment): BackendSet {
    const { checks, socketsOf } = this.#options;
    const specs = Object.fromEntries(deployment.backends.map(({ name, ...spec }) => [name, spec]));
    return new BackendSet(specs, { policy: this.#policyOf(deployment), sockets: socketsOf?.(deployment.slot), checks });
  }

  /** Most tenants reach public addresses only: they share one policy. */
  #policyOf({ allowBackends }: Deployment): AddressPolicy {
    if (allowBackends.length === 0) return this.#policy;
    const { addresses } = this.#options;
    return new AddressPolicy({ ...addresses, allow: [...(addresses.allow ?? []), ...allowBackends] });
  }

  #retire(id: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.retired = true;
    entry.direct.unwatch();
    this.#retireGuests(entry.deployment);
    this.#closeIfDone(entry);
  }

  #closeIfDone({ deployment, direct, requests, retired }: Entry): void {
    if (!retired || requests > 0) return;
    const { cache, onUnserved } = this.#options;
    const tenant = tenantOf(deployment);
    this.#entries.delete(deployment.id);
    this.#retireGuests(deployment);
    void direct.close();
    // Nobody may ask for it any more.
    if (!this.#quotas.close(tenant)) return;
    cache.purgeOwn({ tenant, subject: { kind: 'all' }, mode: 'hard' });
    onUnserved?.({ tenant: deployment.tenant, madeMs: deployment.grants.stores.madeMs });
  }

  #retireGuests(deployment: Deployment): void {
    for (const { id } of chainOf(deployment)) this.#options.engine.retire(id);
  }
}

function tenantOf({ tenant, grants }: Deployment): string {
  return cacheTenant(tenant, grants.stores.madeMs);
}
