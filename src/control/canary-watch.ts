/** Looks after canaries: one that fails more or costs more than the active version is taken back. */
import type { Deployment } from '../runtime/deployment.ts';
import type { VersionFigures } from '../runtime/version-counters.ts';
import type { Log } from '../telemetry/log.ts';
import type { TenantRecord } from '../store/records.ts';
import { canaryFault, type Watched } from './canary-verdict.ts';
import { KerbError } from '../errors.ts';

/** A tenant with a canary. */
export interface Pair {
  readonly tenant: string;
  readonly primary: Deployment;
  readonly canary: Deployment;
}

/** What it looks at, and what it does. */
export interface CanaryWatchOptions {
  readonly pairs: () => Iterable<Pair>;
  readonly figures: { read(slot: number): VersionFigures };
  readonly tenant: (name: string) => TenantRecord | null;
  /** Takes a canary back, unless the tenant is at another revision meanwhile. */
  readonly stop: (tenant: string, reason: string, revision: number) => Promise<unknown>;
  readonly log: Log;
}

/** A canary that has to go. */
interface Condemned {
  readonly tenant: string;
  readonly reason: string;
  readonly revision: number;
}

/** What the figures were when a pair was first seen. */
interface Baseline {
  readonly primary: VersionFigures;
  readonly canary: VersionFigures;
}

/** The watch of one process. */
export class CanaryWatch {
  readonly #options: CanaryWatchOptions;
  /** By the ids of both deployments. */
  #baselines = new Map<string, Baseline>();
  /** Tenants whose canary is being taken back: that may have to wait for what else is done to them. */
  readonly #stopping = new Set<string>();

  constructor(options: CanaryWatchOptions) {
    this.#options = options;
  }

  /** Looks once; settles when every canary that it finds has to go is taken back. */
  async look(): Promise<void> {
    const baselines = new Map<string, Baseline>();
    const condemned: Condemned[] = [];
    for (const pair of this.#options.pairs()) {
      const key = `${pair.primary.id} ${pair.canary.id}`;
      const now = this.#figuresOf(pair);
      if (now === null) continue;
      const baseline = this.#baselines.get(key) ?? now;
      baselines.set(key, baseline);
      const fault = this.#faultOf(pair, now, baseline);
      if (fault !== null) condemned.push(fault);
    }
    this.#baselines = baselines;
    await Promise.all(condemned.map((one) => this.#takeBack(one)));
  }

  #figuresOf({ primary, canary }: Pair): Baseline | null {
    if (primary.figuresSlot === null || canary.figuresSlot === null) return null;
    const { figures } = this.#options;
    return { primary: figures.read(primary.figuresSlot), canary: figures.read(canary.figuresSlot) };
  }

  #faultOf({ tenant, primary, canary }: Pair, now: Baseline, before: Baseline): Condemned | null {
    const stored = this.#options.tenant(tenant);
    // Another version may be about to take the place of one of them: nothing is known of that one yet.
    if (stored === null || stored.canary === null) return null;
    if (`${stored.active}` !== primary.version || `${stored.canary.version}` !== canary.version) return null;
    const [second, first] = [since(before.canary, now.canary), since(before.primary, now.primary)];
    const reason = canaryFault(second, first, stored.canary.maxCostFactor);
    return reason === null ? null : { tenant, reason, revision: stored.revision };
  }

  async #takeBack({ tenant, reason, revision }: Condemned): Promise<void> {
    if (this.#stopping.has(tenant)) return;
    this.#stopping.add(tenant);
    try {
      await this.#options.stop(tenant, reason, revision);
      this.#options.log.warn(`${tenant}: the canary is taken back: ${reason}`);
    } catch (error) {
      // Somebody else was quicker, or it cannot be done now: the next look comes soon.
      if (!(error instanceof KerbError)) throw error;
      this.#options.log.warn(`${tenant}: the canary should be taken back (${reason}) but cannot: ${error.message}`);
    } finally {
      this.#stopping.delete(tenant);
    }
  }
}

/** Counters are 32 bits wide and wrap. */
function since(before: VersionFigures, now: VersionFigures): Watched {
  return {
    requests: (now.requests - before.requests) >>> 0,
    guestFaults: (now.guestFaults - before.guestFaults) >>> 0,
    cpuUs: now.cpuUs - before.cpuUs,
  };
}
