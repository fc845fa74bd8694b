/** The single files that a manifest names beside its module: configurations, pages, and the modules of filters. */
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

/** What an app is made from beside its module. @param read - Gives the bytes of a file of {@link namedFiles}. */
export async function appFiles(
  manifest: Manifest,
  read: (file: NamedFile) => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>,
): Promise<AppFiles> {
  let config = new TextEncoder().encode(manifest.config.kind === 'text' ? manifest.config.text : '');
  const pages = new Map<string, Uint8Array>();
  const filters = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const file of namedFiles(manifest)) {
    const bytes = await read(file);
    if (file.part === 'config') config = bytes;
    else if (file.part === 'page') pages.set(file.path, bytes);
    else filters.set(file.path, bytes);
  }
  return { config, pages, filters };
}
