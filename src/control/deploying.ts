/** An upload on its way: read, checked against what its tenant may have, admitted, told of. */
import type { JWK } from 'jose';
import { verifyModuleSignature } from '../auth/module-signature.ts';
import { KerbError } from '../errors.ts';
import type { Json, TenantRecord } from '../store/records.ts';
import type { TenantStore } from '../store/store.ts';
import { admissionReport } from './admission-report.ts';
import { refuseOverCeilings } from './ceilings.ts';
import { refuseForeignHosts } from './hosts.ts';
import type { Admitted, Pipeline } from './pipeline.ts';
import type { Upload } from './plane.ts';
import { readUpload, type UploadSource } from './upload-read.ts';

/** An upload that may become a version. */
export interface Accepted {
  readonly source: UploadSource;
  readonly admitted: Admitted;
  readonly report: { readonly [key: string]: Json };
  /** Thumbprint of the key that signed it. */
  readonly signedBy: string | null;
}

/** Takes uploads up to where they could be stored. */
export class Deploying {
  readonly #store: Pick<TenantStore, 'domains'>;
  readonly #pipeline: Pipeline;
  readonly #maxModuleBytes: number;

  constructor(store: Pick<TenantStore, 'domains'>, pipeline: Pipeline, maxModuleBytes: number) {
    this.#store = store;
    this.#pipeline = pipeline;
    this.#maxModuleBytes = maxModuleBytes;
  }

  /**
   * Accepts an upload for a tenant, or for nobody (`null`), whose rules are then not asked. Rejects with every refusal of
   * {@link ControlPlane.deploy} but `route_conflict` and `wider_capabilities`; nothing is stored.
   */
  async accept(upload: Upload, tenant: TenantRecord | null): Promise<Accepted> {
    const source = await readUpload(upload, {
      name: tenant?.name ?? null,
      maxModuleBytes: this.#maxModuleBytes,
      ceilings: tenant?.limits ?? {},
    });
    const signedBy = tenant === null ? null : await signerOf(upload, source.digest, tenant);
    if (tenant !== null) this.#refuseForeign(source, tenant);
    const admitted = await this.#pipeline.admit(source);
    const report = admissionReport({
      manifest: source.manifest,
      compiled: admitted.compiled,
      digest: source.digest,
      code: null,
      compileMs: admitted.compileMs,
      startUp: null,
      notes: source.notes,
    });
    return { source, admitted, report, signedBy };
  }

  #refuseForeign({ manifest }: UploadSource, { name, limits }: TenantRecord): void {
    refuseOverCeilings(manifest.limits, limits);
    refuseForeignHosts(manifest.hosts, name, new Set(this.#store.domains(name).map(({ host }) => host)));
  }
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
