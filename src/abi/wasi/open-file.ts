/** A descriptor of a regular file. */
import { Descriptor, type Direction, type Readiness } from './descriptor.ts';
import { ERRNO, type Errno } from './errno.ts';
import { refuseReadOnly, setTimes, type FileNode, type Stat, type Times } from './files/node.ts';
import { MAX_FILE_TRANSFER_BYTES } from './limits.ts';
import { allBits, EVENT_TYPE, FDFLAGS, FILETYPE, RIGHTS, type Whence } from './typenames.ts';

/** What can be done with a file. */
export const FILE_RIGHTS =
  RIGHTS.fd_datasync |
  RIGHTS.fd_read |
  RIGHTS.fd_seek |
  RIGHTS.fd_fdstat_set_flags |
  RIGHTS.fd_sync |
  RIGHTS.fd_tell |
  RIGHTS.fd_write |
  RIGHTS.fd_advise |
  RIGHTS.fd_allocate |
  RIGHTS.fd_filestat_get |
  RIGHTS.fd_filestat_set_size |
  RIGHTS.fd_filestat_set_times |
  RIGHTS.poll_fd_readwrite;

/** Offsets of files are exact as numbers up to here; no file is nearly as large. */
const MAX_OFFSET = BigInt(Number.MAX_SAFE_INTEGER);

/** A file and a position in it. */
export class OpenFile extends Descriptor {
  readonly filetype = FILETYPE.regular_file;
  /** Files are in memory: the synchronised modes hold by themselves, and nothing blocks. */
  readonly kindFlags = allBits(FDFLAGS);
  readonly writeBytes = MAX_FILE_TRANSFER_BYTES;
  override readonly isChangeable: boolean;
  readonly #node: FileNode;
  #position = 0;

  constructor(node: FileNode) {
    super(FILE_RIGHTS);
    this.#node = node;
    this.isChangeable = node.volume.access === 'write';
    // An image is shared by guests of a deployment: nothing of one of them is noted there.
    if (this.isChangeable) node.opens += 1;
  }

  override get positionFault(): Errno {
    return ERRNO.success;
  }

  override stat(): Stat {
    return this.#node.stat();
  }

  override read(limit: number): Uint8Array {
    const bytes = this.#read(this.#position, limit);
    this.#position += bytes.length;
    return bytes;
  }

  override write(bytes: Uint8Array): Errno {
    const appends = (this.flags & FDFLAGS.append) !== 0;
    const position = appends ? this.#node.size : this.#position;
    const errno = this.#write(position, bytes);
    if (errno === ERRNO.success) this.#position = position + bytes.length;
    return errno;
  }

  override readAt(offset: bigint, limit: number): Uint8Array {
    return offset > MAX_OFFSET ? new Uint8Array(0) : this.#read(Number(offset), limit);
  }

  /** With `append` set, bytes go to the end whatever the offset: what POSIX leaves open, and Linux does. */
  override writeAt(offset: bigint, bytes: Uint8Array): Errno {
    if ((this.flags & FDFLAGS.append) !== 0) return this.#write(this.#node.size, bytes);
    return offset > MAX_OFFSET ? ERRNO.fbig : this.#write(Number(offset), bytes);
  }

  /** Errors: `inval` for a position before the start, or beyond what is exact. */
  override seek(distance: bigint, whence: Whence): bigint | Errno {
    const from = { set: 0, cur: this.#position, end: this.#node.size }[whence];
    const position = BigInt(from) + distance;
    if (position < 0n || position > MAX_OFFSET) return ERRNO.inval;
    this.#position = Number(position);
    return position;
  }

  override advise(): Errno {
    return ERRNO.success;
  }

  /** Errors: `inval` for nothing; `rofs`; `fbig`; `nospc`. */
  override allocate(offset: bigint, length: bigint): Errno {
    if (length === 0n) return ERRNO.inval;
    const end = offset + length;
    if (end > MAX_OFFSET) return ERRNO.fbig;
    if (end <= BigInt(this.#node.size)) return refuseReadOnly(this.#node.volume);
    return this.#resize(Number(end));
  }

  /** Errors: `rofs`; `fbig`; `nospc`. */
  override setSize(size: bigint): Errno {
    return size > MAX_OFFSET ? ERRNO.fbig : this.#resize(Number(size));
  }

  /** Errors: `rofs`. */
  override setTimes(times: Times): Errno {
    return setTimes(this.#node, times);
  }

  override poll(direction: Direction): Readiness {
    const left = Math.max(this.#node.size - this.#position, 0);
    return { bytes: direction === EVENT_TYPE.fd_read ? left : MAX_FILE_TRANSFER_BYTES, flags: 0 };
  }

  override close(): void {
    if (!this.isChangeable) return;
    this.#node.opens -= 1;
    this.#node.settle();
  }

  #read(position: number, limit: number): Uint8Array {
    const { volume, content } = this.#node;
    if (volume.access === 'write') this.#node.atimNs = volume.nowNs();
    return content.read(position, Math.min(limit, MAX_FILE_TRANSFER_BYTES));
  }

  #write(position: number, bytes: Uint8Array): Errno {
    const errno = this.#node.content.write(position, bytes);
    if (errno === ERRNO.success) this.#node.modified();
    return errno;
  }

  #resize(size: number): Errno {
    const errno = this.#node.content.resize(size);
    if (errno === ERRNO.success) this.#node.modified();
    return errno;
  }
}
