/** An app's folder as a package: the same files give the same bytes, everywhere and always. */
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { packTar, unpackTar } from 'modern-tar';
import { ARCHIVE_LIMITS } from '../control/archive-limits.ts';
import { parseManifest, type Manifest } from '../control/manifest.ts';
import { namedFiles, namedFolders } from '../control/manifest-files.ts';
import { KerbError, systemCode } from '../errors.ts';
import { readFileUpTo } from './input.ts';

/** The manifest's name in a folder and in a package. */
export const MANIFEST_NAME = 'kerb.toml';
/** Time of all entries, so that it says nothing. */
const NO_TIME = new Date(0);
/** Where the header of gzip names the system it was made on (RFC 1952 §2.3.1), and the value for an unknown one. */
const GZIP_SYSTEM = { at: 9, unknown: 255 } as const;

/** What of {@link ARCHIVE_LIMITS} is kept to here: what the server would refuse is not read into memory first. */
type PackLimits = { readonly [name in 'entries' | 'bytes']: number };

/** A package and what it holds. */
export interface PackedApp {
  readonly manifest: Manifest;
  /** A tar archive, compressed with gzip. */
  readonly bytes: Uint8Array;
  /** Paths beside the manifest, sorted. */
  readonly files: readonly string[];
  /** The module as it is. */
  readonly module: Uint8Array<ArrayBuffer>;
}

/**
 * Packs what the manifest of `folder` names and nothing else: itself, the module, the configuration file, the pages, the granted folders. Entries have no
 * owner, time or permissions of this machine.
 *
 * Throws a `KerbError`: `not_found` for a folder or file that is not there or leads outside of the folder by a link, `bad_manifest` for a
 * manifest with faults, `too_large` beyond `limits`.
 */
export async function packApp(folder: string, limits: PackLimits = ARCHIVE_LIMITS): Promise<PackedApp> {
  const source = new SourceFolder(await rootOf(folder), limits);
  const text = Buffer.from(await source.read(MANIFEST_NAME)).toString('utf8');
  const manifest = parseManifest(text, join(folder, MANIFEST_NAME));
  const module = await source.read(manifest.main);
  for (const { path } of namedFiles(manifest)) await source.read(path);
  for (const granted of namedFolders(manifest)) await source.readAllBelow(granted);
  const files = source.files.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { manifest, module, files: files.map(([path]) => path), bytes: await packageOf(files) };
}

async function rootOf(folder: string): Promise<string> {
  return realpath(folder).catch((error: unknown) => cannotRead(folder, error));
}

type File = readonly [path: string, bytes: Uint8Array<ArrayBuffer>];

async function packageOf(files: readonly File[]): Promise<Uint8Array> {
  const entries = files.map(([name, body]) => ({
    header: {
      name,
      size: body.length,
      type: 'file' as const,
      mode: 0o644,
      uid: 0,
      gid: 0,
      uname: '',
      gname: '',
      mtime: NO_TIME,
    },
    body,
  }));
  const compressed = gzipSync(await packTar(entries), { level: 9 });
  compressed[GZIP_SYSTEM.at] = GZIP_SYSTEM.unknown;
  return compressed;
}

/** Reads files of one folder, each once, none from outside of it. */
class SourceFolder {
  readonly #root: string;
  readonly #limits: PackLimits;
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();
  #bytes = 0;

  constructor(root: string, limits: PackLimits) {
    this.#root = root;
    this.#limits = limits;
  }

  get files(): File[] {
    return [...this.#files];
  }

  /** `path` is relative to the folder, with `/`. A link is followed as long as it stays inside: a clone may hold one to your keys. */
  async read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const bytes = await readFileUpTo(await this.#inside(path), this.#limits.bytes - this.#bytes);
    this.#bytes += bytes.length;
    this.#files.set(path, bytes);
    if (this.#files.size > this.#limits.entries) {
      throw new KerbError(
        'too_large',
        `the folders of [files] hold more than ${this.#limits.entries} files; grant smaller ones`,
      );
    }
    return bytes;
  }

  async readAllBelow(folder: string): Promise<void> {
    const place = await this.#inside(folder);
    const entries = await readdir(place, { withFileTypes: true }).catch((error: unknown) => cannotRead(place, error));
    for (const { name } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === '.' ? name : `${folder}/${name}`;
      const stats = await lstat(join(place, name));
      if (stats.isDirectory()) await this.readAllBelow(path);
      else await this.read(path);
    }
  }

  async #inside(path: string): Promise<string> {
    const place = join(this.#root, ...path.split('/'));
    const real = await realpath(place).catch((error: unknown) => cannotRead(place, error));
    if (real === this.#root || real.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep)) return real;
    throw new KerbError('not_found', `${place}: leads out of the app's folder; copy the file into it`);
  }
}

function cannotRead(path: string, error: unknown): never {
  const code = systemCode(error);
  throw new KerbError('not_found', `${path}: cannot be read (${code}); check the path and the manifest`);
}

/**
 * The manifest of a package: `kerb.toml` at its top or in the one folder that holds everything; `null` when it has none, as packages of other
 * platforms. Throws a `KerbError`: `bad_request` for what is no package, `bad_manifest`.
 */
export async function manifestOfPackage(bytes: Uint8Array, name: string): Promise<Manifest | null> {
  try {
    const entries = await unpackTar(gunzipSync(bytes, { maxOutputLength: ARCHIVE_LIMITS.bytes }));
    const found = entries.find(({ header }) => /^(?:\.\/)?(?:[^/]+\/)?kerb\.toml$/.test(header.name));
    const text = found?.data === undefined ? null : Buffer.from(found.data).toString('utf8');
    return text === null ? null : parseManifest(text, `${name}:${MANIFEST_NAME}`);
  } catch (error) {
    if (error instanceof KerbError) throw error;
    throw new KerbError('bad_request', `${name}: is no tar.gz package (${String(error)}); pack it with tar czf`);
  }
}
