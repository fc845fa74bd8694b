/** From host and path to the deployment that serves them. */
import { covers } from '../http/path.ts';
import type { Deployment, TableChange } from '../runtime/deployment.ts';
import { splitsAfter, type Splits } from './splits.ts';

/** A deployment that gets a part of another's clients. */
export interface CanaryShare {
  readonly canary: Deployment;
  readonly percent: number;
}

/**
 * The routing table of a data thread.
 *
 * An exact host wins over a wildcard, and among the deployments of one host the longest path prefix wins; prefixes match
 * whole segments (`/api` serves `/api` and `/api/x`, not `/apix`). Control sees to it that no two deployments claim the same
 * host and path. A canary is not found by host: it gets a part of the clients of its primary.
 */
export class RoutingTable {
  readonly #deployments = new Map<number, Deployment>();
  /** Exact hosts, and wildcards under their `*.` name. The longest path comes first. */
  readonly #hosts = new Map<string, readonly Deployment[]>();
  #splits: Splits = new Map();
  /** What the splits mean, by the id of the primary. */
  readonly #shares = new Map<number, CanaryShare>();
  #revision = 0;

  /** The last change that was applied. */
  get revision(): number {
    return this.#revision;
  }

  /** Deployments in the table. */
  get size(): number {
    return this.#deployments.size;
  }

  /**
   * Applies a change as a whole: no request sees half of it. Throws a TypeError, and changes nothing, when its splits are not
   * possible ({@link splitsAfter}).
   */
  apply(change: TableChange): void {
    const splits = this.#splitsAfter(change);
    for (const id of change.remove) this.#remove(id);
    for (const deployment of change.add) this.#add(deployment);
    if (splits !== this.#splits) this.#resplit(splits);
    this.#revision = change.revision;
  }

  /** The deployment for a host (lower case, without port) and an origin-form target; `null`: nobody serves it. */
  match(host: string, target: string): Deployment | null {
    return this.#matchPath(this.#hosts.get(host), target) ?? this.#matchPath(this.#wildcard(host), target);
  }

  /** Who gets a part of the clients of the deployment with this id, and how many of a hundred; `undefined`: nobody. */
  shareOf(id: number): CanaryShare | undefined {
    return this.#shares.get(id);
  }

  #wildcard(host: string): readonly Deployment[] | undefined {
    const dot = host.indexOf('.');
    return dot <= 0 ? undefined : this.#hosts.get(`*${host.slice(dot)}`);
  }

  #matchPath(candidates: readonly Deployment[] | undefined, target: string): Deployment | null {
    if (candidates === undefined) return null;
    for (const deployment of candidates) if (covers(deployment.path, target)) return deployment;
    return null;
  }

  #splitsAfter(change: TableChange): Splits {
    const removed = new Set(change.splits.length === 0 ? [] : change.remove);
    const added = new Map(
      change.splits.length === 0 ? [] : change.add.map((deployment) => [deployment.id, deployment]),
    );
    const deploymentAt = (id: number): Deployment | undefined =>
      added.get(id) ?? (removed.has(id) ? undefined : this.#deployments.get(id));
    return splitsAfter(this.#splits, change, deploymentAt);
  }

  /** Takes canaries out of the routes, and those that are none any more into them. */
  #resplit(splits: Splits): void {
    for (const { canary } of this.#shares.values()) this.#route(canary.id);
    this.#splits = splits;
    this.#shares.clear();
    for (const { primary, canary, percent } of splits.values()) {
      const deployment = this.#deployments.get(canary);
      if (deployment === undefined) continue;
      this.#unroute(deployment);
      this.#shares.set(primary, { canary: deployment, percent });
    }
  }

  #add(deployment: Deployment): void {
    this.#deployments.set(deployment.id, deployment);
    this.#route(deployment.id);
  }

  #remove(id: number): void {
    const deployment = this.#deployments.get(id);
    if (deployment === undefined) return;
    this.#deployments.delete(id);
    this.#unroute(deployment);
  }

  /** Has hosts and path of a deployment lead to it, if it is in the table. */
  #route(id: number): void {
    const deployment = this.#deployments.get(id);
    if (deployment === undefined) return;
    for (const host of deployment.hosts) {
      const others = this.#hosts.get(host) ?? [];
      this.#hosts.set(
        host,
        [...others, deployment].toSorted((a, b) => b.path.length - a.path.length),
      );
    }
  }

  #unroute({ id, hosts }: Deployment): void {
    for (const host of hosts) {
      const rest = (this.#hosts.get(host) ?? []).filter((other) => other.id !== id);
      if (rest.length === 0) this.#hosts.delete(host);
      else this.#hosts.set(host, rest);
    }
  }
}
