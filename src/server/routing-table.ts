/** From host and path to who serves them. */
import { covers } from '../http/path.ts';
import { isDeployed, type Deployment, type Route, type TableChange } from '../runtime/deployment.ts';
import { splitsAfter, type Splits } from './splits.ts';

/** A deployment that gets a part of another's clients. */
export interface CanaryShare {
  readonly canary: Deployment;
  readonly percent: number;
}

/**
 * The routing table of a data thread.
 *
 * An exact host wins over a wildcard, and among the routes of one host the longest path prefix wins; prefixes match
 * whole segments (`/api` serves `/api` and `/api/x`, not `/apix`). Control sees to it that no two tenants claim the same
 * host and path. A canary is not found by host: it gets a part of the clients of its primary.
 */
export class RoutingTable {
  readonly #routes = new Map<number, Route>();
  /** Exact hosts, and wildcards under their `*.` name. The longest path comes first. */
  readonly #hosts = new Map<string, readonly Route[]>();
  #splits: Splits = new Map();
  /** What the splits mean, by the id of the primary. */
  readonly #shares = new Map<number, CanaryShare>();
  #revision = 0;

  /** The last change that was applied. */
  get revision(): number {
    return this.#revision;
  }

  /** Routes in the table. */
  get size(): number {
    return this.#routes.size;
  }

  /**
   * Applies a change as a whole: no request sees half of it. Throws a TypeError, and changes nothing, when its splits are not
   * possible ({@link splitsAfter}).
   */
  apply(change: TableChange): void {
    const splits = this.#splitsAfter(change);
    for (const id of change.remove) this.#remove(id);
    for (const route of change.add) this.#add(route);
    if (splits !== this.#splits) this.#resplit(splits);
    this.#revision = change.revision;
  }

  /** The route of a host (lower case, without port) and an origin-form target; `null`: nobody serves it. */
  match(host: string, target: string): Route | null {
    return this.#matchPath(this.#hosts.get(host), target) ?? this.#matchPath(this.#wildcard(host), target);
  }

  /** Who gets a part of the clients of the deployment with this id, and how many of a hundred; `undefined`: nobody. */
  shareOf(id: number): CanaryShare | undefined {
    return this.#shares.get(id);
  }

  #wildcard(host: string): readonly Route[] | undefined {
    const dot = host.indexOf('.');
    return dot <= 0 ? undefined : this.#hosts.get(`*${host.slice(dot)}`);
  }

  #matchPath(candidates: readonly Route[] | undefined, target: string): Route | null {
    if (candidates === undefined) return null;
    for (const route of candidates) if (covers(route.path, target)) return route;
    return null;
  }

  #splitsAfter(change: TableChange): Splits {
    const isSplit = change.splits.length > 0;
    const removed = new Set(isSplit ? change.remove : []);
    const added = new Map(isSplit ? change.add.map((route) => [route.id, route]) : []);
    const deploymentAt = (id: number): Deployment | undefined => {
      const route = added.get(id) ?? (removed.has(id) ? undefined : this.#routes.get(id));
      return route !== undefined && isDeployed(route) ? route : undefined;
    };
    return splitsAfter(this.#splits, change, deploymentAt);
  }

  /** Takes canaries out of the routes, and those that are none any more into them. */
  #resplit(splits: Splits): void {
    for (const { canary } of this.#shares.values()) this.#route(canary.id);
    this.#splits = splits;
    this.#shares.clear();
    for (const { primary, canary, percent } of splits.values()) {
      const route = this.#routes.get(canary);
      if (route === undefined || !isDeployed(route)) continue;
      this.#unroute(route);
      this.#shares.set(primary, { canary: route, percent });
    }
  }

  #add(route: Route): void {
    this.#routes.set(route.id, route);
    this.#route(route.id);
  }

  #remove(id: number): void {
    const route = this.#routes.get(id);
    if (route === undefined) return;
    this.#routes.delete(id);
    this.#unroute(route);
  }

  /** Has hosts and path of a route lead to it, if it is in the table. */
  #route(id: number): void {
    const route = this.#routes.get(id);
    if (route === undefined) return;
    for (const host of route.hosts) {
      const others = this.#hosts.get(host);
      const all = others === undefined ? [route] : [...others, route].toSorted((a, b) => b.path.length - a.path.length);
      this.#hosts.set(host, all);
    }
  }

  #unroute({ id, hosts }: Route): void {
    for (const host of hosts) {
      const rest = (this.#hosts.get(host) ?? []).filter((other) => other.id !== id);
      if (rest.length === 0) this.#hosts.delete(host);
      else this.#hosts.set(host, rest);
    }
  }
}
