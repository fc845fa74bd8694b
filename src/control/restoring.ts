/** At the start: every stored tenant serves what it did, or rests until somebody asks for it. */
import { KerbError } from '../errors.ts';
import type { TenantRecord } from '../store/records.ts';
import type { TenantStore } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { WOKEN_AT_START } from './limits.ts';
import type { StoredServing } from './stored-serving.ts';

/** Tenants that are read and published in one step. */
const PAGE = 1_000;

/** What it works with. */
export interface RestoringOptions {
  readonly store: Pick<TenantStore, 'tenants'>;
  readonly serving: StoredServing;
  /** Takes back a canary that cannot be served. */
  readonly stopCanary: (tenant: string, reason: string) => Promise<unknown>;
  readonly log: Log;
}

/** Brings what is stored in force. */
export class Restoring {
  readonly #options: RestoringOptions;

  constructor(options: RestoringOptions) {
    this.#options = options;
  }

  /**
   * Few tenants ({@link WOKEN_AT_START}) are all awake then; of more, only those with a canary are, and the others are woken by their
   * first request. What cannot be served is left out, and the log says why.
   */
  async run(): Promise<void> {
    const { items, next } = this.#page(null, WOKEN_AT_START);
    if (next === null) for (const tenant of items) await this.#bring(tenant);
    else await this.#restAll();
  }

  async #restAll(): Promise<void> {
    const began = performance.now();
    let rest = 0;
    for (let cursor: string | null = null, more = true; more;) {
      const { items, next } = this.#page(cursor, PAGE);
      const serving = items.filter(({ active }) => active !== null);
      rest += await this.#rest(serving.filter(({ canary }) => canary === null));
      for (const tenant of serving) if (tenant.canary !== null) await this.#bring(tenant);
      [cursor, more] = [next, next !== null];
    }
    const ms = (performance.now() - began).toFixed(0);
    this.#options.log.info(`${rest} tenants rest until their first request (${ms} ms)`);
  }

  #page(
    cursor: string | null,
    limit: number,
  ): { readonly items: readonly TenantRecord[]; readonly next: string | null } {
    return this.#options.store.tenants({ limit, cursor });
  }

  /** Answers how many do. One that cannot must not keep the others from it. */
  async #rest(tenants: readonly TenantRecord[]): Promise<number> {
    try {
      await this.#options.serving.rest(tenants);
      return tenants.length;
    } catch (error) {
      const [only, ...others] = tenants;
      if (only === undefined) return 0;
      if (others.length === 0) {
        this.#tell(only, error);
        return 0;
      }
      const half = Math.ceil(tenants.length / 2);
      return (await this.#rest(tenants.slice(0, half))) + (await this.#rest(tenants.slice(half)));
    }
  }

  async #bring(tenant: TenantRecord): Promise<void> {
    if (tenant.active === null) return;
    try {
      await this.#restore(tenant);
      this.#options.log.info(`${tenant.name}: version ${tenant.active} serves`);
    } catch (error) {
      this.#tell(tenant, error);
    }
  }

  #tell({ name, active }: TenantRecord, error: unknown): void {
    const why = error instanceof KerbError ? error.explain() : String(error);
    this.#options.log.error(`${name}: version ${active} is not served: ${why}`);
  }

  /** A canary that cannot be served is taken back: it must not keep the active version from serving. */
  async #restore(tenant: TenantRecord): Promise<void> {
    try {
      await this.#options.serving.bring(tenant);
    } catch (error) {
      if (!(error instanceof KerbError) || tenant.canary === null) throw error;
      const reason = `it cannot be served: ${error.message}`;
      await this.#options.stopCanary(tenant.name, reason);
      this.#options.log.warn(`${tenant.name}: the canary, version ${tenant.canary.version}, is taken back: ${reason}`);
    }
  }
}
