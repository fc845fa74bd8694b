/** Folders of an app as its guests will see them: checked, packed into memory that threads share, kept once per content. */
import { createHash } from 'node:crypto';
import { ERRNO } from '../abi/wasi/errno.ts';
import { ImageVolume } from '../abi/wasi/files/image.ts';
import { resolve } from '../abi/wasi/files/resolve.ts';
import type { GrantedEntry, GrantedFolder } from '../capability/files.ts';
import { KerbError } from '../errors.ts';
import { FOLDER_LIMITS } from './limits.ts';
import type { Manifest } from './manifest.ts';
import { quoted } from './manifest-quote.ts';

/** Something in a folder that is to be granted. Paths are relative to it, with `/`; a link's target is as it was found. */
export type FolderEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly bytes: Uint8Array }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** What is in the folders of `[files]`, by the folder's path as the manifest has it. */
export type FolderContent = ReadonlyMap<string, readonly FolderEntry[]>;

/** SHA-256 in hex over paths, kinds and contents, whatever their order. */
export function folderDigest(entries: readonly FolderEntry[]): string {
  const hash = createHash('sha256');
  for (const entry of inOrder(entries)) {
    const content = entry.kind === 'file' ? sha256(entry.bytes) : entry.kind === 'link' ? entry.target : '';
    hash.update(`${JSON.stringify([entry.kind, entry.path, content])}\n`);
  }
  return hash.digest('hex');
}

/** Bytes of all files. */
export function contentBytes(content: FolderContent): number {
  return [...content.values()].reduce((sum, entries) => sum + fileBytes(entries), 0);
}

function fileBytes(entries: readonly FolderEntry[]): number {
  return entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.bytes.length : 0), 0);
}

/** Makes what guests are granted. The same content is kept once, for as long as a deployment has it. */
export class GrantedFolders {
  readonly #known = new Map<string, WeakRef<GrantedFolder>>();

  /**
   * The folders that a manifest grants, in its order. Throws a KerbError: `bad_manifest` for a folder without content and for a link that
   * is absolute, leads out of its folder or in a circle; `too_large` beyond {@link FOLDER_LIMITS}.
   */
  of({ files }: Manifest, content: FolderContent, nowMs: number): GrantedFolder[] {
    return files.map(({ guest, folder }) => {
      const entries = content.get(folder);
      if (entries === undefined) throw refused(folder, 'is no folder of the app; add it or remove the entry');
      return this.#one(guest, folder, withParents(entries), nowMs);
    });
  }

  #one(guest: string, folder: string, entries: readonly FolderEntry[], madeMs: number): GrantedFolder {
    refuseLarge(folder, entries);
    const digest = folderDigest(entries);
    const key = `${digest} ${guest}`;
    const known = this.#known.get(key)?.deref();
    if (known !== undefined) return known;
    const made = packed({ guest, digest, madeMs }, entries);
    refuseLinks(folder, made);
    this.#keep(key, made);
    return made;
  }

  #keep(key: string, made: GrantedFolder): void {
    let total = made.bytes.byteLength;
    for (const [other, reference] of this.#known) {
      const folder = reference.deref();
      if (folder === undefined) this.#known.delete(other);
      else total += folder.bytes.byteLength;
    }
    if (total > FOLDER_LIMITS.processBytes) {
      const fault = `the folders of all apps together would pass ${FOLDER_LIMITS.processBytes} bytes; make [files] smaller`;
      throw new KerbError('too_large', fault);
    }
    this.#known.set(key, new WeakRef(made));
  }
}

/** By path: a folder comes before what is in it, for its path is where theirs begin. */
function inOrder<E extends { readonly path: string }>(entries: readonly E[]): E[] {
  return entries.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/** With the folders that entries are in: archives leave them out. */
function withParents(entries: readonly FolderEntry[]): FolderEntry[] {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path } of entries) {
    for (let cut = path.indexOf('/'); cut !== -1; cut = path.indexOf('/', cut + 1)) {
      const parent = path.slice(0, cut);
      if (!byPath.has(parent)) byPath.set(parent, { kind: 'folder', path: parent });
    }
  }
  return inOrder([...byPath.values()]);
}

function refuseLarge(folder: string, entries: readonly FolderEntry[]): void {
  const { entries: most, bytes: mostBytes, depth } = FOLDER_LIMITS;
  if (entries.length > most) throw tooLarge(folder, `has more than ${most} files and folders`);
  const bytes = fileBytes(entries);
  if (bytes > mostBytes) throw tooLarge(folder, `has ${bytes} bytes, and ${mostBytes} are taken`);
  const deep = entries.find(({ path }) => path.split('/').length > depth);
  if (deep !== undefined) throw tooLarge(folder, `has more than ${depth} folders inside each other`);
}

/** All contents in one piece of shared memory. */
function packed(
  about: Pick<GrantedFolder, 'guest' | 'digest' | 'madeMs'>,
  entries: readonly FolderEntry[],
): GrantedFolder {
  const bytes = new SharedArrayBuffer(fileBytes(entries));
  const all = new Uint8Array(bytes);
  let offset = 0;
  const places = entries.map((entry): GrantedEntry => {
    if (entry.kind !== 'file') return entry;
    const place = { kind: entry.kind, path: entry.path, offset, length: entry.bytes.length };
    all.set(entry.bytes, offset);
    offset += entry.bytes.length;
    return place;
  });
  return Object.freeze({ ...about, bytes, entries: Object.freeze(places) });
}

/** Follows every link as a guest would. One that leads nowhere is let be: it leads nowhere for guests too. */
function refuseLinks(folder: string, granted: GrantedFolder): void {
  const { root } = new ImageVolume(granted, 1);
  for (const entry of granted.entries) {
    if (entry.kind !== 'link') continue;
    const place = resolve(root, entry.path, 'follow');
    const link = `the link ${quoted(entry.path)} to ${quoted(entry.target)}`;
    if (place === ERRNO.perm) throw refused(folder, `has ${link}, which leads out of it; put the file itself there`);
    if (place === ERRNO.loop) throw refused(folder, `has ${link}, which leads in a circle; correct it`);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function refused(folder: string, fault: string): KerbError {
  return new KerbError('bad_manifest', `files: ${quoted(folder)} ${fault}`);
}

function tooLarge(folder: string, fault: string): KerbError {
  return new KerbError('too_large', `files: ${quoted(folder)} ${fault}; grant a smaller folder`);
}
