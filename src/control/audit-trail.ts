/** Who did what: noted in the store, and told to whoever listens. */
import type { AuditRecord, Json } from '../store/records.ts';
import type { LedgerStore } from '../store/store.ts';

/** The trail of one process. */
export class AuditTrail {
  readonly #store: Pick<LedgerStore, 'appendAudit'>;
  readonly #listeners = new Set<(entry: AuditRecord) => void>();

  constructor(store: Pick<LedgerStore, 'appendAudit'>) {
    this.#store = store;
  }

  /** Notes something; it has reached the disk when this returns. */
  note(actor: string, action: string, tenant: string | null, detail: Json = {}): void {
    const entry = this.#store.appendAudit({ timeMs: Date.now(), actor, action, tenant, detail });
    for (const listener of this.#listeners) listener(entry);
  }

  /** Tells of everything from now on. Answers how to stop. */
  listen(listener: (entry: AuditRecord) => void): () => void {
    // A listener may be here twice, and stops alone.
    const own = (entry: AuditRecord): void => listener(entry);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
}
