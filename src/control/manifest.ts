/** The manifest of an app, `kerb.toml`: what a tenant asks for, checked as a whole before anything acts on it. */
import { SCRATCH_PATH } from '../abi/wasi/files/mounts.ts';
import type { JwtIssuer } from '../runtime/deployment.ts';
import type { BackendSpec } from '../upstream/backends.ts';
import type { HealthCheckSpec } from '../upstream/health-check.ts';
import { BYTES_PER_MB } from './manifest-limits.ts';
import { failureFaults, failureRulesOf, type ManifestFailureRule } from './manifest-failure.ts';
import { faultAt, manifestError, schemaFaults } from './manifest-faults.ts';
import {
  manifestSchema,
  type ABI_CHOICES,
  type FAILURE_MODES,
  type ISOLATIONS,
  type WrittenManifest,
} from './manifest-schema.ts';
import { parseToml, type TomlDocument, type TomlFault } from './toml-document.ts';

/** The guest ABI that the manifest names; `auto` is told from the module. */
export type AbiChoice = (typeof ABI_CHOICES)[number];

/** Whether a request gets a fresh instance or a warm one. */
export type Isolation = (typeof ISOLATIONS)[number];

/** What the guest reads as its configuration: a text of the manifest (empty by default), or a file beside it. */
export type ManifestConfig =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'file'; readonly path: string };

/** Budgets of a tenant, each within the process-wide ceiling. */
export interface ManifestLimits {
  /** CPU time of one request, host time excluded. */
  readonly cpuMs: number;
  /** Of a thread, beside other tenants; 100 is standard. */
  readonly cpuWeight: number;
  /** CPU time a second, all requests together; `null`: no quota. */
  readonly cpuMsPerSecond: number | null;
  /** How far the tenant may be ahead of that quota. */
  readonly cpuBurstMs: number;
  readonly wallMs: number;
  /** Linear memory of one instance; a multiple of 2^20. */
  readonly memoryBytes: number;
  /** Requests in flight. */
  readonly concurrency: number;
  /** Requests to backends during one request. */
  readonly subrequests: number;
  /** Open WebSockets; 0 refuses every one. */
  readonly webSockets: number;
  readonly requestBodyBytes: number;
  /** Answers of backends that the cache keeps; 0: none. */
  readonly cacheBytes: number;
  /** Files that a request may make; 0: none. */
  readonly scratchBytes: number;
}

/** What becomes of a request whose guest fails by its own fault: it ends, or goes on without the guest. */
export type FailureMode = (typeof FAILURE_MODES)[number];

/** A guest in front of the app: its "next" is the filter behind it, and of the last one the app. */
export interface ManifestFilter {
  readonly name: string;
  /** As {@link Manifest.main}. */
  readonly main: string;
  readonly config: ManifestConfig;
  readonly abi: AbiChoice;
  readonly isolation: Isolation;
  readonly rootId: string;
  readonly failureMode: FailureMode;
  /** Its own CPU, time and memory; the rest is the app's. */
  readonly limits: ManifestLimits;
}

/** A place that the tenant may reach. `url` is absolute, http or https, with a base path that is at least `/`. */
export interface ManifestBackend extends BackendSpec {
  readonly name: string;
}

/** One environment variable of the guest. */
export interface ManifestVariable {
  readonly name: string;
  readonly value: string;
}

/** A folder that the guest may read: `guest` is absolute in the guest's view, `folder` relative to the manifest. */
export interface ManifestFolder {
  readonly guest: string;
  readonly folder: string;
}

/** Grants of stores, by name. What is not named is not importable. */
export interface ManifestStores {
  readonly kv: readonly string[];
  /** Whether there is an object cache. */
  readonly cache: boolean;
  /** `null`: no config store at all. */
  readonly config: readonly ManifestVariable[] | null;
  /** Names only: values are set through the control plane. */
  readonly secrets: readonly string[];
  /** Secrets that `jwt` signs with. */
  readonly signingKeys: readonly string[];
}

/**
 * A manifest without fault, frozen all the way down. Collections are lists, never objects by name: names are the
 * tenant's, and a list cannot confuse `constructor` with an entry, also after `structuredClone`.
 */
export interface Manifest {
  /** The tenant: 1 to 63 of `a-z`, `0-9` and `-`. */
  readonly name: string;
  /** The module's path, relative to the manifest, without `..`. Symbolic links are the reader's to check. */
  readonly main: string;
  /** At least one, distinct, in the spelling that requests are routed by; `*.` at the start stands for one label. */
  readonly hosts: readonly string[];
  /** A prefix of whole segments: `/api` matches `/api` and `/api/x`, not `/apix`. Ends in `/` only when it is `/`. */
  readonly path: string;
  /** Any ABI of the contract, also one that this build does not run: the deploy step refuses that. */
  readonly abi: AbiChoice;
  readonly isolation: Isolation;
  /** The name under which a Proxy-Wasm module has registered its filter; mostly empty. */
  readonly rootId: string;
  readonly failureMode: FailureMode;
  /** In the order in which requests go through them. */
  readonly filters: readonly ManifestFilter[];
  /** Whether responses tell what their requests cost, in a field `kerb-receipt`. */
  readonly receipt: boolean;
  /** Whether the guest may ask where an address is. */
  readonly geo: boolean;
  /** The name of one of `backends`, or `null`. */
  readonly origin: string | null;
  readonly config: ManifestConfig;
  readonly limits: ManifestLimits;
  readonly backends: readonly ManifestBackend[];
  /** Issuers whose tokens the guest may have verified, or signed. */
  readonly jwt: readonly JwtIssuer[];
  /** Words of a program's command line, behind its name; `null`: those of the query. */
  readonly args: readonly string[] | null;
  readonly env: readonly ManifestVariable[];
  readonly files: readonly ManifestFolder[];
  readonly stores: ManifestStores;
  /** What clients get when a guest fails, no two rules for one failure of one path. */
  readonly onFailure: readonly ManifestFailureRule[];
}

/**
 * Reads the text of a manifest. `file` is the name that errors carry.
 *
 * Throws a {@link ../errors.ts KerbError} `bad_manifest` whose details list every fault at once, each as
 * `file:line: key: what is wrong; what to do`: text that is not TOML (then the first fault only), unknown keys, missing
 * `name` or `main`, values of a wrong type or out of range, an `origin` that names no backend. Nothing else is thrown for
 * any text. Whether the module can have what is asked for is the deploy step's question.
 */
export function parseManifest(text: string, file: string): Manifest {
  const document = parseToml(text);
  if (document.root === null) throw manifestError(file, document.faults);
  const checked = manifestSchema.safeParse(document.root);
  const faults = [
    ...document.faults,
    ...originFaults(document),
    ...keySetFaults(document),
    ...clashingFolders(document),
    ...failureFaults(document),
    ...scratchFaults(document),
  ];
  if (!checked.success) faults.push(...schemaFaults(checked.error.issues, document));
  if (!checked.success || faults.length > 0) throw manifestError(file, faults);
  return deepFreeze(manifestOf(checked.data));
}

/** Checked on the text's own values, so that it is reported together with faults elsewhere. */
function originFaults(document: TomlDocument): TomlFault[] {
  const { origin, backends } = document.root ?? {};
  if (typeof origin !== 'string') return [];
  if (typeof backends === 'object' && Object.hasOwn(backends, origin)) return [];
  return [faultAt(document, ['origin'], 'names no backend; add [backends.<name>] with this name and a url')];
}

/** As {@link originFaults}, for the backends that key sets are fetched from. */
function keySetFaults(document: TomlDocument): TomlFault[] {
  const { jwt, backends } = document.root ?? {};
  if (typeof jwt !== 'object') return [];
  const names = new Set(typeof backends === 'object' ? Object.keys(backends) : []);
  return Object.entries(jwt).flatMap(([name, issuer]) => {
    const backend = placeOf(issuer)?.['backend'];
    if (typeof backend !== 'string' || names.has(backend)) return [];
    return [
      faultAt(document, ['jwt', name, 'jwks'], 'names no backend; add [backends.<name>] with this name and a url'),
    ];
  });
}

function placeOf(issuer: unknown): Readonly<Record<string, unknown>> | null {
  const jwks: unknown = isTable(issuer) ? issuer['jwks'] : null;
  return isTable(jwks) ? jwks : null;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `/a` and `/a/` are one guest folder: which host folder it shows would depend on the order of keys. */
function clashingFolders(document: TomlDocument): TomlFault[] {
  const files = document.root?.['files'];
  if (typeof files !== 'object') return [];
  const twins = Object.keys(files).filter(
    (path) => path.length > 1 && path.endsWith('/') && path.slice(0, -1) in files,
  );
  return twins.map((path) =>
    faultAt(document, ['files', path], 'is granted for a path that is listed without the last "/" too; remove one'),
  );
}

/** A granted folder where the scratch folder is: one of the two could not be reached. */
function scratchFaults(document: TomlDocument): TomlFault[] {
  const { files, limits } = document.root ?? {};
  if (!isTable(files) || !isTable(limits) || !(Number(limits['scratch_mb'] ?? 0) > 0)) return [];
  return [SCRATCH_PATH, `${SCRATCH_PATH}/`]
    .filter((path) => Object.hasOwn(files, path))
    .map((path) => faultAt(document, ['files', path], 'is where scratch_mb has its folder; choose another path'));
}

function manifestOf(written: WrittenManifest): Manifest {
  const { name, main, path, abi, isolation, config, stores } = written;
  const hosts = written.hosts ?? [`${name}.localhost`];
  const jwt = Object.entries(written.jwt).map(([issuer, entry]) => issuerOf(issuer, entry));
  return {
    name,
    main,
    hosts,
    path,
    abi,
    isolation,
    rootId: written.root_id,
    failureMode: written.failure_mode,
    filters: written.filters.map((filter) => filterOf(filter, written)),
    receipt: written.receipt,
    geo: written.geo,
    origin: written.origin ?? null,
    config: configOf(config),
    limits: limitsOf(written.limits),
    backends: Object.entries(written.backends).map(([backend, entry]) => ({ name: backend, ...backendOf(entry) })),
    jwt,
    args: written.args ?? null,
    env: variablesOf(written.env),
    files: Object.entries(written.files).map(([guest, folder]) => ({ guest, folder })),
    stores: {
      ...stores,
      config: stores.config === undefined ? null : variablesOf(stores.config),
      signingKeys: [...new Set(jwt.flatMap(({ sign }) => (sign === null ? [] : [sign.secret])))],
    },
    onFailure: failureRulesOf(written.on_failure, path),
  };
}

function configOf(config: WrittenManifest['config']): ManifestConfig {
  return typeof config === 'string' ? { kind: 'text', text: config } : { kind: 'file', path: config.file };
}

function filterOf(written: WrittenManifest['filters'][number], { isolation, limits }: WrittenManifest): ManifestFilter {
  const { name, main, abi } = written;
  return {
    name,
    main,
    config: configOf(written.config),
    abi,
    isolation: written.isolation ?? isolation,
    rootId: written.root_id,
    failureMode: written.failure_mode,
    limits: limitsOf({ ...limits, ...written.limits }),
  };
}

type WrittenBackend = WrittenManifest['backends'][string];

/** What is not said is not there: the transport knows what it does then. */
function backendOf({ url, health, ...caps }: WrittenBackend): BackendSpec {
  return {
    url,
    ...(caps.connect_ms === undefined ? {} : { connectMs: caps.connect_ms }),
    ...(caps.first_byte_ms === undefined ? {} : { firstByteMs: caps.first_byte_ms }),
    ...(caps.between_bytes_ms === undefined ? {} : { betweenBytesMs: caps.between_bytes_ms }),
    ...(caps.connections === undefined ? {} : { connections: caps.connections }),
    ...(health === undefined ? {} : { health: healthOf(health) }),
  };
}

function healthOf(written: NonNullable<WrittenBackend['health']>): HealthCheckSpec {
  const { path, interval_s: interval, timeout_ms: timeoutMs, healthy, unhealthy, status } = written;
  return { path, intervalMs: interval * 1000, timeoutMs, unhealthy, healthy, status };
}

function issuerOf(name: string, { issuer, audience, jwks, sign }: WrittenManifest['jwt'][string]): JwtIssuer {
  const signing = sign === undefined ? null : { secret: sign.secret, alg: sign.alg, ttlSeconds: sign.ttl_s };
  return { name, issuer, audience, keys: keysOf(jwks), sign: signing };
}

function keysOf(jwks: WrittenManifest['jwt'][string]['jwks']): JwtIssuer['keys'] {
  if (jwks === undefined) return { kind: 'signing' };
  return typeof jwks === 'string' ? { kind: 'text', text: jwks } : { kind: 'backend', ...jwks };
}

function limitsOf(written: WrittenManifest['limits']): ManifestLimits {
  return {
    cpuMs: written.cpu_ms,
    cpuWeight: written.cpu_weight,
    cpuMsPerSecond: written.cpu_ms_per_second === 0 ? null : written.cpu_ms_per_second,
    cpuBurstMs: written.cpu_burst_ms,
    wallMs: written.wall_ms,
    memoryBytes: written.memory_mb * BYTES_PER_MB,
    concurrency: written.concurrency,
    subrequests: written.subrequests,
    webSockets: written.websockets,
    requestBodyBytes: written.request_body_mb * BYTES_PER_MB,
    cacheBytes: written.cache_mb * BYTES_PER_MB,
    scratchBytes: written.scratch_mb * BYTES_PER_MB,
  };
}

function variablesOf(table: Readonly<Record<string, string>>): ManifestVariable[] {
  return Object.entries(table).map(([name, value]) => ({ name, value }));
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
