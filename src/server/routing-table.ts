/** From host and path to the deployment that serves them. */
import type { Deployment, TableChange } from '../runtime/deployment.ts';

/**
 * The routing table of a data thread.
 *
 * An exact host wins over a wildcard, and among the deployments of one host the longest path prefix wins; prefixes match
 * whole segments (`/api` serves `/api` and `/api/x`, not `/apix`). Control sees to it that no two deployments claim the same
 * host and path.
 */
export class RoutingTable {
  readonly #deployments = new Map<number, Deployment>();
  /** Exact hosts, and wildcards under their `*.` name. The longest path comes first. */
  readonly #hosts = new Map<string, readonly Deployment[]>();
  #revision = 0;

  /** The last change that was applied. */
  get revision(): number {
    return this.#revision;
  }

  /** Deployments in the table. */
  get size(): number {
    return this.#deployments.size;
  }

  /** Applies a change as a whole: no request sees half of it. */
  apply(change: TableChange): void {
    for (const id of change.remove) this.#remove(id);
    for (const deployment of change.add) this.#add(deployment);
    this.#revision = change.revision;
  }

  /** The deployment for a host (lower case, without port) and an origin-form target; `null`: nobody serves it. */
  match(host: string, target: string): Deployment | null {
    return this.#matchPath(this.#hosts.get(host), target) ?? this.#matchPath(this.#wildcard(host), target);
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

  #add(deployment: Deployment): void {
    this.#deployments.set(deployment.id, deployment);
    for (const host of deployment.hosts) {
      const others = this.#hosts.get(host) ?? [];
      this.#hosts.set(
        host,
        [...others, deployment].toSorted((a, b) => b.path.length - a.path.length),
      );
    }
  }

  #remove(id: number): void {
    const deployment = this.#deployments.get(id);
    if (deployment === undefined) return;
    this.#deployments.delete(id);
    for (const host of deployment.hosts) {
      const rest = (this.#hosts.get(host) ?? []).filter((other) => other.id !== id);
      if (rest.length === 0) this.#hosts.delete(host);
      else this.#hosts.set(host, rest);
    }
  }
}

/** Whether a target is under a path prefix; a query ends the path. */
function covers(prefix: string, target: string): boolean {
  if (prefix === '/') return true;
  const base = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (!target.startsWith(base)) return false;
  const next = target[base.length];
  return next === undefined || next === '/' || next === '?';
}
