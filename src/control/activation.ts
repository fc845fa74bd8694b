/** Changes of what is in force: stored first, then served; undone where it cannot be served. */
import { KerbError } from '../errors.ts';
import type { Json, TenantChange, TenantRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Admitted } from './pipeline.ts';
import type { Doing } from './plane.ts';
import type { StoredServing } from './stored-serving.ts';

/** What of a tenant is in force on data threads: other changes come into force by being stored. */
const SERVED = ['active', 'canary', 'allowBackends'] as const satisfies (keyof TenantChange)[];

/** A change of a tenant, and how it is told. */
export interface Change extends Doing {
  readonly tenant: string;
  readonly change: TenantChange;
  /** For the audit trail. */
  readonly action: string;
  readonly detail: Json;
  /** Versions that have just been admitted. */
  readonly fresh?: ReadonlyMap<number, Admitted>;
}

/** Makes changes of tenants. Those of one tenant must not overlap. */
export class Activation {
  readonly #store: Store;
  readonly #serving: StoredServing;
  readonly #trail: AuditTrail;

  constructor(store: Store, serving: StoredServing, trail: AuditTrail) {
    this.#store = store;
    this.#serving = serving;
    this.#trail = trail;
  }

  /**
   * Makes a change; settles when it is stored and every data thread serves by it. Rejects with `not_found`, `precondition_failed`, and
   * with the errors of {@link StoredServing.bring}; then what served before still does.
   */
  async apply({ tenant, change, actor, ifRevision, action, detail, fresh }: Change): Promise<TenantRecord> {
    const before = this.#store.tenant(tenant);
    if (before === null) throw new KerbError('not_found', `there is no tenant ${tenant}`);
    const isServed = SERVED.some((member) => member in change);
    const ready = isServed ? await this.#admit({ ...before, ...change }, fresh) : new Map<number, Admitted>();
    const after = this.#trail.atomically(() => {
      const changed = this.#store.changeTenant(tenant, change, ifRevision);
      this.#trail.note(actor, action, tenant, detail);
      return changed;
    });
    try {
      if (isServed) await this.#serving.bring(after, ready);
      return after;
    } catch (error) {
      this.#store.changeTenant(tenant, undoing(before), null);
      this.#trail.note(actor, `${action}.undone`, tenant, { reason: messageOf(error) });
      throw error;
    }
  }

  /** Everything that will be in force, admitted: what cannot be is found before anything is stored. */
  async #admit(
    { name, active, canary }: TenantRecord,
    fresh: ReadonlyMap<number, Admitted> = new Map(),
  ): Promise<ReadonlyMap<number, Admitted>> {
    const ready = new Map(fresh);
    for (const version of [active, canary?.version ?? null]) {
      if (version === null || ready.has(version)) continue;
      ready.set(version, await this.#serving.admitted(name, version));
    }
    return ready;
  }
}

/** The change that makes a tenant what it was. */
function undoing(before: TenantRecord): TenantChange {
  const { active, previous, canary, requiredKeys, signingKeys, limits, allowBackends } = before;
  return { active, previous, canary, requiredKeys, signingKeys, limits, allowBackends };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
