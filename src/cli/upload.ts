/** What `kerb deploy` uploads: a folder, a bare module or a package, read and named. */
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { KerbError, systemCode } from '../errors.ts';
import { UsageError, type CommandContext } from './command.ts';
import { readFileUpTo } from './input.ts';
import { manifestOfPackage, packApp } from './pack.ts';
import { tenantName } from './tenant-argument.ts';

/** Bytes of a module or package. The server takes less; so much is held in memory. */
const MAX_UPLOAD_BYTES = 256 * 1024 * 1024;

/** Ready to be sent. */
export interface AppUpload {
  readonly tenant: string;
  readonly contentType: 'application/wasm' | 'application/gzip';
  readonly bytes: Uint8Array;
  /** The prefix of the app's paths as far as it is known here. */
  readonly path: string;
  /** What is uploaded, for people. */
  readonly summary: string;
  /** The module alone, which a signature is over; `null`: inside of a package. */
  readonly module: Uint8Array<ArrayBuffer> | null;
}

/**
 * Reads what `path` names. `name` is the tenant; without it that of the manifest.
 *
 * Throws {@link UsageError} for a file that is neither `.wasm` nor `.tar.gz`, or when nothing names the tenant; `KerbError` for what cannot
 * be read.
 */
export async function readUpload(
  path: string,
  name: string | undefined,
  { cwd }: Pick<CommandContext, 'cwd'>,
): Promise<AppUpload> {
  const place = resolve(cwd, path);
  const stats = await stat(place).catch((error: unknown) => {
    const code = systemCode(error);
    throw new KerbError('not_found', `${path}: cannot be read (${code}); name a folder, a .wasm or a .tar.gz`);
  });
  if (stats.isDirectory()) return folderUpload(place, name);
  if (/\.wasm$/i.test(path)) return moduleUpload(place, name);
  if (/\.(?:tar\.gz|tgz)$/i.test(path)) return packageUpload(place, name);
  throw new UsageError(`${path}: is neither a folder nor a .wasm or .tar.gz; name one of these`);
}

async function folderUpload(place: string, name: string | undefined): Promise<AppUpload> {
  const { manifest, bytes, files, module } = await packApp(place);
  const summary = `${files.length} files of ${basename(place)}`;
  return {
    tenant: tenantName(name ?? manifest.name),
    contentType: 'application/gzip',
    bytes,
    path: manifest.path,
    summary,
    module,
  };
}

async function moduleUpload(place: string, name: string | undefined): Promise<AppUpload> {
  if (name === undefined) throw new UsageError('a bare module names no tenant; add --name TENANT');
  const bytes = await readFileUpTo(place, MAX_UPLOAD_BYTES);
  return {
    tenant: tenantName(name),
    contentType: 'application/wasm',
    bytes,
    path: '/',
    summary: basename(place),
    module: bytes,
  };
}

async function packageUpload(place: string, name: string | undefined): Promise<AppUpload> {
  const bytes = await readFileUpTo(place, MAX_UPLOAD_BYTES);
  const manifest = await manifestOfPackage(bytes, basename(place));
  const tenant = name ?? manifest?.name;
  if (tenant === undefined)
    throw new UsageError('this package has no kerb.toml that names the tenant; add --name TENANT');
  const path = manifest?.path ?? '/';
  return {
    tenant: tenantName(tenant),
    contentType: 'application/gzip',
    bytes,
    path,
    summary: basename(place),
    module: null,
  };
}
