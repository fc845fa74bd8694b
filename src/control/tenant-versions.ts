/** Versions of stored tenants: deployed, listed, and put in force for all or for some. */
import { KerbError } from '../errors.ts';
import type { Json, TenantRecord, VersionRecord } from '../store/records.ts';
import type { BlobStore, Page, PageRequest, Store } from '../store/store.ts';
import type { Activation, Change } from './activation.ts';
import { importsOfAll } from './admission-report.ts';
import { storeParts } from './app-store.ts';
import type { AuditTrail } from './audit-trail.ts';
import { capabilitiesOf, capabilityDiff, refuseWider } from './capabilities.ts';
import type { Accepted, Deploying } from './deploying.ts';
import { InTurn } from './in-turn.ts';
import { KEPT_VERSIONS } from './limits.ts';
import { parseManifest } from './manifest.ts';
import type {
  Accepting,
  CanaryRequest,
  CapabilityDiff,
  Deployed,
  DeployRequest,
  Doing,
  TenantView,
  Upload,
} from './plane.ts';
import { requireRevision } from './revision.ts';
import type { TenantViews } from './tenant-views.ts';

/** What it works with. */
export interface TenantVersionsOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly trail: AuditTrail;
  readonly views: TenantViews;
  readonly deploying: Deploying;
  readonly activation: Activation;
  /** Told that a module or another file with that digest was stored. */
  readonly onStored: (digest: string) => void;
  /** Turns of tenants, by name. */
  readonly turns: InTurn;
  /** A tenant of the store, or an error that says why there is none. */
  readonly stored: (name: string) => TenantRecord;
}

/** Versions of tenants. Its methods are those of {@link ControlPlane} of the same names. */
export class TenantVersions {
  readonly #options: TenantVersionsOptions;
  readonly #uploads = new InTurn();

  constructor(options: TenantVersionsOptions) {
    this.#options = options;
  }

  /** Uploads of a tenant come one after the other, but what takes long over them is not part of its turn: a rollback does not wait. */
  deploy(request: DeployRequest): Promise<Deployed> {
    return this.#uploads.run(request.tenant, async () => {
      const tenant = this.#options.stored(request.tenant);
      requireRevision(tenant, request.ifRevision);
      const accepted = await this.#options.deploying.accept(request.upload, tenant);
      return this.#options.turns.run(request.tenant, () => this.#deploy(request, accepted, tenant));
    });
  }

  /** Stores what was accepted for the tenant as it was `before`, if the tenant as it is now may have it, and has it serve. */
  async #deploy(request: DeployRequest, accepted: Accepted, before: TenantRecord): Promise<Deployed> {
    const tenant = this.#options.stored(request.tenant);
    requireRevision(tenant, request.ifRevision);
    await this.#options.deploying.recheck(accepted, request.upload, before, tenant);
    const { compiled, filters } = accepted.admitted;
    const imports = importsOfAll([compiled, ...filters.map((filter) => filter.compiled)]);
    const lines = capabilitiesOf(accepted.source.manifest, imports);
    const capabilities = this.#capabilities(tenant, lines);
    if (request.activate && !request.acceptWider) refuseWider(capabilities);
    const version = await this.#append(request, accepted);
    if (request.activate) {
      const fresh = new Map([[version.version, accepted.admitted]]);
      await this.#serve(tenant, version.version, { ...request, fresh, action: 'version.activate' });
    }
    return { version, active: request.activate, capabilities };
  }

  async check(upload: Upload, name: string | null): Promise<Json> {
    const { report } = await this.#options.deploying.accept(upload, name === null ? null : this.#options.stored(name));
    return report;
  }

  version(tenant: string, version: number): VersionRecord {
    this.#options.stored(tenant);
    const record = this.#options.store.version(tenant, version);
    if (record === null) throw new KerbError('not_found', `${tenant} has no version ${version}`);
    return record;
  }

  versions(tenant: string, page: PageRequest): Page<VersionRecord> {
    this.#options.stored(tenant);
    return this.#options.store.versions(tenant, page);
  }

  activate(name: string, version: number, how: Accepting): Promise<TenantView> {
    return this.#options.turns.run(name, async () => {
      const tenant = this.#requireFit(name, version, how);
      return this.#options.views.of(await this.#serve(tenant, version, { ...how, action: 'version.activate' }));
    });
  }

  rollback(name: string, doing: Doing): Promise<TenantView> {
    return this.#options.turns.run(name, async () => {
      const tenant = this.#options.stored(name);
      const { previous } = tenant;
      if (previous === null)
        throw new KerbError('conflict', `${name} has no version to go back to; activate one by its number`);
      this.#options.deploying.refuseUnfit(this.version(name, previous), tenant);
      return this.#options.views.of(await this.#serve(tenant, previous, { ...doing, action: 'version.rollback' }));
    });
  }

  startCanary(name: string, { version, percent, maxCostFactor }: CanaryRequest, how: Accepting): Promise<TenantView> {
    return this.#options.turns.run(name, () => {
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
    return this.#options.turns.run(name, () => {
      const { canary } = this.#options.stored(name);
      if (canary === null) throw new KerbError('conflict', `${name} has no canary`);
      const detail = { version: canary.version, reason: doing.reason ?? 'asked for' };
      return this.#change({ ...doing, tenant: name, change: { canary: null }, action: 'canary.stop', detail });
    });
  }

  /** The tenant, if a version of it may be put in force. */
  #requireFit(name: string, version: number, { ifRevision, acceptWider }: Accepting): TenantRecord {
    const tenant = this.#options.stored(name);
    requireRevision(tenant, ifRevision);
    const record = this.version(name, version);
    this.#options.deploying.refuseUnfit(record, tenant);
    if (!acceptWider) refuseWider(this.#capabilities(tenant, linesOf(record)));
    return tenant;
  }

  /** What those lines say more, and less, than those of the active version. */
  #capabilities({ name, active }: TenantRecord, lines: readonly string[]): CapabilityDiff {
    const before = active === null ? null : this.#options.store.version(name, active);
    return capabilityDiff(before === null ? null : linesOf(before), lines);
  }

  /** Stores an upload as a version: its bytes first, for a version names them. */
  async #append(
    { tenant, actor, note }: DeployRequest,
    { source, admitted, report, signedBy }: Accepted,
  ): Promise<VersionRecord> {
    const { digest, files } = await storeParts(this.#options.blobs, source);
    for (const stored of [digest, ...Object.values(files)]) this.#options.onStored(stored);
    return this.#options.trail.atomically(() => {
      const version = this.#options.store.appendVersion({
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
      this.#options.trail.note(actor, 'version.create', tenant, { version: version.version, digest });
      this.#options.store.dropVersions(tenant, KEPT_VERSIONS);
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
    return this.#options.activation.apply(fresh === undefined ? told : { ...told, fresh });
  }

  async #change(change: Change): Promise<TenantView> {
    return this.#options.views.of(await this.#options.activation.apply(change));
  }
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
