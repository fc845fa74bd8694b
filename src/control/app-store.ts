/** Versions as they are stored, and the apps that they were made from. */
import { KerbError } from '../errors.ts';
import type { VersionRecord } from '../store/records.ts';
import type { BlobStore } from '../store/store.ts';
import type { FolderEntry } from './granted-folders.ts';
import { parseManifest } from './manifest.ts';
import { appFiles, entryIn, pathsBelow } from './manifest-files.ts';
import type { StoredApp } from './pipeline.ts';

/** What a stored app consists of. */
export interface StoredParts {
  readonly module: Uint8Array;
  /** Files that came with it, by their path beside the manifest. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Stores the bytes of an app. Settles with the digest of each file when all have reached the disk. */
export async function storeParts(
  blobs: BlobStore,
  { module, files }: StoredParts,
): Promise<{ readonly digest: string; readonly files: Record<string, string> }> {
  const stored: [string, string][] = [];
  for (const [path, bytes] of files) stored.push([path, await blobs.put(bytes)]);
  return { digest: await blobs.put(module), files: Object.fromEntries(stored) };
}

/**
 * The app of a version. Rejects with `corrupt`, naming version and file, when its bytes are lost or not what was stored; reading the module
 * does so later.
 */
export async function loadApp(
  blobs: BlobStore,
  { tenant, version, manifest: text, digest, files, createdMs: madeMs }: VersionRecord,
): Promise<StoredApp> {
  const name = `version ${version} of ${tenant}`;
  const manifest = parseManifest(text, `kerb.toml of ${name}`);
  const read = async (of: string, what: string): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = await blobs.get(of);
    if (bytes !== null) return bytes;
    throw new KerbError(
      'corrupt',
      `${name}: ${what} (sha256 ${of}) is not in the data folder any more; deploy it again`,
    );
  };
  const module = { digest, read: () => read(digest, 'its module') };
  const file = ({ path }: { readonly path: string }): Promise<Uint8Array<ArrayBuffer>> => {
    const of = Object.hasOwn(files, path) ? files[path] : undefined;
    if (of === undefined) throw new KerbError('corrupt', `${name}: it has no ${path}; deploy it again`);
    return read(of, path);
  };
  const folder = async (granted: string): Promise<FolderEntry[]> => {
    const entries: FolderEntry[] = [];
    for (const path of pathsBelow(granted, Object.keys(files)))
      entries.push(entryIn(granted, path, await file({ path })));
    return entries;
  };
  return { manifest, module, madeMs, ...(await appFiles(manifest, { file, folder })) };
}
