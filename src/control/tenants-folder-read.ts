/** One tenant folder, read: its manifest first, then the files that the manifest names. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { KerbError } from '../errors.ts';
import { folderDigest } from './granted-folders.ts';
import { parseManifest, type Manifest } from './manifest.ts';
import { appFiles, namedFiles, namedFolders, type AppFiles } from './manifest-files.ts';
import { MANIFEST_LIMITS, TENANT_FILE_LIMITS } from './manifest-limits.ts';
import { printable } from '../quoted.ts';
import { readInside, stampOf, type Stamp } from './tenants-folder-file.ts';
import { readTree, treePaths } from './tenants-folder-tree.ts';

/** Everything that a deployment is made from. */
export interface TenantSource extends AppFiles {
  /** The tenant's folder: the root as it was given, joined with the folder's name. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** In a buffer of its own, so that it can be transferred to another thread. */
  readonly module: Uint8Array<ArrayBuffer>;
  /** SHA-256 in hex over manifest, modules, configurations, pages and folders. Comments and spelling of the manifest do not count. */
  readonly digest: string;
}

/** A tenant folder at one moment, before its large files are read. */
export interface Inspection {
  readonly folder: string;
  /** `null`: the folder has no manifest (any more). */
  readonly manifest: Manifest | KerbError | null;
  /** Paths of the files that the folder's state depends on; the manifest is the first. */
  readonly parts: readonly string[];
  /** The stamps of `parts` in one text. */
  readonly stamp: string;
  /** When the youngest part changed, in ms since 1970; `null` when a part is missing: it may be about to come. */
  readonly changedMs: number | null;
  /** The manifest was written while it was looked at: nothing here is to be relied on. */
  readonly torn: boolean;
}

const MANIFEST_NAME = 'kerb.toml';

/** The path of the manifest in a tenant folder. */
export function manifestPath(folder: string): string {
  return join(folder, MANIFEST_NAME);
}

/** Whether `folder` has a manifest, readable or not. Never rejects. */
export async function hasManifest(folder: string): Promise<boolean> {
  return !isAbsent(await stampOf(manifestPath(folder)));
}

/** The stamps of `parts` as {@link Inspection} has them. */
export async function stampParts(parts: readonly string[]): Promise<string> {
  return joined(await Promise.all(parts.map(stampOf)));
}

/** Reads the manifest of `folder` and looks at the files it names. Never rejects: a fault stands in for the manifest. */
export async function inspect(folder: string): Promise<Inspection> {
  const before = await stampOf(manifestPath(folder));
  const manifest = isAbsent(before) ? null : await readManifest(folder);
  const parts = await partsOf(folder, manifest);
  const stamps = await Promise.all(parts.map(stampOf));
  return {
    folder,
    manifest,
    parts,
    stamp: joined(stamps),
    changedMs: youngest(stamps),
    torn: stamps[0]?.text !== before.text,
  };
}

/** Whether the file is certainly not there, as opposed to not readable. */
function isAbsent({ text }: Stamp): boolean {
  return text === 'ENOENT' || text === 'ENOTDIR';
}

function youngest(stamps: readonly Stamp[]): number | null {
  const times = stamps.map(({ changedMs }) => changedMs ?? Infinity);
  return times.includes(Infinity) ? null : Math.max(...times);
}

function joined(stamps: readonly Stamp[]): string {
  return stamps.map(({ text }) => text).join(' ');
}

async function partsOf(folder: string, manifest: Manifest | KerbError | null): Promise<string[]> {
  if (manifest === null || manifest instanceof KerbError) return [manifestPath(folder)];
  const names = new Set([manifest.main, ...namedFiles(manifest).map(({ path }) => path)]);
  const trees = await Promise.all(namedFolders(manifest).map((granted) => treePaths(folder, granted)));
  return [manifestPath(folder), ...[...names].map((name) => join(folder, name)), ...trees.flat()];
}

async function readManifest(folder: string): Promise<Manifest | KerbError> {
  const file = manifestPath(folder);
  try {
    const request = { folder, name: MANIFEST_NAME, key: 'the manifest', maxBytes: MANIFEST_LIMITS.bytes };
    return parseManifest(decoded(await readInside(request), file), file);
  } catch (error) {
    if (error instanceof KerbError) return error;
    throw error;
  }
}

function decoded(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new KerbError('bad_manifest', `${printable(file)}: is not UTF-8; save it in that encoding`);
  }
}

/**
 * Reads the module of an inspected folder and all that goes with it.
 *
 * Answers `null` when a file changed since the inspection: inspect again. Rejects with a KerbError: the manifest's own
 * fault, or those of {@link readInside} for modules (at most 32 MiB), configurations (at most 1 MiB) and pages (at most 256 KiB each),
 * and those of {@link readTree}.
 */
export async function readTenant(inspection: Inspection, manifest: Manifest): Promise<TenantSource | null> {
  const { folder } = inspection;
  const fromMain = { folder, name: manifest.main, key: 'main', maxBytes: TENANT_FILE_LIMITS.moduleBytes };
  const module = await readInside(fromMain);
  const files = await appFiles(manifest, {
    file: ({ key, path, maxBytes }) => readInside({ folder, name: path, key, maxBytes }),
    folder: (granted) => readTree(folder, granted),
  });
  if ((await stampParts(inspection.parts)) !== inspection.stamp) return null;
  return Object.freeze({ folder, manifest, module, ...files, digest: digestOf(manifest, module, files) });
}

/** Lengths come first, so that no byte can move from one part to the next without a change of the digest. */
function digestOf(manifest: Manifest, module: Uint8Array, { config, pages, filters, folders }: AppFiles): string {
  const trees = [...folders.values()].map((entries) => Buffer.from(folderDigest(entries), 'hex'));
  const named = [module, config, ...pages.values(), ...filters.values()];
  const parts = [Buffer.from(JSON.stringify(manifest)), ...named, ...trees];
  const hash = createHash('sha256').update(`${parts.map(({ length }) => length).join(' ')}\n`);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
