/** The single files that a manifest names beside its module: the configuration and the pages. */
import type { Manifest } from './manifest.ts';
import { TENANT_FILE_LIMITS } from './manifest-limits.ts';

/** A file that a manifest names. */
export interface NamedFile {
  /** The manifest's key that names it, for errors. */
  readonly key: string;
  /** Beside the manifest, without `..`. */
  readonly path: string;
  readonly maxBytes: number;
}

/** The bytes of an app's files, without its module. */
export interface AppFiles {
  /** What the guest reads as its configuration. */
  readonly config: Uint8Array<ArrayBuffer>;
  /** Pages for its failures, by path beside the manifest. */
  readonly pages: ReadonlyMap<string, Uint8Array>;
}

/** The files that a manifest names, each path once for the configuration and once for all rules that show it as a page. */
export function namedFiles({ config, onFailure }: Manifest): NamedFile[] {
  const { configBytes, pageBytes } = TENANT_FILE_LIMITS;
  const pages = new Map<string, NamedFile>();
  onFailure.forEach(({ page }, place) => {
    if (page === null || pages.has(page.path)) return;
    pages.set(page.path, { key: `on_failure[${place}].page`, path: page.path, maxBytes: pageBytes });
  });
  const own = config.kind === 'file' ? [{ key: 'config', path: config.path, maxBytes: configBytes }] : [];
  return [...own, ...pages.values()];
}

/** What an app is made from beside its module. @param read - Gives the bytes of a file of {@link namedFiles}. */
export async function appFiles(
  manifest: Manifest,
  read: (file: NamedFile) => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>,
): Promise<AppFiles> {
  let config = new TextEncoder().encode(manifest.config.kind === 'text' ? manifest.config.text : '');
  const pages = new Map<string, Uint8Array>();
  for (const file of namedFiles(manifest)) {
    const bytes = await read(file);
    if (file.key === 'config') config = bytes;
    else pages.set(file.path, bytes);
  }
  return { config, pages };
}
