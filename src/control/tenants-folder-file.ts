/** Files of a tenant folder: told apart by their stamps, read whole, and only from inside the folder. */
import { constants, type BigIntStats } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { KerbError, systemCode } from '../errors.ts';
import { printable } from '../quoted.ts';

/** What a file was at one moment. Two equal texts mean: the same file, not written in between. */
export interface Stamp {
  /** Identity, size and times of the file behind the path, or why it cannot be looked at (`ENOENT`). */
  readonly text: string;
  /** When content or attributes last changed, by the file system's clock, in ms since 1970; `null` when there is no file. */
  readonly changedMs: number | null;
}

/** Looks at the file or folder behind `path`, symbolic links followed. Never rejects. */
export async function stampOf(path: string): Promise<Stamp> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats = await stat(path, { bigint: true });
    // The change time cannot be set by copying tools, the modification time can.
    return { text: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`, changedMs: Number(ctimeNs / 1_000_000n) };
  } catch (error) {
    return { text: reasonOf(error), changedMs: null };
  }
}

/** Which folder is behind `path`: it stays the same while the folder's content changes. `null` when there is none. */
export async function folderIdentity(path: string): Promise<string | null> {
  try {
    const found = await stat(path, { bigint: true });
    return found.isDirectory() ? `${found.dev}:${found.ino}` : null;
  } catch {
    return null; // Gone, or not to be looked at: the manifest's own stamp tells the caller which.
  }
}

/** A file to read: `key` is the manifest's key that names it, for errors. */
export interface FileRequest {
  readonly folder: string;
  readonly name: string;
  readonly key: string;
  readonly maxBytes: number;
}

/**
 * The bytes of a regular file in `folder`, in a buffer of their own.
 *
 * Rejects with a KerbError: `not_found` when it is not there, cannot be read or is no regular file (a pipe is never
 * waited for); `bad_manifest` when a symbolic link leads out of the folder, or it is larger than `maxBytes`. A file that
 * is written meanwhile comes back torn: compare stamps.
 */
export async function readInside(request: FileRequest): Promise<Uint8Array<ArrayBuffer>> {
  const path = await pathInside(request);
  const file = await opened(request, path);
  try {
    return await content(request, file);
  } finally {
    await file.close();
  }
}

/**
 * The path of a folder in a tenant's folder, symbolic links followed. Rejects as {@link readInside} does; the request's size says nothing.
 */
export async function realFolderInside(request: FileRequest): Promise<string> {
  const path = await pathInside(request);
  const found = await stat(path);
  if (!found.isDirectory()) throw unreadable(request, 'not a folder');
  return path;
}

async function pathInside(request: FileRequest): Promise<string> {
  const { folder, name } = request;
  const [home, path] = await Promise.all([realpath(folder), realpath(join(folder, name))]).catch((error: unknown) => {
    throw unreadable(request, reasonOf(error));
  });
  if (path.startsWith(home.endsWith(sep) ? home : home + sep)) return path;
  throw refused(request, 'is a link that leads out of the folder; put the file itself into the folder');
}

/** The last component is no link any more: one that is swapped in after the check is not followed. */
async function opened(request: FileRequest, path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(request, reasonOf(error));
  }
}

async function content(request: FileRequest, file: FileHandle): Promise<Uint8Array<ArrayBuffer>> {
  const found = await file.stat();
  if (!found.isFile()) throw unreadable(request, 'not a file');
  if (found.size > request.maxBytes) {
    throw refused(request, `is ${found.size} bytes long, and ${request.maxBytes} are allowed; make it smaller`);
  }
  const bytes = new Uint8Array(found.size);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length === bytes.length ? bytes : bytes.slice(0, length);
}

function unreadable(request: FileRequest, reason: string): KerbError {
  const why = reason === 'ENOENT' ? 'is not there' : `cannot be read (${reason})`;
  return new KerbError('not_found', `${said(request)} ${why}; put the file there or correct ${request.key}`);
}

function refused(request: FileRequest, fault: string): KerbError {
  return new KerbError('bad_manifest', `${said(request)} ${fault}`);
}

function said({ folder, name, key }: FileRequest): string {
  return `${printable(join(folder, 'kerb.toml'))}: ${key}: ${printable(name)}`;
}

function reasonOf(error: unknown): string {
  return systemCode(error);
}
