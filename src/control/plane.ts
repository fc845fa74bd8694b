/** What the control plane can do: the one door for everybody who manages tenants. The admin API adds HTTP, tokens and schemas to it. */
import type { CacheOutcome } from '../cache/outcome.ts';
import type {
  AuditRecord,
  CanaryRecord,
  DomainRecord,
  Json,
  LimitsRecord,
  TenantRecord,
  UsageRecord,
  VersionRecord,
} from '../store/records.ts';
import type { Page, PageRequest } from '../store/store.ts';
import type { Outcome } from '../outcome.ts';

/** A tenant as it is shown: of the store, or of a folder. */
export interface TenantView extends Pick<
  TenantRecord,
  'name' | 'createdMs' | 'revision' | 'active' | 'previous' | 'canary' | 'requiredKeys' | 'limits'
> {
  /** A tenant of the tenants folder is changed by changing its folder: every change here throws `conflict`. */
  readonly source: 'api' | 'folder';
  /** Hosts that lead to its active version now. */
  readonly hosts: readonly string[];
}

/** What a version may do more, and less, than another, as lines such as `backend site http://127.0.0.1:9000`. */
export interface CapabilityDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** An upload, whole, as it came: a bare module, or a compressed folder or package. */
export interface Upload {
  readonly kind: 'module' | 'archive';
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Text of a kerb.toml for a bare module; `null`: the defaults. An archive brings its own. */
  readonly manifest: string | null;
  /** Detached JWS over the module's digest. */
  readonly signature: string | null;
}

/** Who does it, and on which condition. */
export interface Doing {
  readonly actor: string;
  /** The tenant's revision that the actor has seen; `null`: any. */
  readonly ifRevision: number | null;
}

/** Who puts a version in force: what it may do more than the active one has to be accepted. */
export interface Accepting extends Doing {
  readonly acceptWider: boolean;
}

/** A canary that is asked for. */
export type CanaryRequest = Pick<CanaryRecord, 'version' | 'percent' | 'maxCostFactor'>;

/** How a new version comes. */
export interface DeployRequest extends Accepting {
  readonly tenant: string;
  readonly upload: Upload;
  /** Whether it serves at once. */
  readonly activate: boolean;
  readonly note: string;
}

/** What became of it. */
export interface Deployed {
  readonly version: VersionRecord;
  readonly active: boolean;
  readonly capabilities: CapabilityDiff;
}

/** Figures of a tenant now, since the process began. */
export interface TenantFiguresView {
  readonly tenant: string;
  readonly source: 'api' | 'folder';
  /** `null`: a folder's versions are named by digest, in `label`. */
  readonly version: number | null;
  readonly label: string;
  readonly canary: number | null;
  readonly requests: number;
  readonly inFlight: number;
  readonly cpuUs: number;
  readonly memoryPages: number;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
}

/** What is to be purged: one of the first three. */
export interface PurgeRequest {
  /** The URL of a response, as clients request it. */
  readonly url?: string | undefined;
  readonly tag?: string | undefined;
  readonly all?: true | undefined;
  /** Whether it stays as stale, to be validated or to serve on failure. */
  readonly soft?: boolean | undefined;
}

/** The cache of one tenant. */
export interface CacheView {
  readonly entries: number;
  readonly bytes: number;
  readonly quotaBytes: number;
  /** Requests to backends since the process began, by what the cache did. */
  readonly requests: Readonly<Partial<Record<CacheOutcome, number>>>;
}

/**
 * Everything rejects or throws with a `KerbError`: `not_found` for what is not there, `conflict` for what cannot be, `bad_request` for
 * malformed values, `precondition_failed` when the tenant is not at {@link Doing.ifRevision}, and where it says so.
 */
export interface ControlPlane {
  createTenant(name: string, actor: string): TenantView;
  tenant(name: string): TenantView;
  /** Of the store and of the folder, by name. */
  tenants(page: PageRequest): Page<TenantView>;
  /** Settles when nothing of it serves any more. */
  deleteTenant(name: string, doing: Doing): Promise<void>;

  /**
   * Takes an upload through the pipeline; settles when it is stored and, when asked for, serves on every thread. Rejects with
   * `bad_manifest`, `bad_module`, `refused_module`, `signature_required`, `route_conflict`, `wider_capabilities`, `too_large`, each with
   * every fault in its details; what served before still does. Uploads of a tenant are taken one after the other; other changes of it do
   * not wait while one is compiled and tried, and what is asked of the tenant is asked again afterwards.
   */
  deploy(request: DeployRequest): Promise<Deployed>;
  /** What admission would say, with nothing stored. Rejects like {@link deploy}. */
  check(upload: Upload, tenant: string | null): Promise<Json>;
  version(tenant: string, version: number): VersionRecord;
  /** Newest first. */
  versions(tenant: string, page: PageRequest): Page<VersionRecord>;
  /** Has a version serve. Ends a canary. */
  activate(tenant: string, version: number, how: Accepting): Promise<TenantView>;
  /** Back to the version that was active before. `conflict` when there is none. */
  rollback(tenant: string, doing: Doing): Promise<TenantView>;
  startCanary(tenant: string, canary: CanaryRequest, how: Accepting): Promise<TenantView>;
  stopCanary(tenant: string, doing: Doing): Promise<TenantView>;

  domains(tenant: string): readonly DomainRecord[];
  /** `conflict` when another tenant has it. @param ifRevision - See {@link Doing.ifRevision}. */
  addDomain(tenant: string, host: string, actor: string, ifRevision?: number | null): Promise<DomainRecord>;
  removeDomain(tenant: string, host: string, actor: string, ifRevision?: number | null): Promise<void>;
  setLimits(tenant: string, limits: LimitsRecord, doing: Doing): Promise<TenantView>;
  backends(tenant: string): {
    readonly backends: readonly { readonly name: string; readonly url: string }[];
    readonly allow: readonly string[];
  };
  setAllowedBackends(tenant: string, ranges: readonly string[], doing: Doing): Promise<TenantView>;
  signingKeys(tenant: string): { readonly required: readonly string[]; readonly keys: readonly Json[] };
  setSigningKeys(
    tenant: string,
    keys: { readonly required: readonly string[]; readonly keys: readonly Json[] },
    doing: Doing,
  ): Promise<TenantView>;

  /**
   * Has the cache forget, of a tenant of the store or of the folder. Settles when nothing that was purged is served any more, with how many
   * stored responses there were.
   */
  purge(tenant: string, what: PurgeRequest, actor: string): Promise<number>;
  /** What the cache holds of a tenant. */
  cache(tenant: string): Promise<CacheView>;
  usage(tenant: string, fromMs: number, toMs: number): readonly UsageRecord[];
  figures(): readonly TenantFiguresView[];
  /** Hears of everything that is done, as it is done. Answers how to stop. */
  onAudit(listener: (entry: AuditRecord) => void): () => void;
  /** Notes something done elsewhere, such as a secret that was set. */
  note(actor: string, action: string, tenant: string | null, detail: Json): void;
}

/** One thing that happened to a tenant's requests, as `kerb tail` shows it. */
export type LogEntry =
  | { readonly kind: 'request'; readonly tenant: string; readonly record: Json }
  | {
      readonly kind: 'guest';
      readonly tenant: string;
      readonly timeMs: number;
      readonly version: string;
      readonly level: string;
      readonly text: string;
    };

/** Live logs. */
export interface LogTap {
  /** Hears of a tenant's requests and its guests' lines from now on, whatever the access log is set to. Answers how to stop. */
  follow(tenant: string, listener: (entry: LogEntry) => void): () => void;
}
