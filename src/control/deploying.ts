/** An upload on its way: read, checked against what its tenant may have, admitted, told of. */
import type { JWK } from 'jose';
import { verifyModuleSignature } from '../auth/module-signature.ts';
import { KerbError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import type { Rehearsal } from '../runtime/rehearsal.ts';
import type { Snapshot } from '../runtime/start-image.ts';
import type { Json, TenantRecord, VersionRecord } from '../store/records.ts';
import { admissionReport, type StartUpCost, type StartUpKind } from './admission-report.ts';
import { refuseOverCeilings } from './ceilings.ts';
import { refuseForeignHosts, type Domains } from './hosts.ts';
import { InTurn } from './in-turn.ts';
import { parseManifest, type Manifest } from './manifest.ts';
import type { Admitted, Pipeline } from './pipeline.ts';
import type { Upload } from './plane.ts';
import { readUpload, type UploadSource } from './upload-read.ts';

const PAGE_BYTES = 65_536;

/** An upload that may become a version. */
export interface Accepted {
  readonly source: UploadSource;
  readonly admitted: Admitted;
  readonly report: { readonly [key: string]: Json };
  /** Thumbprint of the key that signed it. */
  readonly signedBy: string | null;
}

/** What uploads are taken with. */
export interface DeployingOptions {
  readonly store: Domains;
  readonly pipeline: Pipeline;
  /** Bytes of a module with its custom sections. */
  readonly maxModuleBytes: number;
  /** Has an instance of a tenant's app started. */
  readonly rehearse: (tenant: TenantRecord, app: Admitted) => Promise<Rehearsal>;
}

/** Takes uploads up to where they could be stored. */
export class Deploying {
  readonly #options: DeployingOptions;
  readonly #reading = new InTurn();

  constructor(options: DeployingOptions) {
    this.#options = options;
  }

  /**
   * Accepts an upload for a tenant, or for nobody (`null`), whose rules are then not asked and of which no instance is started. Rejects
   * with every refusal of {@link ControlPlane.deploy} but `route_conflict` and `wider_capabilities`; nothing is stored. May take long:
   * the tenant can be another by the end, see {@link recheck}.
   */
  async accept(upload: Upload, tenant: TenantRecord | null): Promise<Accepted> {
    const source = await this.#read(upload, tenant);
    const signedBy = tenant === null ? null : await signerOf(upload, source.digest, tenant);
    if (tenant !== null) refuseUnsignedFilters(source.manifest, tenant);
    if (tenant !== null) this.#refuseForeign(source.manifest, tenant);
    const admitted = await this.#options.pipeline.admit(source);
    const startUp = tenant === null ? null : await this.#startUpOf(tenant, admitted);
    const { manifest, digest, notes } = source;
    const { compiled, compileMs } = admitted;
    const filters = admitted.filters.map((filter, place) => ({ ...filter, start: startUp?.filters[place] ?? null }));
    const facts = {
      manifest,
      compiled,
      filters,
      digest,
      code: compiled.code,
      compileMs,
      startUp: startUp?.own ?? null,
      notes,
    };
    const report = admissionReport(facts);
    return { source, admitted, report, signedBy };
  }

  /**
   * Rejects as {@link accept} does when the tenant as it is now would not be given what was accepted for it as it was before: its
   * ceilings, hosts or keys have changed meanwhile. With `conflict` when it is another tenant of that name.
   */
  async recheck({ source }: Accepted, upload: Upload, before: TenantRecord, now: TenantRecord): Promise<void> {
    if (before.createdMs !== now.createdMs)
      throw new KerbError('conflict', `${now.name} was deleted and made anew meanwhile; deploy it again`);
    refuseUnsignedFilters(source.manifest, now);
    this.#refuseForeign(source.manifest, now);
    await signerOf(upload, source.digest, now);
  }

  /**
   * Throws `refused_module` or `signature_required` when a stored version may not be put in force any more: its tenant's ceilings or
   * required keys have changed since. Hosts that its tenant has no more are no reason: they just lead nowhere.
   */
  refuseUnfit({ manifest, signedBy }: VersionRecord, { name, limits, requiredKeys }: TenantRecord): void {
    const written = parseManifest(manifest, 'kerb.toml');
    const { limits: asked, filters } = written;
    refuseUnsignedFilters(written, { name, requiredKeys });
    for (const one of [asked, ...filters.map((filter) => filter.limits)]) refuseOverCeilings(one, limits);
    if (requiredKeys.length > 0 && (signedBy === null || !requiredKeys.includes(signedBy)))
      throw new KerbError(
        'signature_required',
        `this version of ${name} is not signed by a required key; deploy it again`,
      );
  }

  /** One at a time, whoever's it is: an archive takes memory while it is read. */
  #read(upload: Upload, tenant: TenantRecord | null): Promise<UploadSource> {
    const { maxModuleBytes } = this.#options;
    const terms = { name: tenant?.name ?? null, maxModuleBytes, ceilings: tenant?.limits ?? {} };
    return this.#reading.run('upload', () => readUpload(upload, terms));
  }

  #refuseForeign({ hosts, limits, filters }: Manifest, { name, limits: ceilings }: TenantRecord): void {
    for (const asked of [limits, ...filters.map((filter) => filter.limits)]) refuseOverCeilings(asked, ceilings);
    refuseForeignHosts(hosts, name, this.#options.store);
  }

  /** What a first instance costs. Rejects with `refused_module` when none can start, and with `conflict` when none can be tried. */
  async #startUpOf(tenant: TenantRecord, admitted: Admitted): Promise<StartUpCosts> {
    const rehearsal = await this.#options.rehearse(tenant, admitted);
    const { cpuMs, memoryBytes } = rehearsal.cost;
    if (rehearsal.outcome === 'ok') {
      const { snapshot, filters = [] } = rehearsal;
      return { own: { cpuMs, memoryPages: memoryBytes / PAGE_BYTES, ...told(snapshot) }, filters: filters.map(told) };
    }
    const { outcome, detail } = rehearsal.failure;
    if (PASSING.has(outcome))
      throw new KerbError('conflict', `an instance cannot be tried now (${outcome}: ${detail}); deploy it again later`);
    const why = detail === '' ? outcome : `${outcome}: ${detail}`;
    const remedy =
      outcome === 'wall_limit'
        ? 'have it start sooner, or deploy it again when the machine is less busy'
        : 'every request would fail so';
    throw new KerbError('refused_module', `an instance of the module does not start (${why}); ${remedy}`);
  }
}

/** What starting an instance of each guest came to. */
interface StartUpCosts {
  readonly own: StartUpCost;
  readonly filters: readonly StartUpKind[];
}

function told(snapshot: Snapshot): StartUpKind {
  if (snapshot.kind === 'image') return { imageBytes: snapshot.image.bytes, perInstance: null };
  return { imageBytes: null, perInstance: snapshot.why };
}

/** Outcomes that say nothing about a module. */
const PASSING: ReadonlySet<Outcome> = new Set([
  'capacity',
  'cpu_quota',
  'concurrency_limit',
  'draining',
  'internal_error',
]);

/** A signature is of the app's module alone: where one is required, nobody brings others beside it. */
function refuseUnsignedFilters(
  { filters }: Manifest,
  { name, requiredKeys }: Pick<TenantRecord, 'name' | 'requiredKeys'>,
): void {
  if (requiredKeys.length === 0 || filters.length === 0) return;
  throw new KerbError(
    'signature_required',
    `modules of ${name} must be signed, and those of filters cannot be; deploy without [[filters]]`,
  );
}

/** Who signed an upload; `null`: nobody, and nobody had to. Rejects with `signature_required`. */
async function signerOf(
  { signature }: Upload,
  digest: string,
  { name, requiredKeys, signingKeys }: TenantRecord,
): Promise<string | null> {
  if (signature === null) {
    if (requiredKeys.length === 0) return null;
    throw new KerbError(
      'signature_required',
      `modules of ${name} must be signed by a known key; deploy with a signature`,
    );
  }
  const signer = await verifyModuleSignature(signature, digest, signingKeys as readonly JWK[]);
  if (requiredKeys.length === 0 || requiredKeys.includes(signer)) return signer;
  throw new KerbError(
    'signature_required',
    `modules of ${name} must be signed by another key; sign with a required one`,
  );
}
