/** A control plane for tests of the API: tenants and versions in a store, nothing that compiles or serves. */
import { createHash } from 'node:crypto';
import { KerbError } from '../../../src/errors.ts';
import type {
  ControlPlane,
  Deployed,
  CacheView,
  DeployRequest,
  PurgeRequest,
  Doing,
  LogEntry,
  LogTap,
  TenantFiguresView,
  TenantView,
  Upload,
} from '../../../src/control/plane.ts';
import { requireRevision } from '../../../src/control/revision.ts';
import type {
  AuditRecord,
  DomainRecord,
  Json,
  LimitsRecord,
  TenantChange,
  UsageRecord,
  VersionRecord,
} from '../../../src/store/records.ts';
import type { Page, PageRequest, Store } from '../../../src/store/store.ts';

/** The one tenant of the tenants folder. */
const FOLDER_TENANT: TenantView = {
  name: 'site',
  source: 'folder',
  createdMs: 0,
  revision: 1,
  active: null,
  previous: null,
  canary: null,
  requiredKeys: [],
  limits: {},
  hosts: ['site.localhost'],
};

/** Honours the contract of {@link ControlPlane}, and lets tests hold a deployment up, or have it fail. */
export class MemoryPlane implements ControlPlane {
  readonly store: Store;
  /** What deployments were asked for. */
  readonly deployed: DeployRequest[] = [];
  /** Runs at the beginning of each deployment. */
  beforeDeploy: () => Promise<void> = () => Promise.resolve();
  /** Runs at the beginning of each change of a domain. */
  beforeDomain: () => void = () => undefined;
  purged: PurgeRequest[] = [];
  readonly #listeners = new Set<(entry: AuditRecord) => void>();

  constructor(store: Store) {
    this.store = store;
  }

  /** How many hear of what is done. */
  get listeners(): number {
    return this.#listeners.size;
  }

  createTenant(name: string, actor: string): TenantView {
    this.store.createTenant(name, Date.now());
    this.note(actor, 'tenant.create', name, {});
    return this.tenant(name);
  }

  tenant(name: string): TenantView {
    if (name === FOLDER_TENANT.name) return FOLDER_TENANT;
    const record = this.store.tenant(name);
    if (record === null) throw new KerbError('not_found', `there is no tenant ${name}`);
    return { ...record, source: 'api', hosts: this.domains(name).map(({ host }) => host) };
  }

  tenants(page: PageRequest): Page<TenantView> {
    const { items, next } = this.store.tenants(page);
    return { items: items.map(({ name }) => this.tenant(name)), next };
  }

  deleteTenant(name: string, doing: Doing): Promise<void> {
    this.#change(name, {}, doing, 'tenant.delete');
    this.store.deleteTenant(name);
    return Promise.resolve();
  }

  async deploy(request: DeployRequest): Promise<Deployed> {
    this.deployed.push(request);
    await this.beforeDeploy();
    const { tenant, upload, actor, note } = request;
    const before = this.tenant(tenant);
    const wider = upload.manifest?.includes('[backends') === true && before.active !== null;
    if (wider && !request.acceptWider) throw new KerbError('wider_capabilities', 'it may do more', ['backend site']);
    const version = this.store.appendVersion({
      tenant,
      digest: createHash('sha256').update(upload.bytes).digest('hex'),
      size: upload.bytes.byteLength,
      manifest: upload.manifest ?? 'name = "x"\n',
      abi: 'http-wasm',
      report: { imports: 1 },
      signedBy: null,
      note,
      createdMs: Date.now(),
      createdBy: actor,
      files: { 'secret-name.txt': 'a'.repeat(64) },
    });
    if (request.activate) this.#change(tenant, { active: version.version, previous: before.active }, request, 'deploy');
    return { version, active: request.activate, capabilities: { added: wider ? ['backend site'] : [], removed: [] } };
  }

  check(upload: Upload, tenant: string | null): Promise<Json> {
    if (tenant !== null) this.tenant(tenant);
    const [first] = upload.bytes;
    if (first !== 0) return Promise.reject(new KerbError('bad_module', 'not wasm', ['byte 0: not \\0asm; compile it']));
    return Promise.resolve({ kind: upload.kind, size: upload.bytes.byteLength, manifest: upload.manifest, tenant });
  }

  version(tenant: string, version: number): VersionRecord {
    const record = this.store.version(tenant, version);
    if (record === null) throw new KerbError('not_found', `there is no version ${version}`);
    return record;
  }

  versions(tenant: string, page: PageRequest): Page<VersionRecord> {
    return this.store.versions(tenant, page);
  }

  async activate(tenant: string, version: number, how: Doing): Promise<TenantView> {
    this.version(tenant, version);
    const { active } = this.tenant(tenant);
    return this.#change(tenant, { active: version, previous: active, canary: null }, how, 'activate');
  }

  async rollback(tenant: string, doing: Doing): Promise<TenantView> {
    const { active, previous } = this.tenant(tenant);
    if (previous === null) throw new KerbError('conflict', 'nothing was active before');
    return this.#change(tenant, { active: previous, previous: active }, doing, 'rollback');
  }

  async startCanary(
    tenant: string,
    canary: { readonly version: number; readonly percent: number; readonly maxCostFactor: number },
    how: Doing,
  ): Promise<TenantView> {
    this.version(tenant, canary.version);
    return this.#change(tenant, { canary: { ...canary, startedMs: Date.now() } }, how, 'canary.start');
  }

  async stopCanary(tenant: string, doing: Doing): Promise<TenantView> {
    return this.#change(tenant, { canary: null }, doing, 'canary.stop');
  }

  domains(tenant: string): readonly DomainRecord[] {
    return this.store.domains(tenant);
  }

  async addDomain(
    tenant: string,
    host: string,
    actor: string,
    ifRevision: number | null = null,
  ): Promise<DomainRecord> {
    this.beforeDomain();
    requireRevision(this.tenant(tenant), ifRevision);
    const domain = { host, tenant, createdMs: Date.now(), createdBy: actor };
    this.store.addDomain(domain);
    return domain;
  }

  async removeDomain(tenant: string, host: string, _: string, ifRevision: number | null = null): Promise<void> {
    this.beforeDomain();
    requireRevision(this.tenant(tenant), ifRevision);
    this.store.removeDomain(tenant, host);
  }

  async setLimits(tenant: string, limits: LimitsRecord, doing: Doing): Promise<TenantView> {
    return this.#change(tenant, { limits }, doing, 'limits.set');
  }

  backends(tenant: string): ReturnType<ControlPlane['backends']> {
    const allow = this.store.tenant(tenant)?.allowBackends ?? [];
    return { backends: [{ name: 'site', url: 'http://127.0.0.1:9000/' }], allow };
  }

  async setAllowedBackends(tenant: string, ranges: readonly string[], doing: Doing): Promise<TenantView> {
    return this.#change(tenant, { allowBackends: ranges }, doing, 'backends.set');
  }

  signingKeys(tenant: string): ReturnType<ControlPlane['signingKeys']> {
    const record = this.store.tenant(tenant);
    return { required: record?.requiredKeys ?? [], keys: record?.signingKeys ?? [] };
  }

  async setSigningKeys(
    tenant: string,
    { required, keys }: { readonly required: readonly string[]; readonly keys: readonly Json[] },
    doing: Doing,
  ): Promise<TenantView> {
    return this.#change(tenant, { requiredKeys: required, signingKeys: keys }, doing, 'keys.set');
  }

  async purge(tenant: string, what: PurgeRequest): Promise<number> {
    this.tenant(tenant);
    this.purged.push(what);
    return 3;
  }

  async cache(tenant: string): Promise<CacheView> {
    this.tenant(tenant);
    return { entries: 2, bytes: 4096, quotaBytes: 33_554_432, requests: { hit: 7, miss: 2 } };
  }

  usage(tenant: string, fromMs: number, toMs: number): readonly UsageRecord[] {
    return this.store.usage(tenant, fromMs, toMs);
  }

  figures(): readonly TenantFiguresView[] {
    const counts = { requests: 5, inFlight: 1, cpuUs: 900, memoryPages: 2, outcomes: { ok: 4, cpu_limit: 1 } };
    return [{ tenant: 'a', source: 'api', version: 1, label: '1', canary: null, ...counts }];
  }

  onAudit(listener: (entry: AuditRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  note(actor: string, action: string, tenant: string | null, detail: Json): void {
    const entry = this.store.appendAudit({ timeMs: Date.now(), actor, action, tenant, detail });
    for (const listener of this.#listeners) listener(entry);
  }

  #change(name: string, change: TenantChange, { actor, ifRevision }: Doing, action: string): TenantView {
    if (this.tenant(name).source === 'folder') throw new KerbError('conflict', 'managed by the tenants folder');
    this.store.changeTenant(name, change, ifRevision);
    this.note(actor, action, name, {});
    return this.tenant(name);
  }
}

/** Live logs that a test writes. */
export class MemoryTap implements LogTap {
  /** How often somebody began to listen. */
  followed = 0;
  readonly #listeners = new Map<(entry: LogEntry) => void, string>();

  get listeners(): number {
    return this.#listeners.size;
  }

  follow(tenant: string, listener: (entry: LogEntry) => void): () => void {
    this.followed += 1;
    this.#listeners.set(listener, tenant);
    return () => this.#listeners.delete(listener);
  }

  /** Tells those who follow the entry's tenant. */
  emit(entry: LogEntry): void {
    for (const [listener, tenant] of this.#listeners) if (tenant === entry.tenant) listener(entry);
  }
}
