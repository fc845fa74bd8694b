/** What hosts of guests under test have in common: a log and an account that are kept, and clocks that stand still. */
import { randomBytes } from 'node:crypto';
import type { GuestHost } from '../../../src/abi/abi.ts';
import type { GuestMemory } from '../../../src/abi/guest-memory.ts';
import type { Geo } from '../../../src/capability/geo.ts';
import type { KvStore } from '../../../src/capability/kv.ts';
import type { ObjectCache } from '../../../src/capability/object-cache.ts';
import { ownRates } from '../../../src/runtime/rate-table.ts';
import { TenantSharedState } from '../../../src/runtime/shared-state.ts';
import type { LogLevel } from '../../../src/log-level.ts';

const RATES = ownRates();

/** A host without memory and grants of its own. */
export abstract class RecordingHost implements GuestHost {
  abstract readonly memory: GuestMemory;
  abstract readonly grants: GuestHost['grants'];
  readonly basePath: string = '/';
  /** What the guest has logged. */
  readonly lines: [LogLevel, string][] = [];
  /** Levels of which no line is kept. */
  readonly silent = new Set<LogLevel>();
  /** Pages that the host keeps for the request. */
  held = 0;
  /** CPU time that the host has charged. */
  chargedMs = 0;
  /** What the clocks show. */
  wallNs = 0n;
  upNs = 0n;

  /** Stores that the guest was granted, by name. */
  readonly stores = new Map<string, KvStore>();

  kv(name: string): KvStore | null {
    return this.stores.get(name) ?? null;
  }

  /** The object cache that the guest was granted. */
  cache: ObjectCache | null = null;

  objects(): ObjectCache | null {
    return this.cache;
  }

  readonly rates = RATES.of(0, null);

  /** Where addresses are, when the guest was granted that. */
  geo: Geo | null = null;
  readonly shared = new TenantSharedState(TenantSharedState.create());
  readonly app = { tenant: 'tenant', name: 'app', rootId: 'root' };

  logTo(endpoint: string, message: string): void {
    this.lines.push(['info', `${endpoint}: ${message}`]);
  }

  hold(pages: number): void {
    this.held += pages;
  }

  charge(cpuMs: number): void {
    this.chargedMs += cpuMs;
  }

  log(level: LogLevel, message: string): void {
    this.lines.push([level, message]);
  }

  logs(level: LogLevel): boolean {
    return !this.silent.has(level);
  }

  randomBytes(count: number): Uint8Array {
    return randomBytes(count);
  }

  wallClockNs(): bigint {
    return this.wallNs;
  }

  monotonicNs(): bigint {
    return this.upNs;
  }
}
