/** The host services of one sandbox: grants, stores, log, clocks and randomness. */
import { randomFillSync } from 'node:crypto';
import type { GuestHost } from '../abi/abi.ts';
import { GuestFault } from '../abi/guest-fault.ts';
import type { Geo } from '../capability/geo.ts';
import type { KvSource } from '../capability/kv.ts';
import type { ObjectCacheSource } from '../capability/object-cache.ts';
import type { SharedState } from '../capability/shared.ts';
import type { RateCounters } from '../capability/rate.ts';
import type { LogLevel } from '../log-level.ts';
import type { GuestMemory } from '../abi/guest-memory.ts';
import type { Deployment } from './deployment.ts';
import { MAX_LOG_CHARS, MAX_LOG_LINES } from './limits.ts';
import { TenantSharedState } from './shared-state.ts';
import type { Task } from './task.ts';

/** Where tenants' log lines go. */
export interface GuestLogSink {
  /** Whether lines of this level are kept. */
  keeps(level: LogLevel): boolean;
  /** Takes one line of the guest of that version, perhaps for a named endpoint; never throws. */
  write(tenant: string, level: LogLevel, message: string, version: string, endpoint?: string): void;
}

/** What a host passes on to. */
export interface HostServices {
  readonly log: GuestLogSink;
  /** See {@link GuestHost.hold}. */
  readonly hold: (pages: number) => void;
  /** Puts CPU milliseconds on the account of a request, and condemns it when it has then used what it may. */
  readonly charge: (task: Task, cpuMs: number) => void;
  readonly kv: KvSource;
  readonly objects: ObjectCacheSource;
  /** The counters of the tenant with that slot, made at that time. */
  readonly rates: (slot: number, madeMs: number | null) => RateCounters;
  readonly geo: Geo;
}

/**
 * The services of a sandbox of `deployment`; `task` answers the request that it serves.
 *
 * The clocks show the moment at which the request's present slice began: they move when the guest waits, not while it
 * computes, so that they time nothing that other tenants do.
 */
export function guestHost(
  deployment: Deployment,
  memory: GuestMemory,
  task: () => Task,
  { log, hold, charge, kv, objects, rates, geo }: HostServices,
): GuestHost {
  const { tenant, version, grants, slot } = deployment;
  let shared: SharedState | null = null;
  const home = { tenant, madeMs: grants.stores.madeMs };
  const write = (level: LogLevel, message: string, endpoint?: string): void => {
    if (!log.keeps(level) || task().logLines >= MAX_LOG_LINES) return;
    task().logLines += 1;
    const line = message.length > MAX_LOG_CHARS ? `${message.slice(0, MAX_LOG_CHARS)}…` : message;
    log.write(tenant, level, line, version, endpoint);
  };
  return {
    memory,
    grants,
    basePath: deployment.path,
    rates: rates(slot, home.madeMs),
    geo: grants.geo ? geo : null,
    app: { tenant, name: deployment.name ?? tenant, rootId: deployment.rootId ?? '' },
    get shared() {
      return (shared ??= new TenantSharedState(deployment.shared ?? TenantSharedState.create()));
    },
    hold,
    charge: (cpuMs) => {
      charge(task(), cpuMs);
      if (task().verdict !== null) throw new GuestFault('the request has used its CPU time', 'cpu_limit');
    },
    kv: (name) => (grants.stores.kv.includes(name) ? kv(home, name, task().signal) : null),
    objects: () => (grants.stores.cache ? objects(home, task().signal) : null),
    logs: (level) => log.keeps(level),
    log: (level, message) => write(level, message),
    logTo: (endpoint, message) => write('info', message, endpoint),
    randomBytes: (count) => randomFillSync(Buffer.allocUnsafe(count)),
    monotonicNs: () => BigInt(Math.round(task().clockMs * 1000)) * 1000n,
    wallClockNs: () => BigInt(Math.round((performance.timeOrigin + task().clockMs) * 1000)) * 1000n,
  };
}
