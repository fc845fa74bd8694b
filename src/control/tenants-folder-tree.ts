/** Folders of `[files]` on disk: walked without following a link, and read only from inside the tenant's folder. */
import { readdir, readlink } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { KerbError, systemCode } from '../errors.ts';
import { printable } from '../quoted.ts';
import type { FolderEntry } from './granted-folders.ts';
import { FOLDER_LIMITS } from './limits.ts';
import { readInside, realFolderInside, type FileRequest } from './tenants-folder-file.ts';

/** Something found on a walk: its path relative to where the walk began. */
interface Found {
  readonly path: string;
  readonly kind: 'folder' | 'file' | 'link' | 'other';
}

/**
 * The content of `name` in a tenant's folder. Rejects with a KerbError: `not_found` when it is not there or is no folder, `bad_manifest`
 * when a link leads out of the tenant's folder or there is something else than files, folders and links, `too_large` beyond
 * {@link FOLDER_LIMITS}.
 */
export async function readTree(folder: string, name: string): Promise<FolderEntry[]> {
  const entries: FolderEntry[] = [];
  let left: number = FOLDER_LIMITS.bytes;
  for (const { path, kind } of await walk(folder, name)) {
    const inside = `${name}/${path}`;
    if (kind === 'folder') entries.push({ kind, path });
    else if (kind === 'link') entries.push({ kind, path, target: await readlink(join(folder, inside)) });
    else if (kind === 'file') {
      const bytes = await readInside(requestOf(folder, inside, left));
      left -= bytes.length;
      entries.push({ kind, path, bytes });
    } else throw fault(folder, inside, 'is no file, folder or link; remove it');
  }
  return entries;
}

/** Paths of the folder `name` and of all files and folders in it, to be looked at for changes. Only its own when it cannot be walked. */
export async function treePaths(folder: string, name: string): Promise<string[]> {
  const found = await walk(folder, name).catch(() => []);
  const shown = found.filter(({ kind }) => kind === 'file' || kind === 'folder');
  return [join(folder, name), ...shown.map(({ path }) => join(folder, name, path))];
}

async function walk(folder: string, name: string): Promise<Found[]> {
  const root = await realFolderInside(requestOf(folder, name, 0));
  const found: Found[] = [];
  const waiting = [''];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const depth = at === '' ? 0 : at.split('/').length;
    if (depth >= FOLDER_LIMITS.depth) throw tooLarge(folder, name, `more than ${FOLDER_LIMITS.depth} folders deep`);
    for (const entry of await list(folder, name, join(root, at))) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      const kind = kindOf(entry);
      found.push({ path, kind });
      if (found.length > FOLDER_LIMITS.entries)
        throw tooLarge(folder, name, `more than ${FOLDER_LIMITS.entries} files and folders`);
      if (kind === 'folder') waiting.push(path);
    }
  }
  return found;
}

async function list(folder: string, name: string, place: string): Promise<Dirent[]> {
  try {
    return await readdir(place, { withFileTypes: true });
  } catch (error) {
    throw fault(folder, name, `cannot be read (${systemCode(error)}); correct the entry or the folder`);
  }
}

function kindOf(entry: Dirent): Found['kind'] {
  if (entry.isDirectory()) return 'folder';
  if (entry.isFile()) return 'file';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

function requestOf(folder: string, name: string, maxBytes: number): FileRequest {
  return { folder, name, key: 'files', maxBytes };
}

function said(folder: string, name: string): string {
  return `${printable(join(folder, 'kerb.toml'))}: files: ${printable(name)}`;
}

function fault(folder: string, name: string, what: string): KerbError {
  return new KerbError('bad_manifest', `${said(folder, name)} ${what}`);
}

function tooLarge(folder: string, name: string, what: string): KerbError {
  return new KerbError('too_large', `${said(folder, name)} is ${what}; grant a smaller folder`);
}
