/** A folder for files of a guest's own, which live as long as its request. */
import { ERRNO, type Errno } from '../errno.ts';
import { BlockContent, type FileContent, type Room } from './content.ts';
import { FolderNode, type Volume } from './node.ts';

const PAGE_BYTES = 65_536;

/** What a scratch folder needs of the host. */
export interface ScratchHost {
  /** Accounts for memory, in pages of 64 KiB; throws when the process has no room. */
  hold(pages: number): void;
  /** Nanoseconds since the epoch. */
  wallClockNs(): bigint;
}

/** A volume with a quota. What it keeps is accounted for in whole pages, before it is kept. */
export class ScratchVolume implements Volume, Room {
  readonly access = 'write';
  readonly device: number;
  readonly totalBytes: number;
  readonly root: FolderNode;
  readonly #host: ScratchHost;
  #usedBytes = 0;
  #inodes = 0;

  constructor(host: ScratchHost, device: number, totalBytes: number) {
    this.#host = host;
    this.device = device;
    this.totalBytes = totalBytes;
    this.root = new FolderNode(this);
  }

  nowNs(): bigint {
    return this.#host.wallClockNs();
  }

  nextInode(): number {
    return (this.#inodes += 1);
  }

  take(bytes: number): Errno {
    const used = this.#usedBytes + bytes;
    if (used > this.totalBytes) return ERRNO.nospc;
    const pages = pagesOf(used) - pagesOf(this.#usedBytes);
    if (pages > 0) this.#host.hold(pages);
    this.#usedBytes = used;
    return ERRNO.success;
  }

  give(bytes: number): void {
    const used = this.#usedBytes - bytes;
    const pages = pagesOf(this.#usedBytes) - pagesOf(used);
    this.#usedBytes = used;
    if (pages > 0) this.#host.hold(-pages);
  }

  newContent(): FileContent {
    return new BlockContent(this);
  }
}

function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}
