/** What the main thread and a data thread say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { GenerationShare } from '../cache/generations.ts';
import type { Purge } from '../cache/purge.ts';
import type { KvAnswer } from '../capability/kv.ts';
import type { ObjectAnswer } from '../capability/object-cache.ts';
import type { TenantHome } from '../capability/stores.ts';
import type { LogLevel } from '../log-level.ts';
import type { Outcome } from '../outcome.ts';
import type { Deployment, TableChange } from '../runtime/deployment.ts';
import type { Rehearsal, RehearsalPurpose } from '../runtime/engine.ts';
import type { ProcessBudgetShare } from '../runtime/process-budgets.ts';
import type { Pressure } from '../runtime/process-gauge.ts';
import type { RateShare } from '../runtime/rate-table.ts';
import type { CounterShare } from '../runtime/tenant-counters.ts';
import type { VersionCounterShare } from '../runtime/version-counters.ts';
import type { WatchdogShare } from '../runtime/watchdog.ts';
import type { TailBatch } from '../telemetry/tail-entry.ts';
import type { KvAsking } from './kv-link.ts';
import type { ObjectAsking } from './object-link.ts';

/** The cache, as a data thread starts with it. */
export interface CacheStart {
  /** Bytes of all threads together. */
  readonly maxBytes: number;
  readonly generations: GenerationShare;
  /** Links to the other threads, by their numbers. */
  readonly ports: ReadonlyMap<number, MessagePort>;
}

/** What a data thread starts with. */
export interface DataThreadOptions {
  /** Its number, from 0. */
  readonly thread: number;
  readonly threads: number;
  /** How long a guest runs before others get a turn. */
  readonly sliceMs: number;
  readonly host: string;
  readonly port: number;
  readonly watchdog: WatchdogShare;
  readonly counters: CounterShare;
  /** Figures of versions. */
  readonly versions: VersionCounterShare;
  readonly budgets: ProcessBudgetShare;
  /** Rate counters. */
  readonly rates: RateShare;
  readonly cache: CacheStart;
  /** What the process aims at. */
  readonly memoryTargetMib: number;
  /** Whether access records and guests' lines are kept at all. */
  readonly accessLog: 'keep' | 'off';
  readonly logLevel: LogLevel;
  /** Ranges that backends may be in although they are not public. */
  readonly allowBackends: readonly string[];
  /** Listeners that no backend may be. */
  readonly neverReach: readonly { readonly address: string; readonly port: number }[];
  /** Secret by which clients are split between an active version and its canary: with the same key they are split the same. */
  readonly splitKey: Uint8Array;
}

/** From the main thread. */
export type ToDataThread =
  /** Listen, and answer `listening` or `cannot_listen`. */
  | { readonly kind: 'listen' }
  | { readonly kind: 'change'; readonly change: TableChange }
  | { readonly kind: 'usage'; readonly id: number }
  /** Purge what this thread owns of the cache, and answer `purged`. */
  | { readonly kind: 'purge'; readonly id: number; readonly purge: Purge }
  /** Tell what this thread owns of the cache of a tenant, as `cached`. */
  | { readonly kind: 'cache_usage'; readonly id: number; readonly tenant: string }
  /** Start an instance and drop it; answer `rehearsed`. */
  | {
      readonly kind: 'rehearse';
      readonly id: number;
      readonly deployment: Deployment;
      readonly purpose: RehearsalPurpose;
    }
  /** Send `tail` with what becomes of the tenant's requests, and its guests' lines. */
  | { readonly kind: 'follow'; readonly tenant: string }
  | { readonly kind: 'unfollow'; readonly tenant: string }
  /** The last `tail` has arrived: the next may follow. */
  | { readonly kind: 'tail_taken' }
  /** The answer to a `kv` with that number. */
  | { readonly kind: 'kv_answer'; readonly id: number; readonly answer: KvAnswer }
  /** The answer to an `object` with that number. */
  | { readonly kind: 'object_answer'; readonly id: number; readonly answer: ObjectAnswer }
  /** The tenant of that route cannot be woken. */
  | { readonly kind: 'unwoken'; readonly route: number; readonly outcome: Outcome; readonly reason: string }
  /** Look addresses up in these databases from now on. */
  | { readonly kind: 'geo'; readonly databases: readonly SharedArrayBuffer[] }
  /** Collect what nobody uses. */
  | { readonly kind: 'tidy' }
  /** Bring resident memory down by this thread's part. */
  | { readonly kind: 'relieve'; readonly pressure: Pressure }
  /** Take no more connections, end what has begun within `deadlineMs`, and answer `drained`. */
  | { readonly kind: 'drain'; readonly deadlineMs: number };

/** Figures of one data thread. */
export interface ThreadUsage {
  readonly requests: number;
  readonly memories: number;
  readonly idleBytes: number;
  /** What is used of its JavaScript heap. */
  readonly heapBytes: number;
  /** What it stores of the cache. */
  readonly cacheBytes: number;
  readonly cacheEntries: number;
}

/** From a data thread. */
export type FromDataThread =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'cannot_listen' }
  /** A change is in force: no request from here on sees the table before it. */
  | { readonly kind: 'applied'; readonly revision: number }
  | { readonly kind: 'lines'; readonly text: string }
  /** What tenants that are followed have done; another comes after `tail_taken` only. */
  | { readonly kind: 'tail'; readonly batches: readonly TailBatch[] }
  | { readonly kind: 'fault'; readonly message: string }
  /** A guest asks a key-value store; `kv_answer` answers. */
  | { readonly kind: 'kv'; readonly asking: KvAsking }
  /** A guest asks the object cache; `object_answer` answers. */
  | { readonly kind: 'object'; readonly asking: ObjectAsking }
  /** A guest gives up making an object. */
  | { readonly kind: 'object_release'; readonly fill: number }
  /** Requests wait for a tenant that rests: a change without that route, or `unwoken`, answers. */
  | { readonly kind: 'wake'; readonly tenant: string; readonly route: number }
  /** The thread serves nothing of a tenant any more, and asks nothing more for it. */
  | { readonly kind: 'unserved'; readonly home: TenantHome }
  | { readonly kind: 'usage'; readonly id: number; readonly usage: ThreadUsage }
  | { readonly kind: 'purged'; readonly id: number; readonly count: number }
  | { readonly kind: 'cached'; readonly id: number; readonly bytes: number; readonly entries: number }
  | { readonly kind: 'rehearsed'; readonly id: number; readonly rehearsal: Rehearsal }
  | { readonly kind: 'drained' };
