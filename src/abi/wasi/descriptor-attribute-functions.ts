/** WASI preview1: `fd_*` from `fd_advise` to `fd_filestat_set_times`, attributes of descriptors. */
import { Buffer } from 'node:buffer';
import type { HostFunction, HostModule } from '../host-function.ts';
import type { Descriptor } from './descriptors.ts';
import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';
import { FDFLAGS, FSTFLAGS, MAX_ADVICE, RIGHTS } from './typenames.ts';

const FDSTAT_BYTES = 24;
const ALL_FDFLAGS = Object.values(FDFLAGS).reduce((all, flag) => all | flag, 0);
const ALL_FSTFLAGS = Object.values(FSTFLAGS).reduce((all, flag) => all | flag, 0);

/**
 * An `fdstat`:
 *
 * ```text
 * 0 filetype u8 | 2 flags u16 | 8 rights u64 | 16 rights of descriptors opened through it u64
 * ```
 */
function encodeFdstat({ filetype, flags, rights }: Descriptor): Buffer {
  const fdstat = Buffer.alloc(FDSTAT_BYTES);
  fdstat.writeUInt8(filetype, 0);
  fdstat.writeUInt16LE(flags, 2);
  fdstat.writeBigUInt64LE(BigInt(rights), 8);
  return fdstat;
}

/**
 * `fd_filestat_get` for a `filestat` of so many bytes: 64 in preview1, 56 in wasi_unstable, whose `nlink` is a u32. The
 * layouts agree up to the type; all that follows is zero, for a stream has no links, size or times.
 *
 * ```text
 * 0 dev u64 | 8 ino u64 | 16 filetype u8 | nlink | size u64 | atim u64 | mtim u64 | ctim u64
 * ```
 *
 * Parameters: `fd`; where the filestat goes.
 * Errors: `badf`; `notcapable` after the guest gave the right away. Ends the guest when memory is out of bounds.
 */
export function filestatGet(filestatBytes: number): HostFunction<WasiGuest> {
  return {
    signature: 'ii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, result: number) => {
        const found = descriptors.find(fd, RIGHTS.fd_filestat_get);
        if (typeof found === 'number') return found;
        const filestat = Buffer.alloc(filestatBytes);
        filestat.writeUInt8(found.filetype, 16);
        memory.write(result, filestat);
        return ERRNO.success;
      },
  };
}

/** Whether `fstflags` has unknown bits, or asks for both a given time and the present one. */
function contradictory(flags: number): boolean {
  const atim = FSTFLAGS.atim | FSTFLAGS.atim_now;
  const mtim = FSTFLAGS.mtim | FSTFLAGS.mtim_now;
  return (flags & ~ALL_FSTFLAGS) !== 0 || (flags & atim) === atim || (flags & mtim) === mtim;
}

/** All answer `badf` for an `fd` that is not open. */
export const DESCRIPTOR_ATTRIBUTE_FUNCTIONS: HostModule<WasiGuest> = {
  /**
   * Announces how a file will be used. Parameters: `fd`, `offset` and `len` in bytes, `advice` (0 to 5).
   * Errors: `inval` for an unknown advice; `spipe`, for streams have no regions.
   */
  fd_advise: {
    signature: 'iIIi->i',
    bind:
      ({ descriptors }) =>
      (fd: number, _offset: bigint, _length: bigint, advice: number) =>
        descriptors.refuse(fd, advice >>> 0 > MAX_ADVICE ? ERRNO.inval : ERRNO.spipe),
  },
  /** Reserves space. Parameters: `fd`, `offset` and `len` in bytes. Errors: `nodev`, for a stream is no regular file. */
  fd_allocate: {
    signature: 'iII->i',
    bind:
      ({ descriptors }) =>
      (fd: number) =>
        descriptors.refuse(fd, ERRNO.nodev),
  },
  /** Closes `fd`, a standard stream too; an output first logs its unfinished line. Errors: `badf`. */
  fd_close: {
    signature: 'i->i',
    bind:
      ({ descriptors }) =>
      (fd: number) =>
        descriptors.close(fd),
  },
  /** Logs the unfinished line of an output `fd`. Errors: `badf`; `notcapable` after the guest gave the right away. */
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
   * Sets the flags of `fd`: append (1) and nonblock (4), neither of which changes what a stream does.
   * Errors: `badf`; `inval` for unknown bits; `notsup` for the synchronised modes; `notcapable` after the guest gave the
   * right away.
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
        if ((base & ~BigInt(found.rights)) !== 0n || inheriting !== 0n) return ERRNO.notcapable;
        found.rights = Number(base);
        return ERRNO.success;
      },
  },
  /** {@link filestatGet} */
  fd_filestat_get: filestatGet(64),
  /** Truncates or extends. Parameters: `fd`, `size` in bytes. Errors: `inval`, for a stream has no size. */
  fd_filestat_set_size: {
    signature: 'iI->i',
    bind:
      ({ descriptors }) =>
      (fd: number) =>
        descriptors.refuse(fd, ERRNO.inval),
  },
  /**
   * Parameters: `fd`; access and modification times in nanoseconds; fstflags, which of them to set.
   * Errors: `inval` for flags that are unknown or contradict each other; `notsup`, for a stream has no times.
   */
  fd_filestat_set_times: {
    signature: 'iIIi->i',
    bind:
      ({ descriptors }) =>
      (fd: number, _atim: bigint, _mtim: bigint, flags: number) =>
        descriptors.refuse(fd, contradictory(flags) ? ERRNO.inval : ERRNO.notsup),
  },
};
