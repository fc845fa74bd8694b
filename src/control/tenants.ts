/** Tenants, versions and what of them serves: the control plane over store, pipeline and data threads. */
import { KerbError } from '../errors.ts';
import type {
  AuditRecord,
  DomainRecord,
  Json,
  LimitsRecord,
  TenantRecord,
  UsageRecord,
  VersionRecord,
} from '../store/records.ts';
import type { BlobStore, Page, PageRequest, Store } from '../store/store.ts';
import { parseCidr } from '../config-values.ts';
import { Activation, type Change } from './activation.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { CacheDesk } from './cache-desk.ts';
import { Deploying } from './deploying.ts';
import { InTurn } from './in-turn.ts';
import { parseManifest } from './manifest.ts';
import type { Pipeline } from './pipeline.ts';
import type {
  Accepting,
  CacheView,
  CanaryRequest,
  ControlPlane,
  Deployed,
  DeployRequest,
  Doing,
  PurgeRequest,
  TenantFiguresView,
  TenantView,
  Upload,
} from './plane.ts';
import { acceptSigningKeys } from './signing-keys.ts';
import type { StoredServing } from './stored-serving.ts';
import { TenantDomains } from './tenant-domains.ts';
import { TenantVersions } from './tenant-versions.ts';
import type { TenantViews } from './tenant-views.ts';

/** What tenants work with. */
export interface TenantsOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly pipeline: Pipeline;
  readonly serving: StoredServing;
  readonly trail: AuditTrail;
  readonly views: TenantViews;
  readonly maxModuleBytes: number;
  /** Told that a module or another file with that digest was stored. */
  readonly onStored: (digest: string) => void;
  readonly cache: CacheDesk;
  /** Told when a name has become free. Routes are told of elsewhere: {@link ./in-force.ts InForceOptions.onFreed}. */
  readonly onFreed: () => void;
  /** Has what was used until now written. */
  readonly recordUsage: () => void;
  /** Told when a name has another owner, or none: what was counted under it until now is not the next one's. */
  readonly onOwner: (name: string) => void;
  /** Hears what went wrong beside the error that its asker hears of. */
  readonly report: (message: string) => void;
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** See {@link ControlPlane}. Changes of one tenant are made one after the other. */
export class Tenants implements ControlPlane {
  readonly #options: Pick<TenantsOptions, 'onFreed' | 'onOwner' | 'recordUsage' | 'serving' | 'cache'>;
  readonly #store: Store;
  readonly #trail: AuditTrail;
  readonly #views: TenantViews;
  readonly #activation: Activation;
  readonly #versions: TenantVersions;
  readonly #domains: TenantDomains;
  readonly #turns = new InTurn();

  constructor(options: TenantsOptions) {
    const { store, blobs, pipeline, serving, trail, views, maxModuleBytes } = options;
    this.#options = options;
    this.#store = store;
    this.#trail = trail;
    this.#views = views;
    const deploying = new Deploying({
      store,
      pipeline,
      maxModuleBytes,
      rehearse: (tenant, app) => serving.rehearse(tenant, app),
    });
    this.#activation = new Activation(store, serving, trail);
    const stored = (name: string): TenantRecord => this.#stored(name);
    const [turns, activation, { report }] = [this.#turns, this.#activation, options];
    const { onStored } = options;
    this.#versions = new TenantVersions({ onStored, store, blobs, trail, views, deploying, activation, turns, stored });
    this.#domains = new TenantDomains({ store, trail, serving, stored, turns, report });
  }

  createTenant(name: string, actor: string): TenantView {
    if (!NAME.test(name))
      throw new KerbError(
        'bad_request',
        'name: is not 1 to 63 of a-z, 0-9 and "-", with no "-" at an end; choose another',
      );
    if (this.#views.isFolders(name)) throw managedByFolder(name);
    const tenant = this.#trail.atomically(() => {
      const created = this.#store.createTenant(name, Date.now());
      this.#trail.note(actor, 'tenant.create', name);
      return created;
    });
    this.#options.onOwner(name);
    return this.#views.of(tenant);
  }

  tenant(name: string): TenantView {
    return this.#views.tenant(name);
  }

  tenants(page: PageRequest): Page<TenantView> {
    return this.#views.page(page);
  }

  deleteTenant(name: string, { actor, ifRevision }: Doing): Promise<void> {
    return this.#turns.run(name, async () => {
      this.#stored(name);
      const change = { active: null, previous: null, canary: null };
      await this.#activation.apply({ tenant: name, change, actor, ifRevision, action: 'tenant.stop', detail: {} });
      // Its hours go with it: what they come to stays in the trail.
      this.#options.recordUsage();
      this.#trail.atomically(() => {
        const used = this.#used(name);
        this.#store.deleteTenant(name);
        this.#trail.note(actor, 'tenant.delete', name, used);
      });
      this.#options.onOwner(name);
      this.#options.onFreed();
    });
  }

  deploy(request: DeployRequest): Promise<Deployed> {
    return this.#versions.deploy(request);
  }

  check(upload: Upload, name: string | null): Promise<Json> {
    return this.#versions.check(upload, name);
  }

  version(tenant: string, version: number): VersionRecord {
    return this.#versions.version(tenant, version);
  }

  versions(tenant: string, page: PageRequest): Page<VersionRecord> {
    return this.#versions.versions(tenant, page);
  }

  activate(name: string, version: number, how: Accepting): Promise<TenantView> {
    return this.#versions.activate(name, version, how);
  }

  rollback(name: string, doing: Doing): Promise<TenantView> {
    return this.#versions.rollback(name, doing);
  }

  startCanary(name: string, canary: CanaryRequest, how: Accepting): Promise<TenantView> {
    return this.#versions.startCanary(name, canary, how);
  }

  stopCanary(name: string, doing: Doing & { readonly reason?: string }): Promise<TenantView> {
    return this.#versions.stopCanary(name, doing);
  }

  /** Has what serves of a tenant get config and secrets as they are now. A tenant that is not there, or rests, has nothing to get. */
  refresh(name: string): Promise<void> {
    return this.#turns.run(name, async () => {
      const tenant = this.#store.tenant(name);
      if (tenant !== null && tenant.active !== null && !this.#options.serving.rests(name))
        await this.#options.serving.bring(tenant);
    });
  }

  /** Has what a tenant serves in force, where it rests. Rejects like {@link StoredServing.bring}; then it goes on resting. */
  wake(name: string): Promise<void> {
    return this.#turns.run(name, async () => {
      const tenant = this.#store.tenant(name);
      if (tenant !== null && this.#options.serving.rests(name)) await this.#options.serving.bring(tenant);
    });
  }

  /** Has a tenant rest, where that can be: it serves a version, and has no canary. */
  rest(name: string): Promise<void> {
    return this.#turns.run(name, async () => {
      const tenant = this.#store.tenant(name);
      if (tenant === null || tenant.active === null || tenant.canary !== null) return;
      if (!this.#options.serving.rests(name)) await this.#options.serving.rest([tenant]);
    });
  }

  domains(name: string): readonly DomainRecord[] {
    return this.#domains.list(this.#stored(name));
  }

  addDomain(name: string, host: string, actor: string, ifRevision: number | null = null): Promise<DomainRecord> {
    return this.#domains.add(name, host, { actor, ifRevision });
  }

  removeDomain(name: string, host: string, actor: string, ifRevision: number | null = null): Promise<void> {
    return this.#domains.remove(name, host, { actor, ifRevision });
  }

  setLimits(name: string, limits: LimitsRecord, doing: Doing): Promise<TenantView> {
    return this.#turns.run(name, () => {
      this.#stored(name);
      return this.#change({ ...doing, tenant: name, change: { limits }, action: 'limits.set', detail: { ...limits } });
    });
  }

  backends(name: string): ReturnType<ControlPlane['backends']> {
    const { active, allowBackends } = this.#stored(name);
    const record = active === null ? null : this.#store.version(name, active);
    const backends = record === null ? [] : parseManifest(record.manifest, 'kerb.toml').backends;
    return { backends, allow: allowBackends };
  }

  setAllowedBackends(name: string, ranges: readonly string[], doing: Doing): Promise<TenantView> {
    return this.#turns.run(name, () => {
      this.#stored(name);
      const bad = ranges.filter((range) => parseCidr(range) === null);
      if (bad.length > 0)
        throw new KerbError(
          'bad_request',
          'allow: not all are address ranges such as 10.0.0.0/8',
          bad.map((range) => JSON.stringify(range)),
        );
      const change = { allowBackends: ranges };
      return this.#change({ ...doing, tenant: name, change, action: 'backends.allow', detail: { allow: ranges } });
    });
  }

  signingKeys(name: string): { readonly required: readonly string[]; readonly keys: readonly Json[] } {
    const { requiredKeys, signingKeys } = this.#stored(name);
    return { required: requiredKeys, keys: signingKeys };
  }

  setSigningKeys(
    name: string,
    { required, keys }: { readonly required: readonly string[]; readonly keys: readonly Json[] },
    doing: Doing,
  ): Promise<TenantView> {
    return this.#turns.run(name, async () => {
      this.#stored(name);
      const { thumbprints, ...change } = await acceptSigningKeys(required, keys);
      const detail = { required, keys: thumbprints };
      return this.#change({ ...doing, tenant: name, change, action: 'keys.set', detail });
    });
  }

  async purge(name: string, what: PurgeRequest, actor: string): Promise<number> {
    this.#views.tenant(name);
    const purged = await this.#options.cache.purge(name, what);
    const { url = null, tag = null, soft = false } = what;
    this.#trail.note(actor, 'cache.purge', name, { url, tag, soft, purged });
    return purged;
  }

  async cache(name: string): Promise<CacheView> {
    this.#views.tenant(name);
    return this.#options.cache.view(name);
  }

  usage(tenant: string, fromMs: number, toMs: number): readonly UsageRecord[] {
    this.#stored(tenant);
    this.#options.recordUsage();
    return this.#store.usage(tenant, fromMs, toMs);
  }

  figures(): readonly TenantFiguresView[] {
    return this.#views.figures();
  }

  onAudit(listener: (entry: AuditRecord) => void): () => void {
    return this.#trail.listen(listener);
  }

  note(actor: string, action: string, tenant: string | null, detail: Json): void {
    this.#trail.note(actor, action, tenant, detail);
  }

  /** What a tenant has used in all hours that are kept. */
  #used(name: string): { readonly requests: number; readonly cpuUs: number } {
    const hours = this.#store.usage(name, 0, Number.MAX_SAFE_INTEGER);
    const sum = (of: (hour: UsageRecord) => number): number => hours.reduce((total, hour) => total + of(hour), 0);
    return { requests: sum(({ requests }) => requests), cpuUs: sum(({ cpuUs }) => cpuUs) };
  }

  /** A tenant of the store. Throws `conflict` for one of the folder, `not_found` for none. */
  #stored(name: string): TenantRecord {
    const tenant = this.#store.tenant(name);
    if (tenant !== null) return tenant;
    if (this.#views.isFolders(name)) throw managedByFolder(name);
    throw new KerbError('not_found', `there is no tenant ${JSON.stringify(name)}`);
  }

  async #change(change: Change): Promise<TenantView> {
    return this.#views.of(await this.#activation.apply(change));
  }
}

function managedByFolder(name: string): KerbError {
  return new KerbError('conflict', `${name} is managed by the tenants folder; change its files there`);
}
