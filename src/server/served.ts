/** The deployments that a data thread serves: routing, backends, and the end of those that were replaced. */
import type { Backend } from '../capability/backend.ts';
import type { Deployment, TableChange } from '../runtime/deployment.ts';
import type { Engine } from '../runtime/engine.ts';
import type { AddressPolicy } from '../upstream/address-policy.ts';
import { BackendSet } from '../upstream/backends.ts';
import { RoutingTable } from './routing-table.ts';
import { BudgetedBackend } from './subrequests.ts';

/** One deployment on this thread. */
interface Entry {
  readonly deployment: Deployment;
  readonly backends: BackendSet;
  requests: number;
  retired: boolean;
}

/** Keeps each deployment alive while it is in the table or has requests in flight. */
export class ServedDeployments {
  readonly #engine: Engine;
  readonly #policy: AddressPolicy;
  readonly #table = new RoutingTable();
  readonly #entries = new Map<number, Entry>();

  constructor(engine: Engine, policy: AddressPolicy) {
    this.#engine = engine;
    this.#policy = policy;
  }

  /** Applies a change of the table as a whole. Replaced deployments serve what they have begun. */
  apply(change: TableChange): void {
    this.#table.apply(change);
    for (const deployment of change.add) {
      const urls = Object.fromEntries(deployment.backends.map(({ name, url }) => [name, { url }]));
      const backends = new BackendSet(urls, { policy: this.#policy });
      this.#entries.set(deployment.id, { deployment, backends, requests: 0, retired: false });
    }
    for (const id of change.remove) this.#retire(id);
  }

  /** The deployment for a host and target; `null`: nobody serves it. */
  match(host: string, target: string): Deployment | null {
    return this.#table.match(host, target);
  }

  /** Counts a request of `deployment` in, and answers the backend that its guest's "next" goes to. */
  enter(deployment: Deployment): Backend | null {
    const entry = this.#entries.get(deployment.id);
    if (entry === undefined) return null;
    entry.requests += 1;
    const origin = deployment.origin === null ? undefined : entry.backends.get(deployment.origin);
    return origin === undefined ? null : new BudgetedBackend(origin, deployment.budgets.subrequests);
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
