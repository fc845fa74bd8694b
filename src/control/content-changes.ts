/** Changes of config and secrets on their way to the deployments that have them. */
import type { ContentStore, Store } from '../store/store.ts';

/** Contents as the API changes them. */
export type WatchedContent = ContentStore & Pick<Store, 'atomically'>;

/**
 * `store`, whose changes of config and secrets are told to `changed` with the tenant. It is told before a change that is part of a
 * larger one has reached the disk: who is told looks later.
 *
 * @param check - Throws when the contents of a tenant, as they are after a change that may have made them more, cannot be; nothing of the
 *   change is then stored. Asked once for each change, however much is part of it.
 */
export function watched(
  store: Store,
  changed: (tenant: string) => void,
  check: (tenant: string) => void,
): WatchedContent {
  let grown: Set<string> | null = null;
  const atomically = <T>(work: () => T): T => {
    const own = new Set<string>();
    grown = own;
    try {
      return store.atomically(() => {
        const result = work();
        for (const tenant of own) check(tenant);
        return result;
      });
    } finally {
      grown = null;
    }
  };
  const grow = (tenant: string, put: () => void): void => {
    if (grown === null) return atomically(() => grow(tenant, put));
    put();
    grown.add(tenant);
    changed(tenant);
  };
  return {
    ...store,
    atomically,
    putConfig: (tenant, ...entry) => grow(tenant, () => store.putConfig(tenant, ...entry)),
    deleteConfig: (tenant, ...entry) => {
      const deleted = store.deleteConfig(tenant, ...entry);
      if (deleted) changed(tenant);
      return deleted;
    },
    putSecret: (tenant, ...entry) => grow(tenant, () => store.putSecret(tenant, ...entry)),
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
