/** The descriptors of one guest: what an fd names, and what may be done with it. */
import { ERRNO, type Errno } from './errno.ts';
import { MAX_WRITE_BYTES } from './limits.ts';
import type { LogLines } from './log-lines.ts';
import { EVENT_HANGUP, FDFLAGS, FILETYPE, RIGHTS, type EventType, type Filetype, EVENT_TYPE } from './typenames.ts';

/** How ready a descriptor is for reading or writing. */
export interface Readiness {
  /** Bytes that the next call can move. */
  readonly bytes: number;
  /** `eventrwflags`. */
  readonly flags: number;
}

/** What a number in the table stands for. Its methods answer an errno when this kind of descriptor cannot do that at all. */
export interface Descriptor {
  readonly filetype: Filetype;
  /** The {@link RIGHTS} that this kind has when it is opened. */
  readonly kindRights: number;
  /** The {@link FDFLAGS} that may be set on this kind. */
  readonly kindFlags: number;
  /** The rights left; a guest can only take away from them. */
  rights: number;
  /** The {@link FDFLAGS} set. */
  flags: number;
  /** The next bytes, at most `limit`; none at the end. `badf` when it is not for reading. */
  read(limit: number): Uint8Array | Errno;
  /** Takes all of at most {@link MAX_WRITE_BYTES} bytes: `success`. `badf` when it is not for writing. */
  write(bytes: Uint8Array): Errno;
  /** Brings what was written to where it belongs. */
  sync(): void;
  /** Readiness now for one direction. `badf` when it is not for that direction. */
  poll(direction: Exclude<EventType, typeof EVENT_TYPE.clock>): Readiness | Errno;
}

const STREAM_RIGHTS =
  RIGHTS.fd_datasync | RIGHTS.fd_fdstat_set_flags | RIGHTS.fd_sync | RIGHTS.fd_filestat_get | RIGHTS.poll_fd_readwrite;

/** What the three standard streams share: no position, and no time at which they would block. */
abstract class StandardStream {
  readonly filetype = FILETYPE.character_device;
  readonly kindFlags = FDFLAGS.append | FDFLAGS.nonblock;
  readonly kindRights: number;
  rights: number;
  flags = 0;

  constructor(kindRights: number) {
    this.kindRights = kindRights;
    this.rights = kindRights;
  }
}

/** A standard input that is at its end. */
export class EmptyInput extends StandardStream implements Descriptor {
  constructor() {
    super(STREAM_RIGHTS | RIGHTS.fd_read);
  }

  read(): Uint8Array {
    return new Uint8Array(0);
  }

  write(): Errno {
    return ERRNO.badf;
  }

  sync(): void {}

  poll(direction: Exclude<EventType, typeof EVENT_TYPE.clock>): Readiness | Errno {
    return direction === EVENT_TYPE.fd_read ? { bytes: 0, flags: EVENT_HANGUP } : ERRNO.badf;
  }
}

/** A standard output whose lines go to the tenant's log. */
export class LogOutput extends StandardStream implements Descriptor {
  readonly #lines: LogLines;

  constructor(lines: LogLines) {
    super(STREAM_RIGHTS | RIGHTS.fd_write);
    this.#lines = lines;
  }

  read(): Errno {
    return ERRNO.badf;
  }

  write(bytes: Uint8Array): Errno {
    this.#lines.write(bytes);
    return ERRNO.success;
  }

  sync(): void {
    this.#lines.flush();
  }

  poll(direction: Exclude<EventType, typeof EVENT_TYPE.clock>): Readiness | Errno {
    return direction === EVENT_TYPE.fd_write ? { bytes: MAX_WRITE_BYTES, flags: 0 } : ERRNO.badf;
  }
}

/** The open descriptors by number. An fd comes as the guest's raw i32; one that is not open answers `badf`. */
export class DescriptorTable {
  readonly #standard: () => readonly Descriptor[];
  readonly #open = new Map<number, Descriptor>();

  /** `standard` makes the descriptors that are open from the start, numbered from 0. */
  constructor(standard: () => readonly Descriptor[]) {
    this.#standard = standard;
    this.reset();
  }

  /** The descriptor `fd`, when it has `right` or is of a kind that never has it; `notcapable` when the guest gave it away. */
  find(fd: number, right: number): Descriptor | Errno {
    const descriptor = this.#open.get(fd);
    if (descriptor === undefined) return ERRNO.badf;
    const givenAway = descriptor.kindRights & ~descriptor.rights;
    return (givenAway & right) === 0 ? descriptor : ERRNO.notcapable;
  }

  /** The answer to an operation that no kind of descriptor has: `errno`, or `badf` when `fd` is not open. */
  refuse(fd: number, errno: Errno): Errno {
    return this.#open.has(fd) ? errno : ERRNO.badf;
  }

  /** Closes `fd`. Errors: `badf`. */
  close(fd: number): Errno {
    const descriptor = this.#open.get(fd);
    if (descriptor === undefined) return ERRNO.badf;
    descriptor.sync();
    this.#open.delete(fd);
    return ERRNO.success;
  }

  /** Closes `to` and gives its number to what is `fd`. Errors: `badf` unless both are open. */
  renumber(fd: number, to: number): Errno {
    const descriptor = this.#open.get(fd);
    if (descriptor === undefined || !this.#open.has(to)) return ERRNO.badf;
    if (fd === to) return ERRNO.success;
    this.close(to);
    this.#open.delete(fd);
    this.#open.set(to, descriptor);
    return ERRNO.success;
  }

  /** Back to the descriptors of the start, with all their rights. */
  reset(): void {
    this.#open.clear();
    for (const [fd, descriptor] of this.#standard().entries()) this.#open.set(fd, descriptor);
  }
}
