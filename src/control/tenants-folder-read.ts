/** One tenant folder, read: its manifest first, then the files that the manifest names. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { KerbError } from '../errors.ts';
import { parseManifest, type Manifest } from './manifest.ts';
import { appFiles, namedFiles, type AppFiles, type NamedFile } from './manifest-files.ts';
import { MANIFEST_LIMITS, TENANT_FILE_LIMITS } from './manifest-limits.ts';
import { printable } from '../quoted.ts';
import { readInside, stampOf, type Stamp } from './tenants-folder-file.ts';

/** Everything that a deployment is made from. */
export interface TenantSource {
  /** The tenant's folder: the root as it was given, joined with the folder's name. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** In a buffer of its own, so that it can be transferred to another thread. */
  readonly module: Uint8Array<ArrayBuffer>;
  /** What the guest reads as its configuration, as bytes. */
  readonly config: Uint8Array;
  /** Pages for its failures, by path beside the manifest. */
  readonly pages: ReadonlyMap<string, Uint8Array>;
  /** See {@link AppFiles.filters}. */
  readonly filters: AppFiles['filters'];
  /** SHA-256 in hex over manifest, modules, configurations and pages. Comments and spelling of the manifest do not count. */
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
  const parts = partsOf(folder, manifest);
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

function partsOf(folder: string, manifest: Manifest | KerbError | null): string[] {
  if (manifest === null || manifest instanceof KerbError) return [manifestPath(folder)];
  const names = new Set([manifest.main, ...namedFiles(manifest).map(({ path }) => path)]);
  return [manifestPath(folder), ...[...names].map((name) => join(folder, name))];
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
 * fault, or those of {@link readInside} for modules (at most 32 MiB), configurations (at most 1 MiB) and pages (at most 256 KiB each).
 */
export async function readTenant(inspection: Inspection, manifest: Manifest): Promise<TenantSource | null> {
  const { folder } = inspection;
  const fromMain = { folder, name: manifest.main, key: 'main', maxBytes: TENANT_FILE_LIMITS.moduleBytes };
  const module = await readInside(fromMain);
  const read = ({ key, path, maxBytes }: NamedFile): Promise<Uint8Array<ArrayBuffer>> =>
    readInside({ folder, name: path, key, maxBytes });
  const files = await appFiles(manifest, read);
  if ((await stampParts(inspection.parts)) !== inspection.stamp) return null;
  const digest = digestOf(manifest, [module, files.config, ...files.pages.values(), ...files.filters.values()]);
  return Object.freeze({ folder, manifest, module, ...files, digest });
}

/** Lengths come first, so that no byte can move from one part to the next without a change of the digest. */
function digestOf(manifest: Manifest, contents: readonly Uint8Array[]): string {
  const parts = [Buffer.from(JSON.stringify(manifest)), ...contents];
  const hash = createHash('sha256').update(`${parts.map(({ length }) => length).join(' ')}\n`);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
