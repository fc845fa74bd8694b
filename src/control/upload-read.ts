/** From the bytes of an upload to everything that a version is made from. The counterpart of a tenant folder that is read. */
import { KerbError } from '../errors.ts';
import type { LimitsRecord } from '../store/records.ts';
import { readArchive } from './archive-read.ts';
import { parseManifest, type Manifest } from './manifest.ts';
import {
  appFiles,
  entryIn,
  namedFiles,
  namedFolders,
  pathsBelow,
  type AppFiles,
  type FileReader,
} from './manifest-files.ts';
import { TENANT_FILE_LIMITS } from './manifest-limits.ts';
import { quoted } from './manifest-quote.ts';
import { manifestText } from './manifest-text.ts';
import type { Upload } from './plane.ts';
import { folderFiles, folderManifest } from './upload-folder.ts';
import { requireGzip, requireModule } from './upload-looks.ts';

/** Whose upload it is, and what it may be. */
export interface UploadTerms {
  /** The tenant, which its manifest must name; `null`: any, and `app` where Kerb writes the manifest itself. */
  readonly name: string | null;
  /** Bytes of the module with its custom sections; at most those of {@link TENANT_FILE_LIMITS}. */
  readonly maxModuleBytes: number;
  /** The tenant's ceilings, which a manifest that Kerb writes keeps to. A manifest of the tenant's own is not looked at. */
  readonly ceilings: LimitsRecord;
}

/** An upload that was read. Nothing of it was compiled, instantiated or stored. */
export interface UploadSource extends AppFiles {
  readonly manifest: Manifest;
  /** The text that `manifest` was read from: of the upload, or written by Kerb. */
  readonly manifestText: string;
  /** In a buffer of its own, so that it can be transferred to another thread. It begins like a core module; admission says more. */
  readonly module: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the module, in hex. */
  readonly digest: string;
  /** Files of the folders of `[files]`, and those that {@link namedFiles} gives, by path beside the manifest. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** What of the upload was left out, each line with its reason, safe to print. */
  readonly notes: readonly string[];
}

type Unread = Omit<UploadSource, 'digest' | keyof AppFiles>;

const MANIFEST_FILE = 'kerb.toml';
const NAMELESS = 'app';
const BARE_MAIN = 'handler.wasm';

/**
 * Reads an upload: a bare module, a folder with `kerb.toml` as tar.gz, or a Fastly package.
 *
 * Rejects with a KerbError that says what to do. `bad_manifest`: as {@link parseManifest}, another tenant's name, files that
 * are named but not there. `bad_module`: the module is something else, by its first bytes. `bad_request`: as {@link readArchive}, or a
 * manifest beside an archive. `too_large`: a module, a configuration or an archive over its limit.
 */
export async function readUpload(upload: Upload, terms: UploadTerms): Promise<UploadSource> {
  const source = upload.kind === 'module' ? bareModule(upload, terms) : await archived(upload, terms);
  const { manifest, module, files } = source;
  refuseOtherTenant(manifest, terms);
  refuseLargeModule(module, terms);
  requireModule(module, upload.kind === 'module' ? 'the upload' : `main ${quoted(manifest.main)}`);
  const named = await appFiles(manifest, readerOf(files));
  return Object.freeze({ ...source, ...named, digest: await digestOf(module) });
}

/** Everything that the manifest names is among the files. Archives hold no links. */
function readerOf(files: UploadSource['files']): FileReader {
  const bytesOf = (path: string): Uint8Array<ArrayBuffer> => files.get(path) ?? new Uint8Array(0);
  return {
    file: ({ path }) => bytesOf(path),
    folder: (folder) => pathsBelow(folder, files.keys()).map((path) => entryIn(folder, path, bytesOf(path))),
  };
}

function bareModule({ bytes, manifest: given }: Upload, { name, ceilings }: UploadTerms): Unread {
  const text = given ?? manifestText({ name: name ?? NAMELESS, main: BARE_MAIN, ceilings });
  const manifest = parseManifest(text, MANIFEST_FILE);
  refuseFilesBeside(manifest);
  const module = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
  return { manifest, manifestText: text, module, files: new Map(), notes: [] };
}

async function archived({ bytes, manifest: given }: Upload, { name, ceilings }: UploadTerms): Promise<Unread> {
  if (given !== null) {
    throw new KerbError(
      'bad_request',
      'an archive brings its own manifest; leave the other one out or send a bare module',
    );
  }
  requireGzip(bytes);
  const content = await readArchive(bytes);
  const folder = folderManifest(content, { tenant: name ?? NAMELESS, ceilings });
  const { module, files } = folderFiles(content, folder);
  return { manifest: folder.manifest, manifestText: folder.text, module, files, notes: folder.notes };
}

function refuseOtherTenant(manifest: Manifest, { name }: UploadTerms): void {
  if (name === null || manifest.name === name) return;
  throw new KerbError('bad_manifest', 'the manifest is for another tenant', [
    `name: ${quoted(manifest.name)} is not ${quoted(name)}; correct the name or deploy to the tenant that it names`,
  ]);
}

function refuseFilesBeside(manifest: Manifest): void {
  const folders = namedFolders(manifest).map((path) => ({ key: 'files', path }));
  const details = [...namedFiles(manifest), ...folders].map(
    ({ key, path }) =>
      `${key}: ${quoted(path)} cannot come with a bare module; send the folder as tar.gz, or leave it out`,
  );
  if (details.length > 0) throw new KerbError('bad_manifest', 'the manifest names files that are not there', details);
}

function refuseLargeModule(module: Uint8Array, { maxModuleBytes }: UploadTerms): void {
  const limit = Math.min(maxModuleBytes, TENANT_FILE_LIMITS.moduleBytes);
  if (module.length <= limit) return;
  const remedy = 'strip its custom sections (wasm-strip) or optimize it for size (wasm-opt -Oz)';
  throw new KerbError('too_large', `the module is ${module.length} bytes long, and ${limit} are taken; ${remedy}`);
}

/** Off the thread: hashing a large module takes tens of milliseconds. */
async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}
