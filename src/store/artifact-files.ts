/**
 * Files that can be made again: what a process has worked out about stored bytes, kept for the next one. Each says by a digest whether it
 * is whole, so that nothing has to reach the disk before work goes on; what is damaged is as good as missing.
 *
 * ```
 * artifacts/3a/3a7bd3e2….k3f…   the SHA-256 of what follows, and that
 * ```
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants, readFileSync, statSync } from 'node:fs';
import { mkdir, open, opendir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';
import { makeFolder } from './folders.ts';
import { READ_AT_ONCE_BYTES } from './limits.ts';

const NAME = /^[0-9a-f]{64}\.[0-9a-f]{1,64}$/;
const DIGEST_BYTES = 32;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const DRAFT = '.draft';

/** The files of one folder, which is made when it is not there. Names are a digest in hex, a dot, and up to 64 more digits of hex. */
export class ArtifactFiles {
  readonly #root: string;

  constructor(folder: string) {
    makeFolder(folder);
    this.#root = folder;
  }

  /** What was kept under a name; `null`: nothing whole. Rejects with what the system says but that it is not there. */
  async get(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    let file: Buffer<ArrayBuffer>;
    try {
      file = await read(this.#path(name));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
    if (file.length < DIGEST_BYTES) return null;
    const content = new Uint8Array(file.buffer, file.byteOffset + DIGEST_BYTES, file.length - DIGEST_BYTES);
    return file.subarray(0, DIGEST_BYTES).equals(digestOf(content)) ? content : null;
  }

  /** Keeps something under a name, in place of what was there. Rejects with what the system says. */
  async put(name: string, content: Uint8Array): Promise<void> {
    const path = this.#path(name);
    const draft = `${path}.${randomBytes(8).toString('hex')}${DRAFT}`;
    await mkdir(join(this.#root, name.slice(0, 2)), { recursive: true, mode: 0o700 });
    try {
      const file = await open(draft, CREATE, 0o600);
      try {
        await file.write(digestOf(content));
        await file.write(content);
      } finally {
        await file.close();
      }
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  /** Removes what is not to be kept, and what a crash left; answers how many files that were. */
  async sweep(isKept: (name: string) => boolean): Promise<number> {
    let removed = 0;
    for await (const shard of await opendir(this.#root)) {
      if (!shard.isDirectory()) continue;
      for await (const { name } of await opendir(join(this.#root, shard.name))) {
        if (NAME.test(name) && isKept(name)) continue;
        await rm(join(this.#root, shard.name, name), { force: true });
        removed += 1;
      }
    }
    return removed;
  }

  #path(name: string): string {
    if (!NAME.test(name)) throw new TypeError(`not the name of an artifact: ${JSON.stringify(name)}`);
    return join(this.#root, name.slice(0, 2), name);
  }
}

function read(path: string): Buffer<ArrayBuffer> | Promise<Buffer<ArrayBuffer>> {
  const isSmall = statSync(path).size <= READ_AT_ONCE_BYTES;
  return isSmall ? readFileSync(path, { flag: READ }) : readFile(path, { flag: READ });
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
