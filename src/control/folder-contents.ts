/** The key-value stores of apps in the tenants folder: a database of their own, where no name is another tenant's. */
import { KerbError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { KvContents } from './kv-desk.ts';

/** The stores of the folder's apps. They outlive the app, which finds them again when it comes back. */
export class FolderContents {
  readonly #open: () => Store;
  #store: Store | null = null;
  #closed = false;

  /** @param open - Opens the database: with the first question, since most folders have no stores. */
  constructor(open: () => Store) {
    this.#open = open;
  }

  /** The contents, with room for the app. Throws the errors of opening a store, and `conflict` after {@link close}. */
  of(tenant: string, nowMs: number): KvContents {
    if (this.#closed) throw new KerbError('conflict', 'Kerb is shutting down');
    this.#store ??= this.#open();
    if (this.#store.tenant(tenant) === null) this.#store.createTenant(tenant, nowMs);
    return this.#store;
  }

  /** See {@link Store.prune}. */
  prune(nowMs: number): boolean {
    return this.#store?.prune(nowMs) ?? false;
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#store?.close();
    this.#store = null;
  }
}
