/**
 * Bytes by their SHA-256, each in a file of its own, below folders of two hex digits:
 *
 * ```
 * blobs/3a/3a7bd3e2…   whole files, renamed into place when their bytes are on disk
 * blobs/drafts/…       files that are being written; what a crash leaves is removed at the next start
 * ```
 *
 * Only names that this file gives are ever touched, and no link is followed.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants, lstatSync, realpathSync, rmSync, type Stats } from 'node:fs';
import { lstat, mkdir, open, opendir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { KerbError, systemCode } from '../errors.ts';
import { acceptDigest } from './accepted.ts';
import { makeFolder, syncFolder } from './folders.ts';
import type { BlobStore } from './store.ts';

const DRAFTS = 'drafts';
const SHARD = /^[0-9a-f]{2}$/;
const DIGEST = /^[0-9a-f]{64}$/;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * The blobs in `folder`, which is made when it is not there. To be called by the owner of the data folder only, after
 * {@link ./sqlite-store.ts openStore}: it removes what others would be writing.
 */
export function openBlobs(folder: string): BlobStore {
  makeFolder(folder);
  const root = realpathSync(folder);
  rmSync(join(root, DRAFTS), { recursive: true, force: true });
  makeFolder(join(root, DRAFTS));
  // A process that died may have made a folder without waiting for its name.
  syncFolder(root);
  return new FileBlobStore(root);
}

class FileBlobStore implements BlobStore {
  readonly #root: string;
  /** Bytes on their way to the disk: nobody's to remove. */
  readonly #arriving = new Map<string, number>();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Writes bytes that are there already once more: that heals a damaged file, and keeps a forgotten one from being swept. The bytes
   * are the caller's, who leaves them as they are until it settles.
   */
  async put(bytes: Uint8Array): Promise<string> {
    const digest = digestOf(bytes);
    this.#arriving.set(digest, (this.#arriving.get(digest) ?? 0) + 1);
    try {
      await this.#write(digest, bytes);
      return digest;
    } finally {
      this.#arrived(digest);
    }
  }

  async get(digest: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const path = await this.#place(digest);
    const file = path === null ? null : await opened(path, digest);
    if (file === null) return null;
    try {
      const bytes = await content(file, digest);
      if (digestOf(bytes) !== digest) throw damaged(digest, 'its bytes have another digest');
      return bytes;
    } finally {
      await file.close();
    }
  }

  async has(digest: string): Promise<boolean> {
    const path = await this.#place(digest);
    return path !== null && ((await statOf(path))?.isFile() ?? false);
  }

  /** Age counts from when the bytes were put last, by the file system's clock. */
  async sweep(keep: ReadonlySet<string>, olderThanMs: number): Promise<number> {
    let removed = 0;
    for await (const shard of await opendir(this.#root)) {
      if (!shard.isDirectory() || !SHARD.test(shard.name)) continue;
      for await (const entry of await opendir(join(this.#root, shard.name))) {
        if (!entry.isFile() || !DIGEST.test(entry.name) || !entry.name.startsWith(shard.name)) continue;
        if (!keep.has(entry.name) && this.#remove(entry.name, olderThanMs)) removed += 1;
      }
    }
    return removed;
  }

  /** Looks and removes in one go: the same bytes cannot arrive in between. */
  #remove(digest: string, olderThanMs: number): boolean {
    if (this.#arriving.has(digest)) return false;
    const path = join(this.#root, digest.slice(0, 2), digest);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || Date.now() - found.mtimeMs < olderThanMs) return false;
    rmSync(path, { force: true });
    return true;
  }

  #arrived(digest: string): void {
    const others = (this.#arriving.get(digest) ?? 1) - 1;
    if (others === 0) this.#arriving.delete(digest);
    else this.#arriving.set(digest, others);
  }

  /** The whole file appears under its name, or nothing does. */
  async #write(digest: string, bytes: Uint8Array): Promise<void> {
    const draft = join(this.#root, DRAFTS, `${digest}.${randomBytes(8).toString('hex')}`);
    const shard = join(this.#root, digest.slice(0, 2));
    try {
      await writeDraft(draft, bytes);
      if (await makeShard(shard)) await sync(this.#root);
      await rename(draft, join(shard, digest));
      await sync(shard);
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** Where the bytes are if they are; `null` when not even the folder is there. */
  async #place(digest: string): Promise<string | null> {
    acceptDigest(digest);
    const shard = join(this.#root, digest.slice(0, 2));
    return (await isFolder(shard)) ? join(shard, digest) : null;
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function writeDraft(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, CREATE, 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Answers whether it had to be made. Rejects with `corrupt` when something else, such as a link, is in its place. */
async function makeShard(path: string): Promise<boolean> {
  if (await isFolder(path)) return false;
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    await isFolder(path);
  }
  return true;
}

/** Whether it is there. Rejects with `corrupt` when it is there and no folder. */
async function isFolder(path: string): Promise<boolean> {
  const found = await statOf(path);
  if (found === null) return false;
  if (found.isDirectory()) return true;
  throw new KerbError('corrupt', `${path} is no folder; restore the data folder from a backup, or remove it`);
}

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function opened(path: string, digest: string): Promise<FileHandle | null> {
  try {
    return await open(path, READ);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    if (codeOf(error) === 'ELOOP') throw damaged(digest, 'a link is in its place');
    throw error;
  }
}

async function content(file: FileHandle, digest: string): Promise<Uint8Array<ArrayBuffer>> {
  const found = await file.stat();
  if (!found.isFile()) throw damaged(digest, 'no file is in its place');
  const bytes = new Uint8Array(found.size);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) throw damaged(digest, 'its file ends early');
    length += bytesRead;
  }
  return bytes;
}

function damaged(digest: string, found: string): KerbError {
  const remedy = 'upload the same bytes again, or restore the data folder from a backup';
  return new KerbError('corrupt', `the stored bytes ${digest} are damaged: ${found}; ${remedy}`);
}

function codeOf(error: unknown): string {
  return systemCode(error);
}
