/** Puts the control plane together over a data folder: store, pipeline, tenants of both kinds, and what looks after them. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TenantCounters, TenantFigures } from '../runtime/tenant-counters.ts';
import type { VersionCounters } from '../runtime/version-counters.ts';
import type { KvHome } from '../capability/kv.ts';
import { openBlobs } from '../store/blob-store.ts';
import { makeFolder } from '../store/folders.ts';
import { openSealer } from '../store/sealing-key.ts';
import { openStore } from '../store/sqlite-store.ts';
import type { BlobStore, Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { AuditTrail } from './audit-trail.ts';
import { CacheDesk, type CacheThreads, type KeptObjects } from './cache-desk.ts';
import { CanaryWatch } from './canary-watch.ts';
import { ContentChanges, watched, type WatchedContent } from './content-changes.ts';
import { FolderContents } from './folder-contents.ts';
import { InForce, type Publish } from './in-force.ts';
import { KvDesk, type KvContents } from './kv-desk.ts';
import { AWAKE_LOOK_MS, CANARY_LOOK_MS, PRUNE_MS, UNNAMED_BLOB_MS, USAGE_MS } from './limits.ts';
import type { Compile, CompileStored } from './module-cache.ts';
import { TENANT_FILE_LIMITS } from './manifest-limits.ts';
import { Pipeline } from './pipeline.ts';
import type { SharedMemories } from './shared-memories.ts';
import { Registry } from './registry.ts';
import { refuseOverHanded } from './store-grants.ts';
import { Snapshots, type Rehearse } from './snapshots.ts';
import { Resting, type RestingOptions } from './resting.ts';
import { Restoring } from './restoring.ts';
import { StoredServing } from './stored-serving.ts';
import { TenantCounts } from './tenant-counts.ts';
import { TenantViews } from './tenant-views.ts';
import { Tenants } from './tenants.ts';
import { UsageMeter } from './usage-meter.ts';

/** What it is made from. */
export interface ControlOptions {
  readonly dataFolder: string;
  readonly compile: Compile;
  /** By default, stored modules are compiled like uploads. */
  readonly compileStored?: CompileStored;
  /** Told that a module or another file with that digest was stored. */
  readonly onStored?: (digest: string) => void;
  /** Told which stored bytes there are, now and then: what is kept for others can go. */
  readonly onSweep?: (digests: ReadonlySet<string>) => Promise<void>;
  readonly publish: Publish;
  readonly counters: TenantCounters;
  readonly versionCounters: VersionCounters;
  readonly rehearse: Rehearse;
  readonly cache: CacheThreads;
  /** What guests keep in the object cache. */
  readonly objects: KeptObjects;
  readonly resting: Pick<RestingOptions, 'maxBytes' | 'codeBytes' | 'admit' | 'unwoken'>;
  readonly log: Log;
}

/** The setting with the key of splits, and its length. */
const SPLIT_KEY = 'split-key';
const SPLIT_KEY_BYTES = 32;

/** Who acts when nobody asked. */
const SELF = 'kerb';

/** The control plane of one process. */
export class Control {
  readonly store: Store;
  readonly inForce: InForce;
  readonly registry: Registry;
  readonly tenants: Tenants;
  /** What tenants' guests share. */
  readonly shared: SharedMemories;
  /** Contents as the API changes them: what it changes reaches the deployments that have it within moments. */
  readonly content: WatchedContent;
  /** Answers guests. */
  readonly kv: KvDesk;
  readonly #folderContents: FolderContents;
  readonly #blobs: BlobStore;
  /** Which stored tenants are awake. */
  readonly resting: Resting;
  readonly #serving: StoredServing;
  readonly #restoring: Restoring;
  readonly #counts: TenantCounts;
  readonly #usage: UsageMeter;
  readonly #onSweep: NonNullable<ControlOptions['onSweep']>;
  readonly #log: Log;
  readonly #timers: readonly NodeJS.Timeout[];
  #closed = false;

  private constructor(options: ControlOptions, store: Store, blobs: BlobStore, folderContents: FolderContents) {
    const { compile, publish, counters, versionCounters, rehearse, log } = options;
    this.store = store;
    this.#blobs = blobs;
    this.#folderContents = folderContents;
    this.#onSweep = options.onSweep ?? (async () => undefined);
    this.#log = log;
    this.inForce = new InForce({
      publish,
      tenantSlots: counters.capacity,
      figuresSlots: versionCounters.capacity,
      beginTenant: (slot) => this.#countAnew(slot),
      clearFigures: (slot) => versionCounters.clear(slot),
      onFreed: () => void this.#retryFolder(),
    });
    const pipeline = new Pipeline(compile, options.compileStored);
    this.shared = pipeline.shared;
    const trail = new AuditTrail(store, (error) => this.#tell('somebody who follows the audit trail failed', error));
    const snapshots = new Snapshots(rehearse, this.inForce);
    this.resting = new Resting({
      ...options.resting,
      inForce: this.inForce,
      counters,
      wake: (name) => this.tenants.wake(name),
      rest: (name) => this.tenants.rest(name),
      report: (message) => log.error(message),
    });
    this.#serving = new StoredServing({
      store,
      blobs,
      pipeline,
      inForce: this.inForce,
      snapshots,
      onLoaded: (name, deployments) => this.resting.loaded(name, deployments),
    });
    const isTaken = (name: string): boolean => store.tenant(name) !== null;
    this.registry = new Registry({ pipeline, inForce: this.inForce, snapshots, log, isTaken });
    const folder = (): ReturnType<() => Registry['deployments']> => this.registry.deployments;
    this.#counts = new TenantCounts(counters);
    const views = new TenantViews({
      store,
      inForce: this.inForce,
      folder,
      counters: this.#counts,
      startedMs: Date.now(),
    });
    this.tenants = new Tenants({
      store,
      blobs,
      pipeline,
      serving: this.#serving,
      trail,
      views,
      maxModuleBytes: TENANT_FILE_LIMITS.moduleBytes,
      onStored: options.onStored ?? (() => undefined),
      cache: new CacheDesk({
        cache: options.cache,
        objects: options.objects,
        counters: this.#counts,
        serving: (name) => views.serving(name),
      }),
      onFreed: () => void this.#retryFolder(),
      recordUsage: () => this.#usage.record(Date.now()),
      onOwner: (name) => this.#anew(name),
      report: (message) => log.error(message),
    });
    this.#restoring = new Restoring({
      store,
      serving: this.#serving,
      stopCanary: (name, reason) => this.tenants.stopCanary(name, { actor: SELF, ifRevision: null, reason }),
      log,
    });
    const changes = new ContentChanges(
      (name) => this.tenants.refresh(name),
      (name, error) => this.#closed || this.#tell(`${name}: changed config and secrets are not in force`, error),
    );
    this.content = watched(store, changes.changed, (name) => refuseOverHanded(store, name));
    this.kv = new KvDesk({
      contentsOf: (home) => this.#contentsOf(home),
      nowMs: () => Date.now(),
      report: (message) => log.error(message),
    });
    const watch = new CanaryWatch({
      pairs: () => this.#serving.canaries(),
      figures: versionCounters,
      tenant: (name) => store.tenant(name),
      stop: (name, reason, ifRevision) => this.tenants.stopCanary(name, { actor: SELF, ifRevision, reason }),
      log,
    });
    this.#usage = new UsageMeter({
      tenants: () => this.inForce.tenantSlots,
      read: (slot) => this.#counts.read(slot),
      activity: (slot) => counters.requests(slot) + counters.cpuUs(slot),
      add: (usage) => store.addUsage(usage),
    });
    this.#timers = [
      this.#every(CANARY_LOOK_MS, 'canaries are not looked after', () => watch.look()),
      this.#every(AWAKE_LOOK_MS, 'who is asked for is not noted', () => this.resting.look()),
      this.#every(USAGE_MS, 'usage is not written', () => this.#usage.record(Date.now())),
      this.#every(PRUNE_MS, 'what is too old is not forgotten', () => this.#prune()),
    ];
  }

  /**
   * Opens the data folder, which is made where it is missing. Rejects with `corrupt` or `conflict` when it cannot be used: it is
   * damaged, of a newer Kerb, sealed with another key, or another process has it.
   */
  static async open(options: ControlOptions, env: NodeJS.ProcessEnv): Promise<Control> {
    const { dataFolder } = options;
    makeFolder(dataFolder);
    const sealer = openSealer(join(dataFolder, 'secrets.key'), env['KERB_SECRETS_KEY']);
    const store = openStore(join(dataFolder, 'kerb.sqlite'), sealer);
    try {
      const folderContents = new FolderContents(() => openStore(join(dataFolder, 'folder-apps.sqlite'), sealer));
      return new Control(options, store, openBlobs(join(dataFolder, 'blobs')), folderContents);
    } catch (error) {
      store.close();
      throw error;
    }
  }

  /** Has every stored tenant serve what it did, or rest; see {@link Restoring.run}. */
  async restore(): Promise<void> {
    await this.#restoring.run();
    try {
      await this.#prune();
    } catch (error) {
      // A full disk or a damaged table of old things is no reason not to serve.
      if (!this.#closed) this.#tell('what is too old is not forgotten', error);
    }
  }

  /** Figures of every tenant that has ever been deployed, since its name was given to it. */
  figures(): (TenantFigures & { readonly tenant: string })[] {
    return [...this.inForce.tenantSlots].map(([tenant, slot]) => ({ tenant, ...this.#counts.read(slot) }));
  }

  /** A name has another owner, or none: nothing of the one before is theirs. */
  #anew(name: string): void {
    this.shared.forget(name);
    const slot = this.inForce.tenantSlots.get(name);
    if (slot === undefined) return;
    this.#countAnew(slot);
    if (this.store.tenant(name) === null) this.inForce.forget(name);
  }

  #countAnew(slot: number): void {
    this.#counts.begin(slot);
    this.#usage.forget(slot);
  }

  /** A secret that stays: by it clients are split between an active version and its canary. */
  splitKey(): Uint8Array {
    const known = this.store.setting(SPLIT_KEY);
    if (typeof known === 'string') return Buffer.from(known, 'base64url');
    const fresh = randomBytes(SPLIT_KEY_BYTES);
    this.store.putSetting(SPLIT_KEY, fresh.toString('base64url'));
    return fresh;
  }

  /** Writes what is not written yet and closes the store. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    try {
      this.#usage.record(Date.now());
    } catch (error) {
      this.#tell('usage is not written', error);
    } finally {
      this.#folderContents.close();
      this.store.close();
    }
  }

  /** Where a guest's stores are; `null`: its tenant was deleted, whoever has the name now. */
  #contentsOf({ tenant, madeMs }: KvHome): KvContents | null {
    if (madeMs === null) return this.#folderContents.of(tenant, Date.now());
    return this.store.tenant(tenant)?.createdMs === madeMs ? this.store : null;
  }

  /** Work that nobody waits for: what fails is told and tried again the next time, for a full disk must not end the process. */
  #every(ms: number, fault: string, work: () => void | Promise<void>): NodeJS.Timeout {
    const attempt = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        // What was under way when the store was closed has nothing to tell.
        if (!this.#closed) this.#tell(fault, error);
      }
    };
    return setInterval(() => void attempt(), ms).unref();
  }

  /** Apps of the folder may wait for what has become free. */
  async #retryFolder(): Promise<void> {
    try {
      await this.registry.apply([]);
    } catch (error) {
      this.#tell('apps of the folder that wait cannot be tried', error);
    }
  }

  #tell(fault: string, error: unknown): void {
    this.#log.error(`${fault}: ${error instanceof Error ? error.message : String(error)}`);
  }

  async #prune(): Promise<void> {
    while (this.store.prune(Date.now())) await nextTurn();
    while (this.#folderContents.prune(Date.now())) await nextTurn();
    const digests = this.store.digests();
    await this.#blobs.sweep(digests, UNNAMED_BLOB_MS);
    await this.#onSweep(digests);
  }
}
