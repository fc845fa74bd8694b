/** What a deployment gets of its tenant's stores: the grants of its manifest, with the contents that are handed over whole. */
import { createHash } from 'node:crypto';
import type { StoreGrants } from '../capability/stores.ts';
import { KerbError } from '../errors.ts';
import type { TenantRecord } from '../store/records.ts';
import type { ContentStore, Store } from '../store/store.ts';
import { MAX_HANDED_BYTES } from './limits.ts';
import { parseManifest, type ManifestStores } from './manifest.ts';

/** The config store whose texts lie over those of the manifest: `kerb config put TENANT config KEY VALUE`. */
export const CONFIG_STORE = 'config';

/** The contents of a tenant, whose stores they are. */
export interface TenantContents {
  readonly content: Pick<ContentStore, 'config' | 'secret'>;
  readonly tenant: Pick<TenantRecord, 'name' | 'createdMs'>;
}

/**
 * The grants of a manifest. `contents` is `null` for an app of the tenants folder, which has the config of its manifest and no
 * secrets. Only secrets that the manifest names are unsealed, those of signing keys among them. Throws `corrupt` when one cannot be, and `too_large` when config and
 * secrets together have more than {@link MAX_HANDED_BYTES}: every data thread keeps them.
 */
export function grantsOf(
  { kv, cache, config, secrets, signingKeys }: ManifestStores,
  contents: TenantContents | null,
): StoreGrants {
  const grants = {
    kv,
    cache,
    config: config === null ? null : overlaid(config, contents),
    secrets: new Map(secrets.map((name) => [name, secretOf(name, contents)])),
    signingKeys: new Map(signingKeys.map((name) => [name, secretOf(name, contents)])),
    madeMs: contents?.tenant.createdMs ?? null,
  };
  const bytes = bytesOf(grants);
  if (bytes <= MAX_HANDED_BYTES) return grants;
  throw new KerbError(
    'too_large',
    `config and granted secrets have ${bytes} bytes, and an app gets at most ${MAX_HANDED_BYTES}; use a key-value store`,
  );
}

/**
 * Throws `too_large` when what a tenant has in force could not be served with its contents as they are now: it would be served no more
 * after the next start. Versions that are not in force are asked when they come.
 */
export function refuseOverHanded(store: Pick<Store, 'tenant' | 'version' | 'config' | 'secret'>, name: string): void {
  const tenant = store.tenant(name);
  if (tenant === null) return;
  for (const number of [tenant.active, tenant.canary?.version ?? null]) {
    const version = number === null ? null : store.version(name, number);
    if (version === null) continue;
    try {
      grantsOf(parseManifest(version.manifest, 'kerb.toml').stores, { content: store, tenant });
    } catch (error) {
      // Another secret that cannot be unsealed is no reason to refuse this one.
      if (!(error instanceof KerbError) || error.code !== 'corrupt') throw error;
    }
  }
}

/** What tells grants from others, without holding any of their values. */
export function digestOf({ kv, cache, config, secrets, signingKeys, madeMs }: StoreGrants): string {
  const values = [secrets, signingKeys].map((table) =>
    [...table].map(([name, value]) => [name, value === null ? null : Buffer.from(value).toString('hex')]),
  );
  const text = JSON.stringify([kv, cache, config === null ? null : [...config], values, madeMs]);
  return createHash('sha256').update(text).digest('hex');
}

function overlaid(
  config: readonly { readonly name: string; readonly value: string }[],
  contents: TenantContents | null,
): ReadonlyMap<string, string> {
  const own = config.map(({ name, value }) => [name, value] as const);
  if (contents === null) return new Map(own);
  return new Map([...own, ...contents.content.config(contents.tenant.name, CONFIG_STORE)]);
}

function secretOf(name: string, contents: TenantContents | null): Uint8Array | null {
  const value = contents?.content.secret(contents.tenant.name, name) ?? null;
  // A slab of the process's is not to go to every thread with it.
  return value === null ? null : Uint8Array.from(value);
}

function bytesOf({ config, secrets, signingKeys }: Pick<StoreGrants, 'config' | 'secrets' | 'signingKeys'>): number {
  let bytes = 0;
  for (const [key, text] of config ?? []) bytes += Buffer.byteLength(key) + Buffer.byteLength(text);
  for (const value of [...secrets.values(), ...signingKeys.values()]) bytes += value?.length ?? 0;
  return bytes;
}
