/** Changes of config and secrets on their way to the deployments that have them. */
import type { ContentStore, Store } from '../store/store.ts';

/** Contents as the API changes them. */
export type WatchedContent = ContentStore & Pick<Store, 'atomically'>;

/**
 * `store`, whose changes of config and secrets are told to `changed` with the tenant. It is told before a change that is part of a
 * larger one has reached the disk: who is told looks later.
 */
export function watched(store: Store, changed: (tenant: string) => void): WatchedContent {
  return {
    ...store,
    putConfig: (tenant, ...entry) => {
      store.putConfig(tenant, ...entry);
      changed(tenant);
    },
    deleteConfig: (tenant, ...entry) => {
      const deleted = store.deleteConfig(tenant, ...entry);
      if (deleted) changed(tenant);
      return deleted;
    },
    putSecret: (tenant, ...entry) => {
      store.putSecret(tenant, ...entry);
      changed(tenant);
    },
    deleteSecret: (tenant, name) => {
      const deleted = store.deleteSecret(tenant, name);
      if (deleted) changed(tenant);
      return deleted;
    },
  };
}

/** Has deployments get what has changed: many changes of one tenant at once are one. */
export class ContentChanges {
  readonly #refresh: (tenant: string) => Promise<void>;
  readonly #report: (tenant: string, error: unknown) => void;
  readonly #waiting = new Set<string>();

  /** @param refresh - Puts the contents of a tenant in force; @param report - hears why that was not possible. */
  constructor(refresh: (tenant: string) => Promise<void>, report: (tenant: string, error: unknown) => void) {
    this.#refresh = refresh;
    this.#report = report;
  }

  /** Something of a tenant has changed, or is about to within this turn of the event loop. */
  readonly changed = (tenant: string): void => {
    if (this.#waiting.has(tenant)) return;
    this.#waiting.add(tenant);
    setImmediate(() => {
      this.#waiting.delete(tenant);
      void this.#refresh(tenant).catch((error: unknown) => this.#report(tenant, error));
    });
  };
}
