/** The backends of one deployment on one thread. */
import type { Backend } from '../capability/backend.ts';
import type { HealthCheckSpec } from './health-check.ts';
import { UndiciBackend, type UpstreamOptions } from './undici-backend.ts';

/** What a manifest says about a backend. What is left out is the constant of `limits.ts`. */
export interface BackendSpec {
  readonly url: string;
  /** For name, TCP and TLS together. */
  readonly connectMs?: number;
  /** From the end of the request to the head of the answer. */
  readonly firstByteMs?: number;
  /** Between two pieces of a body. */
  readonly betweenBytesMs?: number;
  /** Connections on one thread. */
  readonly connections?: number;
  /** By default it is not checked. */
  readonly health?: HealthCheckSpec;
}

/**
 * The backends that a manifest names, and no others. Names of which it says the same share connections; deployments do not, since
 * each has its own address policy. Made with the deployment on each thread and closed when it has drained.
 */
export class BackendSet {
  readonly #byName: ReadonlyMap<string, UndiciBackend>;

  /** @throws {KerbError} `bad_manifest` for a URL that is not one of a backend. Opens no connection. */
  constructor(specs: Readonly<Record<string, BackendSpec>>, options: UpstreamOptions) {
    const bySpec = new Map<string, UndiciBackend>();
    const byName = new Map<string, UndiciBackend>();
    for (const [name, spec] of Object.entries(specs)) {
      const key = JSON.stringify(spec);
      const backend = bySpec.get(key) ?? new UndiciBackend(spec.url, { owner: this, ...options, ...optionsOf(spec) });
      bySpec.set(key, backend);
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

  /** Ends the health checks: the deployment takes no new requests. Idempotent. */
  unwatch(): void {
    for (const backend of this.#byName.values()) backend.unwatch();
  }

  /** Closes every connection; exchanges under way fail with `aborted`. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...new Set(this.#byName.values())].map((backend) => backend.close()));
  }
}

/** What a spec says, in the words of the transport; the options stay for what it does not say. */
function optionsOf({
  connectMs,
  firstByteMs,
  betweenBytesMs,
  connections,
  health,
}: BackendSpec): Partial<UpstreamOptions> {
  return {
    ...(connectMs === undefined ? {} : { connectTimeoutMs: connectMs }),
    ...(firstByteMs === undefined ? {} : { firstByteTimeoutMs: firstByteMs }),
    ...(betweenBytesMs === undefined ? {} : { betweenBytesTimeoutMs: betweenBytesMs }),
    ...(connections === undefined ? {} : { maxConnections: connections }),
    ...(health === undefined ? {} : { health }),
  };
}
