/** The files that a manifest names beside its module: configurations, pages, modules of filters, and the folders for guests. */
import type { FolderContent, FolderEntry } from './granted-folders.ts';
import type { Manifest, ManifestFilter } from './manifest.ts';
import { TENANT_FILE_LIMITS } from './manifest-limits.ts';

/** A file that a manifest names. */
export interface NamedFile {
  /** The manifest's key that names it, for errors. */
  readonly key: string;
  /** Beside the manifest, without `..`. */
  readonly path: string;
  readonly maxBytes: number;
  /** What it is for. */
  readonly part: 'config' | 'page' | 'filter';
}

/** The bytes of an app's files, without its module. */
export interface AppFiles {
  /** What the guest reads as its configuration. */
  readonly config: Uint8Array<ArrayBuffer>;
  /** Pages for its failures, by path beside the manifest. */
  readonly pages: ReadonlyMap<string, Uint8Array>;
  /** Modules of its filters, and configurations that are files, by path beside the manifest. */
  readonly filters: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** What is in the folders that it grants. */
  readonly folders: FolderContent;
}

/** Where an app's files are read from. Each function rejects for what is not there. */
export interface FileReader {
  /** The bytes of a file of {@link namedFiles}. */
  readonly file: (file: NamedFile) => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  /** What is in a folder of `[files]`, by its path beside the manifest. */
  readonly folder: (path: string) => readonly FolderEntry[] | Promise<readonly FolderEntry[]>;
}

/** The files that a manifest names, each path once for the configuration, once for all pages, and once for the modules of filters or their configurations. */
export function namedFiles({ config, onFailure, filters }: Manifest): NamedFile[] {
  const { configBytes, pageBytes } = TENANT_FILE_LIMITS;
  const own: NamedFile[] =
    config.kind === 'file' ? [{ key: 'config', path: config.path, maxBytes: configBytes, part: 'config' }] : [];
  const pages = onFailure.flatMap(({ page }, place): NamedFile[] =>
    page === null ? [] : [{ key: `on_failure[${place}].page`, path: page.path, maxBytes: pageBytes, part: 'page' }],
  );
  return [...own, ...eachOnce(pages), ...eachOnce(filters.flatMap(filesOfFilter))];
}

function filesOfFilter({ main, config }: ManifestFilter, place: number): NamedFile[] {
  const { moduleBytes, configBytes } = TENANT_FILE_LIMITS;
  const module: NamedFile = { key: `filters[${place}].main`, path: main, maxBytes: moduleBytes, part: 'filter' };
  if (config.kind === 'text') return [module];
  return [module, { key: `filters[${place}].config`, path: config.path, maxBytes: configBytes, part: 'filter' }];
}

/** A path that is named with two limits is there for each: the smaller one holds. */
function eachOnce(files: readonly NamedFile[]): NamedFile[] {
  const known = new Set<string>();
  return files.filter(({ path, maxBytes }) => {
    const name = `${maxBytes} ${path}`;
    return !known.has(name) && known.add(name);
  });
}

/** The folders that a manifest names, by their paths beside it, each once. */
export function namedFolders({ files }: Manifest): string[] {
  return [...new Set(files.map(({ folder }) => folder))];
}

/** What an app is made from beside its module. Rejects as the reader does. */
export async function appFiles(manifest: Manifest, { file, folder }: FileReader): Promise<AppFiles> {
  let config = new TextEncoder().encode(manifest.config.kind === 'text' ? manifest.config.text : '');
  const pages = new Map<string, Uint8Array>();
  const filters = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const one of namedFiles(manifest)) {
    const bytes = await file(one);
    if (one.part === 'config') config = bytes;
    else if (one.part === 'page') pages.set(one.path, bytes);
    else filters.set(one.path, bytes);
  }
  const folders = new Map<string, readonly FolderEntry[]>();
  for (const path of namedFolders(manifest)) folders.set(path, await folder(path));
  return { config, pages, filters, folders };
}

/** Those of the files beside a manifest that are below one of its folders. */
export function pathsBelow(folder: string, paths: Iterable<string>): string[] {
  return [...paths].filter((path) => path.startsWith(`${folder}/`));
}

/** A file beside the manifest as what is in one of its folders. */
export function entryIn(folder: string, path: string, bytes: Uint8Array): FolderEntry {
  return { kind: 'file', path: path.slice(folder.length + 1), bytes };
}
