/** What the store keeps, record by record. Times are milliseconds since the epoch; everything is plain data. */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Ceilings that an operator sets for a tenant; a manifest that asks for more is refused. What is absent has the process's own. */
export interface LimitsRecord {
  readonly cpu_ms?: number;
  readonly wall_ms?: number;
  readonly memory_mb?: number;
  readonly concurrency?: number;
  readonly cpu_ms_per_second?: number;
  readonly cpu_weight?: number;
}

/** A second version that gets a share of a tenant's requests. */
export interface CanaryRecord {
  readonly version: number;
  /** More than 0 and less than 100. */
  readonly percent: number;
  /** It is taken back when a request of it costs more than so many times what one of the active version does. */
  readonly maxCostFactor: number;
  readonly startedMs: number;
}

/** A tenant and what of it is in force. */
export interface TenantRecord {
  readonly name: string;
  readonly createdMs: number;
  /** One more with every change of the tenant. */
  readonly revision: number;
  /** The version that serves; `null`: none. */
  readonly active: number | null;
  /** The version that served before, which a rollback goes back to. */
  readonly previous: number | null;
  readonly canary: CanaryRecord | null;
  /** The number that the next version gets. */
  readonly nextVersion: number;
  /** Keys of which one must have signed each module, as JWK thumbprints (RFC 7638). Empty: unsigned modules are taken. */
  readonly requiredKeys: readonly string[];
  /** Public keys that may sign its modules, as JWKs (RFC 7517). */
  readonly signingKeys: readonly Json[];
  readonly limits: LimitsRecord;
  /** Address ranges, in CIDR notation, that its backends may be in although they are not public. */
  readonly allowBackends: readonly string[];
}

/** What a change of a tenant sets; what is absent stays. */
export type TenantChange = Partial<
  Pick<TenantRecord, 'active' | 'previous' | 'canary' | 'requiredKeys' | 'signingKeys' | 'limits' | 'allowBackends'>
>;

/** A version: immutable. */
export interface VersionRecord {
  readonly tenant: string;
  /** 1, 2, 3 … in each tenant; never used again. */
  readonly version: number;
  /** SHA-256 of the module as it was uploaded, in hex: its name in the blob store. */
  readonly digest: string;
  /** Bytes of the module. */
  readonly size: number;
  /** Its kerb.toml. */
  readonly manifest: string;
  readonly abi: string;
  /** What admission found. */
  readonly report: Json;
  /** Thumbprint of the key that signed it. */
  readonly signedBy: string | null;
  readonly note: string;
  readonly createdMs: number;
  readonly createdBy: string;
  /** Digests of the files that came with it, by their path beside the manifest. */
  readonly files: Readonly<Record<string, string>>;
}

/** A host that leads to a tenant. */
export interface DomainRecord {
  /** Lower case, `*.` before it for a wildcard of one label. */
  readonly host: string;
  readonly tenant: string;
  readonly createdMs: number;
  readonly createdBy: string;
}

/** Something that was done. */
export interface AuditRecord {
  /** Ascending. */
  readonly id: number;
  readonly timeMs: number;
  /** Subject of the token. */
  readonly actor: string;
  /** For instance `version.create`. */
  readonly action: string;
  readonly tenant: string | null;
  readonly detail: Json;
}

/** What a tenant used in an hour. */
export interface UsageRecord {
  readonly tenant: string;
  /** When the hour began. */
  readonly hourMs: number;
  readonly requests: number;
  readonly cpuUs: number;
  /** Requests by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** An entry of a key-value store. */
export interface KvRecord {
  readonly key: string;
  readonly value: Uint8Array;
  readonly metadata: string | null;
  /** One more with every write of the key. */
  readonly generation: number;
  /** When it ends; `null`: never. */
  readonly expiresMs: number | null;
}

/** A {@link KvRecord} as it is looked up: its value only where it was wanted. */
export interface KvEntryRecord extends Omit<KvRecord, 'value'> {
  /** Bytes of the value. */
  readonly bytes: number;
  /** `null`: it has more bytes than were wanted, and was not read. */
  readonly value: Uint8Array | null;
}

/** A token that was issued. */
export interface TokenRecord {
  /** The token's `jti`. */
  readonly id: string;
  readonly subject: string;
  readonly tenant: string | null;
  readonly scopes: readonly string[];
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly revokedMs: number | null;
  /** The id of the token that it was asked for with; `null`: none. */
  readonly mintedBy: string | null;
}

/** An answer to a request with an idempotency key. */
export interface AnswerRecord {
  /** Of the request's method, path and content: the same key with another request is a mistake. */
  readonly fingerprint: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
