/** What an fd names: the operations on it, and what kinds that lack one answer. */
import { ERRNO, type Errno } from './errno.ts';
import type { FolderNode, Stat, Times } from './files/node.ts';
import type { EVENT_TYPE, EventType, Filetype, Whence } from './typenames.ts';

/** How ready a descriptor is for reading or writing. */
export interface Readiness {
  /** Bytes that the next call can move. */
  readonly bytes: number;
  /** `eventrwflags`. */
  readonly flags: number;
}

/** What a poll may ask of a descriptor. */
export type Direction = Exclude<EventType, typeof EVENT_TYPE.clock>;

/**
 * What a number in the table stands for. Here is what a stream without any of it answers; kinds that can do more say so. Whether the
 * right to an operation is still there has been checked before. Offsets are whole numbers from 0 to 2^64, as the guest sent them.
 */
export abstract class Descriptor {
  abstract readonly filetype: Filetype;
  /** The {@link RIGHTS} that this kind can have: to what is not among them it answers in its own words. */
  readonly kindRights: number;
  /** The {@link FDFLAGS} that may be set on this kind. */
  abstract readonly kindFlags: number;
  /** Whether it is in a folder that guests can change: another instance may find something else there. */
  readonly isChangeable: boolean = false;
  /** The path that the guest knows it by from the start; `null`: it was not open from the start. */
  readonly preopenPath: string | null = null;
  /** Bytes that one write takes at most: more are a partial write. */
  abstract readonly writeBytes: number;
  /** The rights left; a guest can only take away from them. */
  rights: number;
  /** The rights that descriptors opened through it can get. */
  inheriting = 0;
  /** The {@link FDFLAGS} set. */
  flags = 0;

  constructor(kindRights: number) {
    this.kindRights = kindRights;
    this.rights = kindRights;
  }

  /** Why it has no position; `success`: it has one. */
  get positionFault(): Errno {
    return ERRNO.spipe;
  }

  /** The folder that it is; `null`: it is none. */
  get folder(): FolderNode | null {
    return null;
  }

  /** Its attributes. */
  stat(): Stat {
    const { filetype } = this;
    return { device: 0, inode: 0, filetype, links: 0, size: 0, atimNs: 0n, mtimNs: 0n, ctimNs: 0n };
  }

  /** The next bytes, at most `limit`; none at the end. */
  read(_limit: number): Uint8Array | Errno | Promise<Uint8Array | Errno> {
    return ERRNO.badf;
  }

  /** Takes all of at most {@link writeBytes} bytes: `success`. */
  write(_bytes: Uint8Array): Errno | Promise<Errno> {
    return ERRNO.badf;
  }

  /** As {@link read}, from `offset` on. */
  readAt(_offset: bigint, _limit: number): Uint8Array | Errno {
    return ERRNO.spipe;
  }

  /** As {@link write}, from `offset` on. */
  writeAt(_offset: bigint, _bytes: Uint8Array): Errno {
    return ERRNO.spipe;
  }

  /** Moves the position by `distance` bytes; answers the new one. */
  seek(_distance: bigint, _whence: Whence): bigint | Errno {
    return ERRNO.spipe;
  }

  /** Says how the bytes from `offset` on will be used. */
  advise(_offset: bigint, _length: bigint): Errno {
    return ERRNO.spipe;
  }

  /** Makes sure that there is room for `length` bytes from `offset` on. */
  allocate(_offset: bigint, _length: bigint): Errno {
    return ERRNO.nodev;
  }

  setSize(_size: bigint): Errno {
    return ERRNO.inval;
  }

  setTimes(_times: Times): Errno {
    return ERRNO.notsup;
  }

  /** Brings what was written to where it belongs. */
  sync(): void {}

  /** Readiness now for one direction; a promise when there is none yet, which settles when there may be. */
  poll(_direction: Direction): Readiness | Errno | Promise<unknown> {
    return ERRNO.badf;
  }

  /** Lets go of what it names. */
  close(): void {
    this.sync();
  }
}
