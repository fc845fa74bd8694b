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
import { storeParts } from './app-store.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { CacheDesk } from './cache-desk.ts';
import { capabilitiesOf, capabilityDiff, refuseWider } from './capabilities.ts';
import { Deploying, type Accepted } from './deploying.ts';
import { InTurn } from './in-turn.ts';
import { KEPT_VERSIONS } from './limits.ts';
import { parseManifest } from './manifest.ts';
import type { Pipeline } from './pipeline.ts';
import type {
  CacheView,
  CapabilityDiff,
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
import type { Rehearse, StoredServing } from './stored-serving.ts';
import { TenantDomains } from './tenant-domains.ts';
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
  readonly rehearse: Rehearse;
  readonly cache: CacheDesk;
  /** Told when routes or a name have become free. */
  readonly onFreed: () => void;
  /** Has what was used until now written. */
  readonly recordUsage: () => void;
}

/** A change that is about versions: what it may do more than the active one has to be accepted. */
type Accepting = Doing & { readonly acceptWider: boolean };

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** See {@link ControlPlane}. Changes of one tenant are made one after the other. */
export class Tenants implements ControlPlane {
  readonly #options: Pick<TenantsOptions, 'onFreed' | 'recordUsage' | 'serving' | 'cache'>;
  readonly #store: Store;
  readonly #blobs: BlobStore;
  readonly #trail: AuditTrail;
  readonly #views: TenantViews;
  readonly #deploying: Deploying;
  readonly #activation: Activation;
  readonly #domains: TenantDomains;
  readonly #turns = new InTurn();

  constructor(options: TenantsOptions) {
    const { store, blobs, pipeline, serving, trail, views, maxModuleBytes, rehearse } = options;
    this.#options = options;
    this.#store = store;
    this.#blobs = blobs;
    this.#trail = trail;
    this.#views = views;
    this.#deploying = new Deploying({
      store,
      pipeline,
      maxModuleBytes,
      rehearse: (app) => serving.rehearse(app, rehearse),
    });
    this.#activation = new Activation(store, serving, trail);
    const stored = (name: string): TenantRecord => this.#stored(name);
    this.#domains = new TenantDomains({ store, trail, serving, stored, turns: this.#turns, onFreed: options.onFreed });
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
      this.#trail.atomically(() => {
        this.#store.deleteTenant(name);
        this.#trail.note(actor, 'tenant.delete', name);
      });
      this.#options.onFreed();
    });
  }

  deploy(request: DeployRequest): Promise<Deployed> {
    return this.#turns.run(request.tenant, async () => {
      const tenant = this.#stored(request.tenant);
      requireRevision(tenant, request.ifRevision);
      const accepted = await this.#deploying.accept(request.upload, tenant);
      const { manifest } = accepted.source;
      const lines = capabilitiesOf(manifest, accepted.admitted.compiled.shape.imports);
      const capabilities = this.#capabilities(tenant, lines);
      if (request.activate && !request.acceptWider) refuseWider(capabilities);
      const version = await this.#append(request, accepted);
      if (request.activate) {
        const fresh = new Map([[version.version, accepted.admitted]]);
        await this.#serve(tenant, version.version, { ...request, fresh, action: 'version.activate' });
      }
      return { version, active: request.activate, capabilities };
    });
  }

  async check(upload: Upload, name: string | null): Promise<Json> {
    const { report } = await this.#deploying.accept(upload, name === null ? null : this.#stored(name));
    return report;
  }

  version(tenant: string, version: number): VersionRecord {
    this.#stored(tenant);
    const record = this.#store.version(tenant, version);
    if (record === null) throw new KerbError('not_found', `${tenant} has no version ${version}`);
    return record;
  }

  versions(tenant: string, page: PageRequest): Page<VersionRecord> {
    this.#stored(tenant);
    return this.#store.versions(tenant, page);
  }

  activate(name: string, version: number, how: Accepting): Promise<TenantView> {
    return this.#turns.run(name, async () => {
      const tenant = this.#requireFit(name, version, how);
      return this.#views.of(await this.#serve(tenant, version, { ...how, action: 'version.activate' }));
    });
  }

  rollback(name: string, doing: Doing): Promise<TenantView> {
    return this.#turns.run(name, async () => {
      const tenant = this.#stored(name);
      const { previous } = tenant;
      if (previous === null)
        throw new KerbError('conflict', `${name} has no version to go back to; activate one by its number`);
      this.#deploying.refuseUnfit(this.version(name, previous), tenant);
      return this.#views.of(await this.#serve(tenant, previous, { ...doing, action: 'version.rollback' }));
    });
  }

  startCanary(
    name: string,
    { version, percent, maxCostFactor }: { version: number; percent: number; maxCostFactor: number },
    how: Accepting,
  ): Promise<TenantView> {
    return this.#turns.run(name, () => {
      const tenant = this.#requireFit(name, version, how);
      if (!(percent > 0 && percent < 100))
        throw new KerbError('bad_request', 'percent: is not above 0 and below 100; activate the version for all');
      if (!(maxCostFactor > 1 && Number.isFinite(maxCostFactor)))
        throw new KerbError('bad_request', 'maxCostFactor: is no number above 1; choose for instance 2');
      if (tenant.active === null)
        throw new KerbError('conflict', `${name} has no active version to compare with; activate one first`);
      if (tenant.active === version)
        throw new KerbError('conflict', `version ${version} of ${name} is the active one; choose another`);
      const startedMs = tenant.canary?.version === version ? tenant.canary.startedMs : Date.now();
      const canary = { version, percent, maxCostFactor, startedMs };
      return this.#change({ ...how, tenant: name, change: { canary }, action: 'canary.set', detail: { ...canary } });
    });
  }

  stopCanary(name: string, doing: Doing & { readonly reason?: string }): Promise<TenantView> {
    return this.#turns.run(name, () => {
      const { canary } = this.#stored(name);
      if (canary === null) throw new KerbError('conflict', `${name} has no canary`);
      const detail = { version: canary.version, reason: doing.reason ?? 'asked for' };
      return this.#change({ ...doing, tenant: name, change: { canary: null }, action: 'canary.stop', detail });
    });
  }

  /** Has what serves of a tenant get config and secrets as they are now. A tenant that is not there has nothing to get. */
  refresh(name: string): Promise<void> {
    return this.#turns.run(name, async () => {
      const tenant = this.#store.tenant(name);
      if (tenant !== null && tenant.active !== null) await this.#options.serving.bring(tenant);
    });
  }

  domains(name: string): readonly DomainRecord[] {
    return this.#domains.list(this.#stored(name));
  }

  addDomain(name: string, host: string, actor: string): Promise<DomainRecord> {
    return this.#domains.add(name, host, actor);
  }

  removeDomain(name: string, host: string, actor: string): Promise<void> {
    return this.#domains.remove(name, host, actor);
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

  /** A tenant of the store. Throws `conflict` for one of the folder, `not_found` for none. */
  #stored(name: string): TenantRecord {
    const tenant = this.#store.tenant(name);
    if (tenant !== null) return tenant;
    if (this.#views.isFolders(name)) throw managedByFolder(name);
    throw new KerbError('not_found', `there is no tenant ${JSON.stringify(name)}`);
  }

  /** The tenant, if a version of it may be put in force. */
  #requireFit(name: string, version: number, { ifRevision, acceptWider }: Accepting): TenantRecord {
    const tenant = this.#stored(name);
    requireRevision(tenant, ifRevision);
    const record = this.version(name, version);
    this.#deploying.refuseUnfit(record, tenant);
    if (!acceptWider) refuseWider(this.#capabilities(tenant, linesOf(record)));
    return tenant;
  }

  /** What those lines say more, and less, than those of the active version. */
  #capabilities({ name, active }: TenantRecord, lines: readonly string[]): CapabilityDiff {
    const before = active === null ? null : this.#store.version(name, active);
    return capabilityDiff(before === null ? null : linesOf(before), lines);
  }

  /** Stores an upload as a version: its bytes first, for a version names them. */
  async #append(
    { tenant, actor, note }: DeployRequest,
    { source, admitted, report, signedBy }: Accepted,
  ): Promise<VersionRecord> {
    const { digest, files } = await storeParts(this.#blobs, source);
    return this.#trail.atomically(() => {
      const version = this.#store.appendVersion({
        tenant,
        digest,
        size: source.module.length,
        manifest: source.manifestText,
        abi: admitted.compiled.abi,
        report,
        signedBy,
        note,
        createdMs: Date.now(),
        createdBy: actor,
        files,
      });
      this.#trail.note(actor, 'version.create', tenant, { version: version.version, digest });
      this.#store.dropVersions(tenant, KEPT_VERSIONS);
      return version;
    });
  }

  /** Has a version serve everybody. */
  #serve(
    { name, active, previous }: TenantRecord,
    version: number,
    { actor, ifRevision, action, fresh }: Pick<Change, 'actor' | 'ifRevision' | 'action' | 'fresh'>,
  ): Promise<TenantRecord> {
    const change = { active: version, previous: active === version ? previous : active, canary: null };
    const detail = { version, before: active };
    const told = { tenant: name, change, actor, ifRevision, action, detail };
    return this.#activation.apply(fresh === undefined ? told : { ...told, fresh });
  }

  async #change(change: Change): Promise<TenantView> {
    return this.#views.of(await this.#activation.apply(change));
  }
}

function requireRevision({ name, revision }: TenantRecord, ifRevision: number | null): void {
  if (ifRevision === null || ifRevision === revision) return;
  throw new KerbError('precondition_failed', `${name} is at revision ${revision}, not ${ifRevision}; look at it again`);
}

function managedByFolder(name: string): KerbError {
  return new KerbError('conflict', `${name} is managed by the tenants folder; change its files there`);
}

/** What a stored version may do, as this build would say it: builds may know of different capabilities. */
function linesOf({ manifest, report }: VersionRecord): string[] {
  return capabilitiesOf(parseManifest(manifest, 'kerb.toml'), importsIn(report));
}

/** The imports that a stored report lists. */
function importsIn(report: Json): { readonly module: string; readonly name: string }[] {
  if (typeof report !== 'object' || report === null || !('imports' in report)) return [];
  const { imports } = report;
  return Array.isArray(imports) ? (imports as { module: string; name: string }[]) : [];
}
