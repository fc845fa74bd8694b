/** From a readable app and its compiled module to a deployment, or to a refusal that says what to change. */
import { KerbError } from '../errors.ts';
import type { Deployment } from '../runtime/deployment.ts';
import type { Compiled } from './compiler.ts';
import type { TenantSource } from './tenants-folder.ts';

/** Characters of a digest that name a version. */
const VERSION_CHARS = 12;

/**
 * The deployment of an app. Throws `refused_module` when its manifest asks for what this build cannot grant: a grant that is
 * silently missing would fail in production, not at deploy.
 */
export function deploymentOf(
  { manifest, config, digest }: TenantSource,
  compiled: Compiled,
  place: { readonly id: number; readonly slot: number },
): Deployment {
  refuseUnserved(manifest);
  const { cpuMs, cpuWeight, cpuMsPerSecond, cpuBurstMs, wallMs, concurrency, requestBodyBytes, subrequests } =
    manifest.limits;
  return Object.freeze({
    ...place,
    tenant: manifest.name,
    version: digest.slice(0, VERSION_CHARS),
    hosts: manifest.hosts,
    path: manifest.path,
    abi: compiled.abi,
    isolation: manifest.isolation,
    module: compiled.module,
    shape: compiled.shape,
    budgets: {
      cpuMs,
      cpuWeight,
      cpuMsPerSecond,
      cpuBurstMs,
      wallMs,
      concurrency,
      requestBodyBytes,
      subrequests,
    },
    receipt: manifest.receipt,
    grants: { config, env: Object.fromEntries(manifest.env.map(({ name, value }) => [name, value])) },
    origin: manifest.origin,
    backends: manifest.backends,
  });
}

function refuseUnserved({ files, stores }: TenantSource['manifest']): void {
  const details: string[] = [];
  if (files.length > 0) details.push('[files]: folders for guests are not served by this build; remove the table');
  if (stores.kv.length > 0) details.push('stores.kv: key-value stores are not served by this build; remove the key');
  if (stores.config !== null) details.push('stores.config: config stores are not served by this build; remove the key');
  if (stores.secrets.length > 0) details.push('stores.secrets: secrets are not served by this build; remove the key');
  if (details.length > 0)
    throw new KerbError('refused_module', 'the manifest asks for grants that cannot be given', details);
}
