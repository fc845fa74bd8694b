/** Which stored tenants are awake: woken when somebody asks, put to rest when memory is wanted. */
import type { Deployment } from '../runtime/deployment.ts';
import type { TenantCounters } from '../runtime/tenant-counters.ts';
import type { Outcome } from '../outcome.ts';
import { AwakeTenants } from './awake-tenants.ts';
import type { InForce } from './in-force.ts';
import { Waker } from './waker.ts';

/** What it works with. */
export interface RestingOptions {
  /** What awake tenants may take, in bytes. */
  readonly maxBytes: number;
  readonly inForce: InForce;
  readonly counters: TenantCounters;
  readonly codeBytes: (module: WebAssembly.Module) => number;
  readonly wake: (tenant: string) => Promise<void>;
  readonly rest: (tenant: string) => Promise<void>;
  /** See {@link ./waker.ts WakerOptions}. */
  readonly admit: () => void;
  readonly unwoken: (route: number, outcome: Outcome, reason: string) => void;
  readonly report: (message: string) => void;
}

/** How many tenants are awake and at rest, and what was done since the process began. */
export interface RestingFigures {
  /** Stored tenants that are loaded. */
  readonly awake: number;
  readonly resting: number;
  /** An estimate of what those that are awake take. */
  readonly awakeBytes: number;
  readonly woken: number;
  readonly unwoken: number;
  readonly rested: number;
}

/** The one who decides. */
export class Resting {
  readonly #options: RestingOptions;
  readonly #awake: AwakeTenants;
  readonly #waker: Waker;
  #rested = 0;

  constructor(options: RestingOptions) {
    this.#options = options;
    const { maxBytes, counters, codeBytes, wake, unwoken, report } = options;
    this.#awake = new AwakeTenants({
      maxBytes,
      activity: counters,
      codeBytes,
      rest: (tenants) => tenants.forEach((tenant) => void this.#rest(tenant)),
    });
    this.#waker = new Waker({ wake, admit: () => this.#admit(), unwoken, report });
  }

  get figures(): RestingFigures {
    const { routes, deployed } = this.#options.inForce;
    const { woken, failed: unwoken } = this.#waker.figures;
    const { size: awake, bytes: awakeBytes } = this.#awake;
    return { awake, awakeBytes, resting: routes.size - deployed, woken, unwoken, rested: this.#rested };
  }

  /** Requests wait for a tenant, by that route of it. */
  wake(tenant: string, route: number): void {
    this.#waker.wake(tenant, route);
  }

  /** What of a tenant is loaded now. */
  loaded(tenant: string, deployments: readonly Deployment[]): void {
    this.#awake.set(tenant, deployments);
  }

  /** Notes who is asked for. */
  look(): void {
    this.#awake.look();
  }

  /** Resident memory is so far above where tenants begin to be put to rest ({@link AwakeTenants.relieve}). */
  relieve(bytes: number): boolean {
    return this.#awake.relieve(bytes, performance.now());
  }

  /** The process is short of so much memory. */
  free(bytes: number): void {
    this.#awake.free(bytes, performance.now());
  }

  /** Code is room that only those have who are put to rest. */
  #admit(): void {
    try {
      this.#options.admit();
    } catch (error) {
      this.free(Infinity);
      throw error;
    }
  }

  async #rest(tenant: string): Promise<void> {
    try {
      await this.#options.rest(tenant);
      this.#rested += 1;
    } catch (error) {
      this.#options.report(
        `${tenant} stays loaded though nobody asks for it: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
