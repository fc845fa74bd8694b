/** WASI preview1: `fd_*` from `fd_advise` to `fd_filestat_set_times`, attributes of descriptors. */
import { Buffer } from 'node:buffer';
import type { HostFunction, HostModule } from '../host-function.ts';
import type { Descriptor } from './descriptor.ts';
import { ERRNO } from './errno.ts';
import { encodeFilestat, PREVIEW1_FILESTAT, timesOf, type FilestatLayout } from './filestat.ts';
import type { WasiGuest } from './guest.ts';
import { allBits, FDFLAGS, MAX_ADVICE, RIGHTS } from './typenames.ts';

const FDSTAT_BYTES = 24;
const ALL_FDFLAGS = allBits(FDFLAGS);

/**
 * An `fdstat`:
 *
 * ```text
 * 0 filetype u8 | 2 flags u16 | 8 rights u64 | 16 rights of descriptors opened through it u64
 * ```
 */
function encodeFdstat({ filetype, flags, rights, inheriting }: Descriptor): Buffer {
  const fdstat = Buffer.alloc(FDSTAT_BYTES);
  fdstat.writeUInt8(filetype, 0);
  fdstat.writeUInt16LE(flags, 2);
  fdstat.writeBigUInt64LE(BigInt(rights), 8);
  fdstat.writeBigUInt64LE(BigInt(inheriting), 16);
  return fdstat;
}

/**
 * `fd_filestat_get` for one layout of `filestat`. A stream has no links, size or times.
 *
 * Parameters: `fd`; where the filestat goes.
 * Errors: `badf`; `notcapable`. Ends the guest when memory is out of bounds.
 */
export function filestatGet(layout: FilestatLayout): HostFunction<WasiGuest> {
  return {
    signature: 'ii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, result: number) => {
        const found = descriptors.find(fd, RIGHTS.fd_filestat_get);
        if (typeof found === 'number') return found;
        memory.write(result, encodeFilestat(found.stat(), layout));
        return ERRNO.success;
      },
  };
}

/** All answer `badf` for an `fd` that is not open, and `notcapable` when its right is gone. */
export const DESCRIPTOR_ATTRIBUTE_FUNCTIONS: HostModule<WasiGuest> = {
  /**
   * Announces how a file will be used, of which no use is made. Parameters: `fd`, `offset` and `len` in bytes, `advice` (0 to 5).
   * Errors: `inval` for an unknown advice; `spipe`, for streams have no regions.
   */
  fd_advise: {
    signature: 'iIIi->i',
    bind:
      ({ descriptors }) =>
      (fd: number, offset: bigint, length: bigint, advice: number) => {
        const found = descriptors.find(fd, RIGHTS.fd_advise);
        if (typeof found === 'number') return found;
        return advice >>> 0 > MAX_ADVICE ? ERRNO.inval : found.advise(unsigned(offset), unsigned(length));
      },
  },
  /**
   * Makes sure that there is room, and extends the file where it is shorter. Parameters: `fd`, `offset` and `len` in bytes.
   * Errors: `nodev` for a stream; `isdir`; `inval` for no bytes; `rofs`; `fbig`; `nospc`.
   */
  fd_allocate: {
    signature: 'iII->i',
    bind:
      ({ descriptors }) =>
      (fd: number, offset: bigint, length: bigint) => {
        const found = descriptors.find(fd, RIGHTS.fd_allocate);
        return typeof found === 'number' ? found : found.allocate(unsigned(offset), unsigned(length));
      },
  },
  /** Closes `fd`, a standard stream too; an output first logs its unfinished line. Errors: `badf`. */
  fd_close: {
    signature: 'i->i',
    bind:
      ({ descriptors }) =>
      (fd: number) =>
        descriptors.close(fd),
  },
  /** Logs the unfinished line of an output `fd`. A file needs nothing. */
  fd_datasync: {
    signature: 'i->i',
    bind:
      ({ descriptors }) =>
      (fd: number) => {
        const found = descriptors.find(fd, RIGHTS.fd_datasync);
        if (typeof found === 'number') return found;
        found.sync();
        return ERRNO.success;
      },
  },
  /**
   * Parameters: `fd`; where the 24-byte fdstat goes. A standard stream is a character device without the rights to seek, by
   * which libc knows a terminal and flushes at newlines. Errors: `badf`. Ends the guest when memory is out of bounds.
   */
  fd_fdstat_get: {
    signature: 'ii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, result: number) => {
        const found = descriptors.find(fd, 0);
        if (typeof found === 'number') return found;
        memory.write(result, encodeFdstat(found));
        return ERRNO.success;
      },
  },
  /**
   * Sets the flags of `fd`: append (1), dsync (2), nonblock (4), rsync (8), sync (16). Only append changes what is done, with files.
   * Errors: `inval` for unknown bits; `notsup` for the synchronised modes of a stream, and for all of a folder.
   */
  fd_fdstat_set_flags: {
    signature: 'ii->i',
    bind:
      ({ descriptors }) =>
      (fd: number, flags: number) => {
        const found = descriptors.find(fd, RIGHTS.fd_fdstat_set_flags);
        if (typeof found === 'number') return found;
        if ((flags & ~ALL_FDFLAGS) !== 0) return ERRNO.inval;
        if ((flags & ~found.kindFlags) !== 0) return ERRNO.notsup;
        found.flags = flags;
        return ERRNO.success;
      },
  },
  /**
   * Takes rights away. Parameters: `fd`; the rights that it keeps; the rights that descriptors opened through it keep.
   * Errors: `badf`; `notcapable` for any right that it does not have, and then it keeps all that it has.
   */
  fd_fdstat_set_rights: {
    signature: 'iII->i',
    bind:
      ({ descriptors }) =>
      (fd: number, base: bigint, inheriting: bigint) => {
        const found = descriptors.find(fd, 0);
        if (typeof found === 'number') return found;
        if ((base & ~BigInt(found.rights)) !== 0n) return ERRNO.notcapable;
        if ((inheriting & ~BigInt(found.inheriting)) !== 0n) return ERRNO.notcapable;
        found.rights = Number(base);
        found.inheriting = Number(inheriting);
        return ERRNO.success;
      },
  },
  /** {@link filestatGet} */
  fd_filestat_get: filestatGet(PREVIEW1_FILESTAT),
  /**
   * Cuts a file or extends it with zeros. Parameters: `fd`, `size` in bytes.
   * Errors: `inval`, for a stream has no size; `isdir`; `rofs`; `fbig`; `nospc`.
   */
  fd_filestat_set_size: {
    signature: 'iI->i',
    bind:
      ({ descriptors }) =>
      (fd: number, size: bigint) => {
        const found = descriptors.find(fd, RIGHTS.fd_filestat_set_size);
        return typeof found === 'number' ? found : found.setSize(unsigned(size));
      },
  },
  /**
   * Parameters: `fd`; access and modification times in nanoseconds; fstflags, which of them to set.
   * Errors: `inval` for flags that are unknown or contradict each other; `notsup`, for a stream has no times; `rofs`.
   */
  fd_filestat_set_times: {
    signature: 'iIIi->i',
    bind:
      ({ host, descriptors }) =>
      (fd: number, atim: bigint, mtim: bigint, flags: number) => {
        const found = descriptors.find(fd, RIGHTS.fd_filestat_set_times);
        if (typeof found === 'number') return found;
        const times = timesOf(host, flags, atim, mtim);
        return typeof times === 'number' ? times : found.setTimes(times);
      },
  },
};

/** A `filesize`, which comes as a signed i64. */
function unsigned(size: bigint): bigint {
  return BigInt.asUintN(64, size);
}
