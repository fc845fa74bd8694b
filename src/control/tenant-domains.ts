/** The hosts that operators give to tenants and take back, and what that changes of what is served. */
import { KerbError } from '../errors.ts';
import type { DomainRecord, TenantRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { AuditTrail } from './audit-trail.ts';
import { wildcardOf } from './hosts.ts';
import type { InTurn } from './in-turn.ts';
import { hostPattern } from './manifest-values.ts';
import type { Doing } from './plane.ts';
import { requireRevision } from './revision.ts';
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
  /** Hears of what could not be made as it was before. */
  readonly report: (message: string) => void;
}

/** A change of a domain whose turn it is. */
interface Turn {
  readonly tenant: TenantRecord;
  /** Another tenant, which was given a wildcard over the host; `null`: there is none. */
  readonly wildcardOwner: string | null;
}

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
  add(name: string, given: string, doing: Doing): Promise<DomainRecord> {
    const host = hostPattern(given);
    return this.#inTurn(name, host ?? given, doing, async (turn) => {
      const { store, trail } = this.#options;
      if (host === null)
        throw new KerbError(
          'bad_request',
          'host: is not a host name, or "*." and one; write it without port and scheme',
        );
      const known = store.domain(host);
      if (known?.tenant === name) return known;
      const { actor } = doing;
      const domain = { host, tenant: name, createdMs: Date.now(), createdBy: actor };
      trail.atomically(() => {
        store.addDomain(domain);
        trail.note(actor, 'domain.add', name, { host });
      });
      try {
        await this.#gain(turn);
      } catch (error) {
        store.removeDomain(name, host);
        trail.note(actor, 'domain.add.undone', name, { host });
        await this.#again(host, () => this.#lose(turn));
        throw error;
      }
      return domain;
    });
  }

  /** See {@link ControlPlane.removeDomain}. */
  remove(name: string, given: string, doing: Doing): Promise<void> {
    const host = hostPattern(given) ?? given;
    return this.#inTurn(name, host, doing, async (turn) => {
      const { store, trail } = this.#options;
      const domain = store.domain(host);
      const { actor } = doing;
      trail.atomically(() => {
        store.removeDomain(name, host);
        trail.note(actor, 'domain.remove', name, { host });
      });
      try {
        await this.#lose(turn);
      } catch (error) {
        if (domain !== null) store.addDomain(domain);
        trail.note(actor, 'domain.remove.undone', name, { host });
        await this.#again(host, () => this.#gain(turn));
        throw error;
      }
    });
  }

  /**
   * A change is about the tenant and whoever has the wildcard over the host: it has the turns of both, lined up for at once. Who that is
   * may change until they have come, and then it lines up anew.
   */
  async #inTurn<T>(name: string, host: string, { ifRevision }: Doing, work: (turn: Turn) => Promise<T>): Promise<T> {
    for (;;) {
      const wildcardOwner = this.#wildcardOwner(name, host);
      const names = wildcardOwner === null ? [name] : [name, wildcardOwner];
      const done = await this.#options.turns.runAll(names, async () => {
        if (this.#wildcardOwner(name, host) !== wildcardOwner) return null;
        const tenant = this.#options.stored(name);
        requireRevision(tenant, ifRevision);
        return { result: await work({ tenant, wildcardOwner }) };
      });
      if (done !== null) return done.result;
    }
  }

  #wildcardOwner(name: string, host: string): string | null {
    const owner = this.#options.store.domain(wildcardOf(host))?.tenant;
    return owner === undefined || owner === name ? null : owner;
  }

  /** The tenant serves what it has now, after the other one has left it. */
  async #gain({ tenant, wildcardOwner }: Turn): Promise<void> {
    await this.#bringOther(wildcardOwner);
    await this.#options.serving.bring(tenant);
  }

  /** The tenant leaves what it has no more, and then the other one serves it. */
  async #lose({ tenant, wildcardOwner }: Turn): Promise<void> {
    await this.#options.serving.bring(tenant);
    await this.#bringOther(wildcardOwner);
  }

  async #bringOther(name: string | null): Promise<void> {
    const other = name === null ? null : this.#options.store.tenant(name);
    if (other !== null) await this.#options.serving.bring(other);
  }

  /** Makes what serves as it was. The asker hears of what failed first. */
  async #again(host: string, bring: () => Promise<void>): Promise<void> {
    try {
      await bring();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.report(`${host}: who served it before does not serve it again: ${reason}`);
    }
  }
}
