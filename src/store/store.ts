/** The port to durable state. Whoever was told that something is stored finds it again, whatever happens to the process. */
import type {
  AnswerRecord,
  AuditRecord,
  DomainRecord,
  Json,
  KvEntryRecord,
  KvRecord,
  TenantChange,
  TenantRecord,
  TokenRecord,
  UsageRecord,
  VersionRecord,
} from './records.ts';

/** Part of a list, and where the next part begins; `next` is `null` at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Which part of a list: after `cursor`, as {@link Page.next} named it, or from the beginning. A malformed one throws `bad_request`. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | null;
}

/** What a version is made from; the store numbers it. */
export type NewVersion = Omit<VersionRecord, 'version'>;

/** Tenants, their versions and their domains. */
export interface TenantStore {
  /** Throws `conflict` when there is one of that name. */
  createTenant(name: string, createdMs: number): TenantRecord;
  tenant(name: string): TenantRecord | null;
  /** By name. */
  tenants(page: PageRequest): Page<TenantRecord>;
  /**
   * Changes a tenant whose revision is `ifRevision` (`null`: whatever it is), and answers it as it is then, its revision one higher.
   * Throws `not_found`, or `precondition_failed` when somebody else has changed it.
   */
  changeTenant(name: string, change: TenantChange, ifRevision: number | null): TenantRecord;
  /** With everything that belongs to it. Throws `not_found`. Numbers of versions begin anew should the name come back. */
  deleteTenant(name: string): void;
  /** Adds a version and gives it the tenant's next number, in one step. Throws `not_found` without the tenant. */
  appendVersion(version: NewVersion): VersionRecord;
  version(tenant: string, version: number): VersionRecord | null;
  /** Newest first. */
  versions(tenant: string, page: PageRequest): Page<VersionRecord>;
  /**
   * Forgets the tenant's versions but its newest `keep` and those that are active, were active before, or are its canary. Answers how
   * many. Throws `not_found` without the tenant.
   */
  dropVersions(tenant: string, keep: number): number;
  /** Throws `conflict` when another tenant has the host, `not_found` without the tenant. Having it already is fine. */
  addDomain(domain: DomainRecord): void;
  /** Throws `not_found`. */
  removeDomain(tenant: string, host: string): void;
  domain(host: string): DomainRecord | null;
  /** By host. */
  domains(tenant: string): readonly DomainRecord[];
  /** Every digest that a version or its files name. */
  digests(): ReadonlySet<string>;
}

/** What is written to a key-value store. */
export interface KvWrite {
  readonly value: Uint8Array;
  readonly metadata: string | null;
  readonly expiresMs: number | null;
  /** Only when the key has this generation; 0: only when there is none; absent: whatever there is. */
  readonly ifGeneration?: number;
}

/** The contents of tenants' stores. An expired key is as one that is not there. */
export interface ContentStore {
  kv(tenant: string, store: string, key: string, nowMs: number): KvRecord | null;
  /** As {@link kv}, with the value only if it has at most `maxBytes` bytes: a larger one is not read, and costs nothing. */
  kvEntry(tenant: string, store: string, key: string, maxBytes: number, nowMs: number): KvEntryRecord | null;
  /** Answers the new generation; throws `precondition_failed`, `not_found` without the tenant, `too_large` above the tenant's quota. */
  putKv(tenant: string, store: string, key: string, write: KvWrite, nowMs: number): number;
  /** Answers whether there was one. */
  deleteKv(tenant: string, store: string, key: string): boolean;
  /** Keys that begin with `prefix`, by their bytes. */
  kvKeys(
    tenant: string,
    store: string,
    prefix: string,
    page: PageRequest,
    nowMs: number,
  ): Page<Omit<KvRecord, 'value'>>;
  config(tenant: string, store: string): ReadonlyMap<string, string>;
  putConfig(tenant: string, store: string, key: string, value: string): void;
  deleteConfig(tenant: string, store: string, key: string): boolean;
  /** Names only. */
  secretNames(tenant: string): readonly string[];
  /** The value, unsealed; `null`: there is none. Throws `corrupt` when it was sealed with another key or changed since. */
  secret(tenant: string, name: string): Uint8Array | null;
  putSecret(tenant: string, name: string, value: Uint8Array): void;
  deleteSecret(tenant: string, name: string): boolean;
}

/** What was done and what was used. */
export interface LedgerStore {
  appendAudit(entry: Omit<AuditRecord, 'id'>): AuditRecord;
  /** Newest first. */
  audit(page: PageRequest): Page<AuditRecord>;
  /** Adds to what the tenants used in an hour; tenants that are not there are left out. */
  addUsage(usage: readonly UsageRecord[]): void;
  /** Hours that begin in [fromMs, toMs), in order. */
  usage(tenant: string, fromMs: number, toMs: number): readonly UsageRecord[];
  addToken(token: TokenRecord): void;
  token(id: string): TokenRecord | null;
  /** Revokes a token, and those that it has minted, and those that these have. Answers whether there was one that was not revoked. */
  revokeToken(id: string, revokedMs: number): boolean;
  /** A value of the process's own, such as its signing keys; sealed like a secret. */
  setting(name: string): Json | null;
  putSetting(name: string, value: Json): void;
  /** The answer stored for an actor's idempotency key, if it was stored after `sinceMs`. */
  answer(actor: string, key: string, sinceMs: number): AnswerRecord | null;
  putAnswer(actor: string, key: string, answer: AnswerRecord, nowMs: number): void;
  /**
   * Forgets answers, expired keys, expired tokens and audit records that are older than the limits say: so many at once that others need
   * not wait long. Answers whether more may be left, for the next call.
   */
  prune(nowMs: number): boolean;
}

/** All durable state but the bytes of modules and files. Every call that changes something has reached the disk when it returns. */
export interface Store extends TenantStore, ContentStore, LedgerStore {
  /** Runs `work` as one change: all of it is stored, or nothing when it throws. Not to be nested. */
  atomically<T>(work: () => T): T;
  /** Idempotent. */
  close(): void;
}

/** Bytes by their SHA-256. */
export interface BlobStore {
  /** Stores bytes; when it settles they have reached the disk. Answers their digest, 64 lower-case hex digits. Storing them again is fine. */
  put(bytes: Uint8Array): Promise<string>;
  /** The bytes; `null` when there are none. Rejects with `corrupt`, naming the digest, when they are not what was stored. */
  get(digest: string): Promise<Uint8Array<ArrayBuffer> | null>;
  has(digest: string): Promise<boolean>;
  /** Removes what nobody in `keep` names and is older than `olderThanMs`: an upload stores its bytes before its version. Answers how many. */
  sweep(keep: ReadonlySet<string>, olderThanMs: number): Promise<number>;
}
