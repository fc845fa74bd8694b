/** Who did what: noted in the store, and told to whoever listens. */
import type { AuditRecord, Json } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** What of a store it needs. */
export type TrailStore = Pick<Store, 'appendAudit' | 'atomically'>;

/** The trail of one process. */
export class AuditTrail {
  readonly #store: TrailStore;
  readonly #report: (error: unknown) => void;
  readonly #listeners = new Set<(entry: AuditRecord) => void>();
  /** Noted in a change that is not stored yet. */
  #pending: AuditRecord[] | null = null;

  /** @param report - Hears of listeners that fail: a change does not depend on who hears of it. */
  constructor(store: TrailStore, report: (error: unknown) => void) {
    this.#store = store;
    this.#report = report;
  }

  /** Notes something; it has reached the disk when this returns, or with the change that it is part of. */
  note(actor: string, action: string, tenant: string | null, detail: Json = {}): void {
    const entry = this.#store.appendAudit({ timeMs: Date.now(), actor, action, tenant, detail });
    if (this.#pending === null) this.#tell(entry);
    else this.#pending.push(entry);
  }

  /** See {@link Store.atomically}: what is noted in `work` is told once it is stored, and never when it is not. */
  atomically<T>(work: () => T): T {
    const noted: AuditRecord[] = [];
    this.#pending = noted;
    let result: T;
    try {
      result = this.#store.atomically(work);
    } finally {
      this.#pending = null;
    }
    for (const entry of noted) this.#tell(entry);
    return result;
  }

  /** Tells of everything from now on. Answers how to stop. */
  listen(listener: (entry: AuditRecord) => void): () => void {
    // A listener may be here twice, and stops alone.
    const own = (entry: AuditRecord): void => listener(entry);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  #tell(entry: AuditRecord): void {
    for (const listener of this.#listeners) {
      try {
        listener(entry);
      } catch (error) {
        this.#report(error);
      }
    }
  }
}
