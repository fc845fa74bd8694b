/** The deployments that a data thread serves: routing, backends, and the end of those that were replaced. */
import type { Backends } from '../capability/backend.ts';
import type { TokenIssuer } from '../capability/jwt.ts';
import type { ClientAddress } from '../http/message.ts';
import type { Deployment, TableChange } from '../runtime/deployment.ts';
import type { Engine } from '../runtime/engine.ts';
import { AddressPolicy, type AddressPolicyOptions } from '../upstream/address-policy.ts';
import { BackendSet } from '../upstream/backends.ts';
import type { ClientPositions } from './client-positions.ts';
import { RoutingTable } from './routing-table.ts';
import { NO_BACKENDS, RequestBackends } from './subrequests.ts';
import { tokenIssuers } from './token-issuers.ts';

/** One deployment on this thread. */
interface Entry {
  readonly deployment: Deployment;
  readonly backends: BackendSet;
  readonly issuers: ReadonlyMap<string, TokenIssuer>;
  requests: number;
  retired: boolean;
}

/** Keeps each deployment alive while it is in the table or has requests in flight. */
export class ServedDeployments {
  readonly #engine: Engine;
  readonly #addresses: AddressPolicyOptions;
  readonly #policy: AddressPolicy;
  readonly #clients: ClientPositions;
  readonly #table = new RoutingTable();
  readonly #entries = new Map<number, Entry>();

  /** @param addresses - What backends of all tenants may be. */
  constructor(engine: Engine, addresses: AddressPolicyOptions, clients: ClientPositions) {
    this.#engine = engine;
    this.#addresses = addresses;
    this.#policy = new AddressPolicy(addresses);
    this.#clients = clients;
  }

  /** Applies a change of the table as a whole. Replaced deployments serve what they have begun. */
  apply(change: TableChange): void {
    this.#table.apply(change);
    for (const deployment of change.add) {
      const urls = Object.fromEntries(deployment.backends.map(({ name, url }) => [name, { url }]));
      const backends = new BackendSet(urls, { policy: this.#policyOf(deployment) });
      const issuers = tokenIssuers(deployment.jwt, backends);
      this.#entries.set(deployment.id, { deployment, backends, issuers, requests: 0, retired: false });
    }
    for (const id of change.remove) this.#retire(id);
  }

  /**
   * The deployment for a host and target, and of two versions that share them the one for this client; `null`: nobody serves it.
   * The client's address is read where there are two versions only.
   */
  match(host: string, target: string, client: Pick<ClientAddress, 'ip'>): Deployment | null {
    const deployment = this.#table.match(host, target);
    const share = deployment === null ? undefined : this.#table.shareOf(deployment.id);
    if (deployment === null || share === undefined) return deployment;
    return this.#clients.of(deployment.tenant, client.ip) < share.percent ? share.canary : deployment;
  }

  /** Counts a request of `deployment` in, and answers what it may reach. */
  enter(deployment: Deployment): Backends {
    const entry = this.#entries.get(deployment.id);
    if (entry === undefined) return NO_BACKENDS;
    entry.requests += 1;
    if (deployment.backends.length === 0 && deployment.jwt.length === 0) return NO_BACKENDS;
    return new RequestBackends(entry, deployment.origin, deployment.budgets.subrequests);
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
    await Promise.all([...this.#entries.values()].map(({ backends }) => backends.close()));
  }

  /** Most tenants reach public addresses only: they share one policy. */
  #policyOf({ allowBackends }: Deployment): AddressPolicy {
    if (allowBackends.length === 0) return this.#policy;
    return new AddressPolicy({ ...this.#addresses, allow: [...(this.#addresses.allow ?? []), ...allowBackends] });
  }

  #retire(id: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.retired = true;
    this.#engine.retire(id);
    this.#closeIfDone(entry);
  }

  #closeIfDone({ deployment, backends, requests, retired }: Entry): void {
    if (!retired || requests > 0) return;
    this.#entries.delete(deployment.id);
    this.#engine.retire(deployment.id);
    void backends.close();
  }
}
