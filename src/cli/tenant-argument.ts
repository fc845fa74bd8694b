/** Which tenant a command is about: named on the command line, or by the manifest in the working directory. */
import { TENANT_NAME } from '../names.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from '../control/manifest.ts';
import { UsageError, type CommandContext, type PositionalSpec } from './command.ts';

/** The tenant as an argument. */
export const TENANT: PositionalSpec = { name: 'TENANT', help: 'name of the tenant' };

/** The tenant as a last argument that may be left out. */
export const OPTIONAL_TENANT: PositionalSpec = {
  ...TENANT,
  optional: true,
  help: 'name of the tenant; without it, that of ./kerb.toml',
};

/** `text` as the name of a tenant. Throws {@link UsageError} for what cannot be one. */
export function tenantName(text: string | undefined): string {
  if (text !== undefined && TENANT_NAME.test(text)) return text;
  throw new UsageError(`${JSON.stringify(text ?? '')} is no tenant; names have 1 to 63 of a-z, 0-9 and "-"`);
}

/**
 * `text`, or the name in `kerb.toml` of the working directory. Throws {@link UsageError} when there is neither, `KerbError` `bad_manifest` for a
 * manifest that has faults.
 */
export function tenantHere(text: string | undefined, { cwd }: Pick<CommandContext, 'cwd'>): string {
  if (text !== undefined) return tenantName(text);
  const manifest = textIfAny(join(cwd, 'kerb.toml'));
  if (manifest === null) throw new UsageError('TENANT is missing, and there is no kerb.toml here; name the tenant');
  return parseManifest(manifest, 'kerb.toml').name;
}

function textIfAny(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The path of a tenant in the control API, or of something below it. */
export function tenantPath(tenant: string, ...below: readonly string[]): string[] {
  return ['v1', 'tenants', tenant, ...below];
}
