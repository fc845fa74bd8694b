/** Who claims which host and path. */
import type { Route } from '../runtime/deployment.ts';
import { KerbError } from '../errors.ts';

/** What is claimed, and by whom. */
export type Claim = Pick<Route, 'tenant' | 'hosts' | 'path'>;

/**
 * Claims by place. A place that is called like another, a space and something more is of the same owner: both are versions of one
 * tenant, and in nobody's way. A tenant of the same name from elsewhere is.
 */
export class Claims {
  readonly #places = new Map<string, Claim>();
  /** Places by route; nearly all routes have one. */
  readonly #byRoute = new Map<string, string | readonly string[]>();

  /** Notes what a place claims; it must not have a claim. */
  add(place: string, claim: Claim): void {
    this.#places.set(place, claim);
    for (const route of routesOf(claim)) {
      const others = this.#at(route);
      this.#byRoute.set(route, others.length === 0 ? place : [...others, place]);
    }
  }

  /** Forgets what a place claims. */
  remove(place: string): void {
    const claim = this.#places.get(place);
    if (claim === undefined) return;
    this.#places.delete(place);
    for (const route of routesOf(claim)) {
      const [first, ...more] = this.#at(route).filter((other) => other !== place);
      if (first === undefined) this.#byRoute.delete(route);
      else this.#byRoute.set(route, more.length === 0 ? first : [first, ...more]);
    }
  }

  /** Whether one of the routes of a claim is nobody's. */
  leavesFree(claim: Claim): boolean {
    return routesOf(claim).some((route) => !this.#byRoute.has(route));
  }

  /**
   * `route_conflict` with the claim that one at `place` would come too late for; `null`: its routes are free.
   *
   * @param counts - Which places count; by default all others.
   */
  conflict(place: string, claim: Claim, counts: (other: string) => boolean = () => true): KerbError | null {
    for (const host of claim.hosts) {
      for (const other of this.#at(routeOf(host, claim.path))) {
        const held = this.#places.get(other);
        if (other === place || held === undefined || !counts(other)) continue;
        if (held.tenant === claim.tenant && isOneOwner(place, other)) continue;
        return new KerbError(
          'route_conflict',
          `${host}${claim.path} is served by tenant ${held.tenant}; choose other hosts or another path`,
        );
      }
    }
    return null;
  }

  #at(route: string): readonly string[] {
    const places = this.#byRoute.get(route) ?? [];
    return typeof places === 'string' ? [places] : places;
  }
}

function routesOf({ hosts, path }: Claim): string[] {
  return hosts.map((host) => routeOf(host, path));
}

function routeOf(host: string, path: string): string {
  return `${host}${path}`;
}

function isOneOwner(place: string, other: string): boolean {
  return place.startsWith(`${other} `) || other.startsWith(`${place} `);
}
