/** An unpacked archive as the folder of an app: where its manifest is, and the files that the manifest names. */
import { KerbError } from '../errors.ts';
import type { LimitsRecord } from '../store/records.ts';
import type { ArchiveContent } from './archive-read.ts';
import { parseManifest, type Manifest } from './manifest.ts';
import { namedFiles, namedFolders, type NamedFile } from './manifest-files.ts';
import { quoted } from './manifest-quote.ts';
import { clipped } from '../quoted.ts';
import { fastlyManifest } from './upload-fastly.ts';

/** What the manifest of an archive says. */
export interface FolderManifest {
  /** Before every path of the folder: empty, or a folder's name and `/`. */
  readonly base: string;
  /** The manifest's path in the archive, as the archive has it: quote it. */
  readonly file: string;
  readonly manifest: Manifest;
  readonly text: string;
  readonly notes: readonly string[];
}

/** The files of a folder that its manifest names. */
export interface FolderFiles {
  readonly module: Uint8Array<ArrayBuffer>;
  /** Files of `[files]`, and those that {@link namedFiles} gives, by path beside the manifest. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

const KERB_NAME = 'kerb.toml';
const FASTLY_NAME = 'fastly.toml';
const LISTED = 5;
const FAULT_CHARS = 199;

/**
 * The manifest of an archive: `kerb.toml` at its root or in one of its top folders, else `fastly.toml` there. A package with both
 * is read by `kerb.toml`, wherever it is: that one was written for Kerb.
 *
 * Throws `bad_manifest`: neither is there, or one is in several folders, or is not UTF-8; and as {@link parseManifest} and {@link fastlyManifest}.
 */
export function folderManifest(
  { files }: ArchiveContent,
  { tenant, ceilings }: { readonly tenant: string; readonly ceilings: LimitsRecord },
): FolderManifest {
  const path = manifestPath(files);
  const base = path.slice(0, path.lastIndexOf('/') + 1);
  const text = decoded(files.get(path) ?? new Uint8Array(0), path);
  if (path === `${base}${KERB_NAME}`) return { base, file: path, text, manifest: parseManifest(text, path), notes: [] };
  const made = fastlyManifest(text, { file: path, tenant, ceilings });
  return {
    base,
    file: path,
    text: made.text,
    manifest: parseManifest(made.text, `${path} (as kerb.toml)`),
    notes: made.notes,
  };
}

function manifestPath(files: ArchiveContent['files']): string {
  for (const name of [KERB_NAME, FASTLY_NAME]) {
    if (files.has(name)) return name;
    const found = [...files.keys()].filter((path) => path.endsWith(`/${name}`) && path.split('/').length === 2);
    if (found.length === 1) return found[0] ?? name;
    if (found.length > 1) {
      throw new KerbError(
        'bad_manifest',
        `the archive has ${found.length} apps; pack one folder`,
        found.slice(0, LISTED).map(quoted),
      );
    }
  }
  const fault = `the archive has no ${KERB_NAME} and no ${FASTLY_NAME} at its root or in a top folder; add one`;
  throw new KerbError('bad_manifest', fault, [`it has ${listed([...files.keys()])}`]);
}

/**
 * The files that the manifest of an archive names. Throws `bad_manifest` with every file or folder that is not there, and
 * `too_large` for a configuration of more than 1 MiB or a page of more than 256 KiB.
 */
export function folderFiles(content: ArchiveContent, { base, file, manifest }: FolderManifest): FolderFiles {
  const named = namedFiles(manifest);
  const module = content.files.get(base + manifest.main);
  const faults = [{ key: 'main', path: manifest.main }, ...named]
    .filter(({ path }) => !content.files.has(base + path))
    .map(({ key, path }) => missing(`${key}: ${quoted(path)}`, content, base));
  faults.push(...missingFolders(content, base, manifest));
  if (module === undefined || faults.length > 0) {
    throw new KerbError('bad_manifest', `${quoted(file)} names what is not in the archive`, faults);
  }
  const files = granted(content, base, manifest);
  for (const one of named) {
    const bytes = content.files.get(base + one.path) ?? new Uint8Array(0);
    refuseLarge(one, bytes.length);
    files.set(one.path, bytes);
  }
  return { module, files };
}

function refuseLarge({ key, maxBytes }: NamedFile, bytes: number): void {
  if (bytes <= maxBytes) return;
  throw new KerbError('too_large', `${key} is ${bytes} bytes long, and ${maxBytes} are taken; make it smaller`);
}

function missingFolders({ files, folders }: ArchiveContent, base: string, manifest: Manifest): string[] {
  return namedFolders(manifest).flatMap((folder) => {
    const path = base + folder;
    if (folders.has(path) || files.keys().some((file) => file.startsWith(`${path}/`))) return [];
    return [`files: ${quoted(folder)} is no folder of the archive; pack it too or remove the entry`];
  });
}

function granted({ files }: ArchiveContent, base: string, manifest: Manifest): Map<string, Uint8Array<ArrayBuffer>> {
  const prefixes = namedFolders(manifest).map((folder) => `${base}${folder}/`);
  const kept = [...files].filter(([path]) => prefixes.some((prefix) => path.startsWith(prefix)));
  return new Map(kept.map(([path, bytes]) => [path.slice(base.length), bytes]));
}

function missing(key: string, { files }: ArchiveContent, base: string): string {
  const beside = [...files.keys()].filter((path) => path.startsWith(base)).map((path) => path.slice(base.length));
  const modules = beside.filter((path) => path.endsWith('.wasm'));
  const fault = `${key} is not in the archive; pack it too or correct the key: it has ${listed(modules.length > 0 ? modules : beside)}`;
  return clipped(fault, FAULT_CHARS);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).map(quoted).join(', ');
  const rest = names.length - LISTED;
  return clipped(names.length === 0 ? 'no file' : rest > 0 ? `${shown} and ${rest} more` : shown, FAULT_CHARS - 10);
}

function decoded(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new KerbError('bad_manifest', `${quoted(path)} is not UTF-8; save it in that encoding`);
  }
}
