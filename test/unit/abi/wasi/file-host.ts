/** A {@link TinyHost} with folders: `/app`, which is only read, and `/tmp`, its scratch folder. */
import type { FolderEntry } from '../../../../src/control/granted-folders.ts';
import { GrantedFolders } from '../../../../src/control/granted-folders.ts';
import { parseManifest } from '../../../../src/control/manifest.ts';
import type { FileGrants } from '../../../../src/capability/files.ts';
import type { Scalar } from '../../../../src/abi/host-function.ts';
import { RIGHTS } from '../../../../src/abi/wasi/typenames.ts';
import { TinyHost } from './tiny-host.ts';

/** The descriptors of the two folders. */
export const APP = 3;
export const TMP = 4;

/** Where paths and results are put; {@link TinyHost.print} uses what is below. */
const PATH_AT = 2048;
const OTHER_PATH_AT = 8192;
export const RESULT_AT = 512;
export const BUFFER_AT = 16_384;

export const ALL_RIGHTS = BigInt(Object.values(RIGHTS).reduce((all, right) => all | right, 0));

/** When the app's files were made. */
export const MADE_MS = 1_600_000_000_000;

/** A grant of the folder `/app` with these entries, and of scratch space. */
export function filesOf(entries: readonly FolderEntry[], scratchBytes = 1024 * 1024): FileGrants {
  const manifest = parseManifest('name = "a"\nmain = "a.wasm"\n[files]\n"/app" = "x"', 'kerb.toml');
  return { folders: new GrantedFolders().of(manifest, new Map([['x', entries]]), MADE_MS), scratchBytes };
}

/** A file of a folder. */
export function file(path: string, text: string): FolderEntry {
  return { kind: 'file', path, bytes: Buffer.from(text) };
}

/** A guest with folders. */
export class FileHost extends TinyHost {
  constructor(
    entries: readonly FolderEntry[] = [file('a.txt', 'alpha'), file('sub/b.txt', 'beta')],
    scratchBytes?: number,
  ) {
    super({ files: filesOf(entries, scratchBytes) });
  }

  /** A path in memory: its place and length. */
  path(path: string | Uint8Array, at = PATH_AT): [number, number] {
    const bytes = Buffer.from(path);
    this.memory.write(at, bytes);
    return [at, bytes.length];
  }

  /** A second path. */
  other(path: string): [number, number] {
    return this.path(path, OTHER_PATH_AT);
  }

  /** Opens a path; answers the errno. The fd is at {@link RESULT_AT}. */
  open(
    fd: number,
    path: string,
    { lookup = 1, oflags = 0, rights = ALL_RIGHTS, inheriting = ALL_RIGHTS, fdflags = 0 } = {},
  ): Scalar | void {
    return this.call('path_open', fd, lookup, ...this.path(path), oflags, rights, inheriting, fdflags, RESULT_AT);
  }

  /** Opens what must be there; answers the fd. Files of `/app` are opened for reading. */
  opened(fd: number, path: string, options: Parameters<FileHost['open']>[2] = {}): number {
    const rights = fd === TMP ? ALL_RIGHTS : ALL_RIGHTS & ~BigInt(RIGHTS.fd_write);
    const errno = this.open(fd, path, { rights, ...options });
    if (errno !== 0) throw new Error(`${path} cannot be opened: errno ${String(errno)}`);
    return this.memory.readU32(RESULT_AT);
  }

  /** Reads on; answers the text, or the errno. */
  text(fd: number, length = 1000): string | number {
    this.putIovecs(0, [BUFFER_AT, length]);
    const errno = this.call('fd_read', fd, 0, 1, 16) as number;
    return errno === 0 ? this.bytes(BUFFER_AT, this.memory.readU32(16)).toString() : errno;
  }

  /** Makes a file in the scratch folder. */
  make(path: string, text: string): void {
    const fd = this.opened(TMP, path, { oflags: 1 });
    if (text !== '' && this.print(fd, text) !== 0) throw new Error(`${path} cannot be written`);
    this.call('fd_close', fd);
  }

  /** The names in a folder, from a position on, in buffers of so many bytes. */
  names(fd: number, bufferBytes = 4096): string[] {
    const names: string[] = [];
    for (let cookie = 0n; ;) {
      const errno = this.call('fd_readdir', fd, BUFFER_AT, bufferBytes, cookie, RESULT_AT);
      if (errno !== 0) throw new Error(`errno ${String(errno)}`);
      const used = this.memory.readU32(RESULT_AT);
      const page = this.bytes(BUFFER_AT, used);
      for (let at = 0; at + 24 <= used;) {
        const length = page.readUInt32LE(at + 16);
        if (at + 24 + length > used) break;
        names.push(page.toString('utf8', at + 24, at + 24 + length));
        cookie = page.readBigUInt64LE(at);
        at += 24 + length;
      }
      if (used < bufferBytes) return names;
    }
  }

  /** The attributes at a path: type, links, size and modification time. */
  stat(fd: number, path: string, lookup = 1): { type: number; links: bigint; size: bigint; mtim: bigint } | number {
    const errno = this.call('path_filestat_get', fd, lookup, ...this.path(path), RESULT_AT) as number;
    if (errno !== 0) return errno;
    const record = this.bytes(RESULT_AT, 64);
    return {
      type: record.readUInt8(16),
      links: record.readBigUInt64LE(24),
      size: record.readBigUInt64LE(32),
      mtim: record.readBigUInt64LE(48),
    };
  }
}
