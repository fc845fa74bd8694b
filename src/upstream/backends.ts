/** The backends of one deployment on one thread. */
import type { Backend } from '../capability/backend.ts';
import { UndiciBackend, type UpstreamOptions } from './undici-backend.ts';

/** What a manifest says about a backend. */
export interface BackendSpec {
  readonly url: string;
}

/**
 * The backends that a manifest names, and no others. Names with the same URL share connections; deployments do not, since
 * each has its own address policy. Made with the deployment on each thread and closed when it has drained.
 */
export class BackendSet {
  readonly #byName: ReadonlyMap<string, UndiciBackend>;

  /** @throws {KerbError} `bad_manifest` for a URL that is not one of a backend. Opens no connection. */
  constructor(specs: Readonly<Record<string, BackendSpec>>, options: UpstreamOptions) {
    const byUrl = new Map<string, UndiciBackend>();
    const byName = new Map<string, UndiciBackend>();
    for (const [name, { url }] of Object.entries(specs)) {
      const backend = byUrl.get(url) ?? new UndiciBackend(url, options);
      byUrl.set(url, backend);
      byName.set(name, backend);
    }
    this.#byName = byName;
  }

  /** The backend of that name, or `undefined` when the manifest has none. */
  get(name: string): Backend | undefined {
    return this.#byName.get(name);
  }

  /** The names in the manifest's order. */
  names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  /** Closes every connection; exchanges under way fail with `aborted`. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...new Set(this.#byName.values())].map((backend) => backend.close()));
  }
}
