/** What `kerb check` is pointed at, read: a folder with a manifest, or a bare module with the defaults. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { parseManifest } from '../control/manifest.ts';
import { TENANT_FILE_LIMITS } from '../control/manifest-limits.ts';
import { printable } from '../quoted.ts';
import { readInside } from '../control/tenants-folder-file.ts';
import { inspect, readTenant, type TenantSource } from '../control/tenants-folder-read.ts';
import { KerbError } from '../errors.ts';
import { UsageError } from './command.ts';
import { tenantName } from './init-template.ts';

/** Looks at a folder whose files keep changing, before it is given up. */
const ATTEMPTS = 5;

/**
 * Reads an app. Throws a UsageError for a path that is not there or has no manifest, and a KerbError for what is wrong with the app:
 * `bad_manifest` with every fault, and those of {@link readInside}.
 */
export async function readSource(path: string): Promise<TenantSource> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new UsageError(`${printable(path)}: is not there; name a folder or a .wasm file`);
  return found.isDirectory() ? readFolder(path) : readModule(path);
}

async function readFolder(folder: string): Promise<TenantSource> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const inspection = await inspect(folder);
    const { manifest } = inspection;
    if (manifest === null) {
      throw new UsageError(`${printable(folder)}: has no kerb.toml; kerb init makes one, or name a .wasm file`);
    }
    if (manifest instanceof KerbError) throw manifest;
    const source = await readTenant(inspection, manifest);
    if (source !== null) return source;
  }
  throw new KerbError('conflict', `${printable(folder)}: its files keep changing; try again when the build is over`);
}

/** A bare module, as if it stood beside a manifest with nothing but the two keys that have no default. */
async function readModule(path: string): Promise<TenantSource> {
  const file = basename(path);
  const name = tenantName(basename(file, extname(file)));
  const manifest = parseManifest(`name = "${name}"\nmain = "module.wasm"\n`, 'the defaults');
  const folder = dirname(path);
  const maxBytes = TENANT_FILE_LIMITS.moduleBytes;
  const module = await readInside({ folder, name: file, key: 'the module', maxBytes });
  const digest = createHash('sha256').update(module).digest('hex');
  const none = { config: new Uint8Array(), pages: new Map(), filters: new Map(), folders: new Map() };
  return { folder, manifest, module, ...none, digest };
}
