/** The hosts that operators give to tenants and take back, and what that changes of what is served. */
import { KerbError } from '../errors.ts';
import type { DomainRecord, TenantRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { AuditTrail } from './audit-trail.ts';
import { wildcardOf } from './hosts.ts';
import type { InTurn } from './in-turn.ts';
import { hostPattern } from './manifest-values.ts';
import type { StoredServing } from './stored-serving.ts';

/** What it works with. */
export interface TenantDomainsOptions {
  readonly store: Store;
  readonly trail: AuditTrail;
  readonly serving: StoredServing;
  /** Turns of tenants, by name. */
  readonly turns: InTurn;
  /** A tenant of the store, or an error that says why there is none. */
  readonly stored: (name: string) => TenantRecord;
  /** Told when a host has become free. */
  readonly onFreed: () => void;
}

/** The turn that changes of domains have in common; no tenant's name. */
const DOMAINS = ' domains';

/** Domains of tenants. */
export class TenantDomains {
  readonly #options: TenantDomainsOptions;

  constructor(options: TenantDomainsOptions) {
    this.#options = options;
  }

  /** By host. */
  list({ name }: TenantRecord): readonly DomainRecord[] {
    return this.#options.store.domains(name);
  }

  /** See {@link ControlPlane.addDomain}. */
  add(name: string, given: string, actor: string): Promise<DomainRecord> {
    return this.#inTurn(name, async () => {
      const { store, trail, serving } = this.#options;
      const tenant = this.#options.stored(name);
      const host = hostPattern(given);
      if (host === null)
        throw new KerbError(
          'bad_request',
          'host: is not a host name, or "*." and one; write it without port and scheme',
        );
      const known = store.domain(host);
      if (known?.tenant === name) return known;
      const domain = { host, tenant: name, createdMs: Date.now(), createdBy: actor };
      trail.atomically(() => {
        store.addDomain(domain);
        trail.note(actor, 'domain.add', name, { host });
      });
      try {
        // First: the other one has to leave it before this one can have it.
        await this.#bringWildcard(host, name);
        await serving.bring(tenant);
      } catch (error) {
        store.removeDomain(name, host);
        trail.note(actor, 'domain.add.undone', name, { host });
        throw error;
      }
      return domain;
    });
  }

  /** See {@link ControlPlane.removeDomain}. */
  remove(name: string, given: string, actor: string): Promise<void> {
    return this.#inTurn(name, async () => {
      const { store, trail, serving } = this.#options;
      const tenant = this.#options.stored(name);
      const host = hostPattern(given) ?? given;
      const domain = store.domain(host);
      trail.atomically(() => {
        store.removeDomain(name, host);
        trail.note(actor, 'domain.remove', name, { host });
      });
      try {
        await serving.bring(tenant);
        await this.#bringWildcard(host, name);
      } catch (error) {
        if (domain !== null) store.addDomain(domain);
        trail.note(actor, 'domain.remove.undone', name, { host });
        throw error;
      }
      this.#options.onFreed();
    });
  }

  /** Changes of domains are made one after the other, whoever's they are: one may be about two tenants. */
  #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const { turns } = this.#options;
    return turns.run(DOMAINS, () => turns.run(name, work));
  }

  /** Has another tenant that was given a wildcard over `host` serve it or not serve it, as it may now. */
  async #bringWildcard(host: string, tenant: string): Promise<void> {
    const { store, serving, turns } = this.#options;
    const owner = store.domain(wildcardOf(host))?.tenant;
    if (owner === undefined || owner === tenant) return;
    await turns.run(owner, async () => {
      const other = store.tenant(owner);
      if (other !== null) await serving.bring(other);
    });
  }
}
