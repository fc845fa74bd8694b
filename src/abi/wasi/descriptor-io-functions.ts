/** WASI preview1: `fd_*` from `fd_pread` to `fd_write`, input and output of descriptors. */
import { Buffer } from 'node:buffer';
import type { GuestMemory } from '../guest-memory.ts';
import type { HostFunction, HostModule } from '../host-function.ts';
import type { Descriptor } from './descriptor.ts';
import type { DescriptorTable } from './descriptors.ts';
import { encodeEntries } from './directory-entries.ts';
import { ERRNO, type Errno } from './errno.ts';
import type { WasiGuest } from './guest.ts';
import { decodeIovecs, gather, scatter, type IovecList } from './iovec.ts';
import { folderAt } from './path-argument.ts';
import { PREOPENTYPE_DIR, RIGHTS, WHENCE, type Whence } from './typenames.ts';

const PRESTAT_BYTES = 8;

/** The list of buffers of a read or write, checked together with the place for the bytes moved. */
function buffersOf(memory: GuestMemory, list: number, count: number, result: number): IovecList | Errno {
  const iovecs = decodeIovecs(memory, list, count);
  if (typeof iovecs !== 'number') memory.checkRange(result, 4);
  return iovecs;
}

/** A descriptor that has a position. Errors: as `find`; `spipe`; `isdir`. */
function positioned(descriptors: DescriptorTable, fd: number, right: number): Descriptor | Errno {
  const found = descriptors.find(fd, right);
  return typeof found === 'number' || found.positionFault === ERRNO.success ? found : found.positionFault;
}

/** Hands bytes that were read to the guest. */
function deliver(memory: GuestMemory, iovecs: IovecList, result: number, bytes: Uint8Array | Errno): Errno {
  if (typeof bytes === 'number') return bytes;
  scatter(memory, iovecs, bytes);
  memory.writeU32(result, bytes.length);
  return ERRNO.success;
}

/** Tells the guest how many bytes were taken, if they were. */
function confirm(memory: GuestMemory, result: number, length: number, errno: Errno): Errno {
  if (errno === ERRNO.success) memory.writeU32(result, length);
  return errno;
}

/**
 * `fd_seek` for a version's numbers of `whence`.
 *
 * Parameters: `fd`; the distance in bytes; `whence`; where the u64 new position goes.
 * Errors: `inval` for an unknown whence and a position before the start; `spipe` for a stream; `isdir`.
 */
export function seek(whences: readonly Whence[]): HostFunction<WasiGuest> {
  return {
    signature: 'iIii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, distance: bigint, number: number, result: number) => {
        const whence = whences[number];
        const asks = whence === 'cur' && distance === 0n;
        const found = descriptors.find(fd, asks ? RIGHTS.fd_tell : RIGHTS.fd_seek);
        if (typeof found === 'number') return found;
        if (whence === undefined) return ERRNO.inval;
        if (found.positionFault !== ERRNO.success) return found.positionFault;
        memory.checkRange(result, 8);
        const position = found.seek(distance, whence);
        if (typeof position === 'number') return position;
        memory.writeU64(result, position);
        return ERRNO.success;
      },
  };
}

/**
 * All answer `badf` for an `fd` that is not open, and `notcapable` when its right is gone. Those with a list of buffers answer `inval`
 * for one beyond its limits, and end the guest when the list, a buffer or the result is outside its memory; nothing is moved then.
 */
export const DESCRIPTOR_IO_FUNCTIONS: HostModule<WasiGuest> = {
  /**
   * Reads at a position. Parameters: `fd`; the buffers and their number; `offset` in bytes; where the u32 bytes read go.
   * Errors: `spipe`, for streams have no positions; `isdir`.
   */
  fd_pread: {
    signature: 'iiiIi->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, list: number, count: number, offset: bigint, result: number) => {
        const found = positioned(descriptors, fd, RIGHTS.fd_read | RIGHTS.fd_seek);
        if (typeof found === 'number') return found;
        const iovecs = buffersOf(memory, list, count, result);
        if (typeof iovecs === 'number') return iovecs;
        return deliver(memory, iovecs, result, found.readAt(BigInt.asUintN(64, offset), iovecs.totalBytes));
      },
  },
  /**
   * Describes a folder that is open from the start. Parameters: `fd`; where the prestat goes: a u8 that is 0, at 4 the u32 bytes of
   * its path. Errors: `badf` for every other, at which libc stops looking for more.
   */
  fd_prestat_get: {
    signature: 'ii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, result: number) => {
        const found = descriptors.find(fd, 0);
        if (typeof found === 'number') return found;
        if (found.preopenPath === null) return ERRNO.badf;
        const prestat = Buffer.alloc(PRESTAT_BYTES);
        prestat.writeUInt8(PREOPENTYPE_DIR, 0);
        prestat.writeUInt32LE(Buffer.byteLength(found.preopenPath), 4);
        memory.write(result, prestat);
        return ERRNO.success;
      },
  },
  /**
   * The path of a folder that is open from the start, without a terminator. Parameters: `fd`; the buffer and its bytes.
   * Errors: `badf` for every other; `nametoolong` when the buffer is too small.
   */
  fd_prestat_dir_name: {
    signature: 'iii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, buffer: number, limit: number) => {
        const found = descriptors.find(fd, 0);
        if (typeof found === 'number') return found;
        if (found.preopenPath === null) return ERRNO.badf;
        const path = Buffer.from(found.preopenPath);
        if (path.length > limit >>> 0) return ERRNO.nametoolong;
        memory.write(buffer, path);
        return ERRNO.success;
      },
  },
  /** Writes at a position. Parameters as for `fd_pread`. Errors: `spipe`; `isdir`; `rofs`; `fbig`; `nospc`. */
  fd_pwrite: {
    signature: 'iiiIi->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, list: number, count: number, offset: bigint, result: number) => {
        const found = positioned(descriptors, fd, RIGHTS.fd_write | RIGHTS.fd_seek);
        if (typeof found === 'number') return found;
        const iovecs = buffersOf(memory, list, count, result);
        if (typeof iovecs === 'number') return iovecs;
        const bytes = gather(memory, iovecs, found.writeBytes);
        return confirm(memory, result, bytes.length, found.writeAt(BigInt.asUintN(64, offset), bytes));
      },
  },
  /**
   * Reads: 0 bytes at the end. Waits where the bytes have not come yet.
   *
   * Parameters: `fd`; `iovs`, the buffers, and their number; where the u32 bytes read go.
   * Errors: `badf`, also for an output; `isdir`.
   */
  fd_read: {
    signature: 'iiii->i',
    suspends: true,
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, list: number, count: number, result: number) => {
        const found = descriptors.find(fd, RIGHTS.fd_read);
        if (typeof found === 'number') return found;
        const iovecs = buffersOf(memory, list, count, result);
        if (typeof iovecs === 'number') return iovecs;
        const bytes = found.read(iovecs.totalBytes);
        if (!(bytes instanceof Promise)) return deliver(memory, iovecs, result, bytes);
        return bytes.then((chunk) => deliver(memory, iovecs, result, chunk));
      },
  },
  /**
   * Lists a folder, `.` and `..` first. Parameters: `fd`; the buffer and its bytes; the position to go on from, 0 or that of an entry;
   * where the u32 bytes written go: fewer than the buffer has say that it was the end. Errors: `notdir`.
   */
  fd_readdir: {
    signature: 'iiiIi->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, buffer: number, limit: number, cookie: bigint, result: number) => {
        const found = folderAt(descriptors, fd, RIGHTS.fd_readdir);
        if (typeof found === 'number') return found;
        memory.checkRange(result, 4);
        const entries = encodeEntries(found.folder, BigInt.asUintN(64, cookie), limit >>> 0);
        memory.write(buffer, entries);
        memory.writeU32(result, entries.length);
        return ERRNO.success;
      },
  },
  /** Closes `to` and gives its number to what `fd` is. Errors: `badf` unless both are open. */
  fd_renumber: {
    signature: 'ii->i',
    bind:
      ({ descriptors }) =>
      (fd: number, to: number) =>
        descriptors.renumber(fd, to),
  },
  /** {@link seek} */
  fd_seek: seek(WHENCE.preview1),
  /** Logs the unfinished line of an output `fd`. A file needs nothing. */
  fd_sync: {
    signature: 'i->i',
    bind:
      ({ descriptors }) =>
      (fd: number) => {
        const found = descriptors.find(fd, RIGHTS.fd_sync);
        if (typeof found === 'number') return found;
        found.sync();
        return ERRNO.success;
      },
  },
  /** Tells the position. Parameters: `fd`; where the u64 goes. Errors: `spipe`, for streams have no positions; `isdir`. */
  fd_tell: {
    signature: 'ii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, result: number) => {
        const found = positioned(descriptors, fd, RIGHTS.fd_tell);
        if (typeof found === 'number') return found;
        const position = found.seek(0n, 'cur');
        if (typeof position === 'number') return position;
        memory.writeU64(result, position);
        return ERRNO.success;
      },
  },
  /**
   * Writes, as much as the descriptor takes in one call: the guest is told how many bytes. Waits where their receiver is slow.
   *
   * Parameters: `fd`; `iovs`, the buffers, and their number; where the u32 bytes taken go.
   * Errors: `badf`, also for an input; `isdir`; `rofs`; `fbig`; `nospc`.
   */
  fd_write: {
    signature: 'iiii->i',
    suspends: true,
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, list: number, count: number, result: number) => {
        const found = descriptors.find(fd, RIGHTS.fd_write);
        if (typeof found === 'number') return found;
        const iovecs = buffersOf(memory, list, count, result);
        if (typeof iovecs === 'number') return iovecs;
        const bytes = gather(memory, iovecs, found.writeBytes);
        const errno = found.write(bytes);
        if (!(errno instanceof Promise)) return confirm(memory, result, bytes.length, errno);
        return errno.then((later) => confirm(memory, result, bytes.length, later));
      },
  },
};
