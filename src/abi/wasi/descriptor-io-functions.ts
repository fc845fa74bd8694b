/** WASI preview1: `fd_*` from `fd_pread` to `fd_write`, input and output of descriptors. */
import type { HostModule } from '../host-function.ts';
import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';
import { decodeIovecs, gather, scatter } from './iovec.ts';
import { MAX_WRITE_BYTES } from './limits.ts';
import { MAX_WHENCE, RIGHTS } from './typenames.ts';

/** All answer `badf` for an `fd` that is not open. */
export const DESCRIPTOR_IO_FUNCTIONS: HostModule<WasiGuest> = {
  /**
   * Reads at a position. Parameters: `fd`; the buffers and their number; `offset` in bytes; where the u32 bytes read go.
   * Errors: `spipe`, for streams have no positions.
   */
  fd_pread: {
    signature: 'iiiIi->i',
    bind:
      ({ descriptors }) =>
      (fd: number) =>
        descriptors.refuse(fd, ERRNO.spipe),
  },
  /** Describes a preopened folder. Errors: `badf`, at which libc stops looking for more: there are none. */
  fd_prestat_get: { signature: 'ii->i', bind: () => () => ERRNO.badf },
  /** Names a preopened folder. Errors: `badf`: there are none. */
  fd_prestat_dir_name: { signature: 'iii->i', bind: () => () => ERRNO.badf },
  /** Writes at a position. Parameters as for `fd_pread`. Errors: `spipe`, for streams have no positions. */
  fd_pwrite: {
    signature: 'iiiIi->i',
    bind:
      ({ descriptors }) =>
      (fd: number) =>
        descriptors.refuse(fd, ERRNO.spipe),
  },
  /**
   * Reads. Standard input is at its end: 0 bytes.
   *
   * Parameters: `fd`; `iovs`, the buffers, and their number; where the u32 bytes read go.
   * Errors: `badf`, also for an output; `inval` for a list beyond its limits; `notcapable` after the guest gave the right
   * away. Ends the guest when the list, a buffer or the result is outside its memory; nothing is read then.
   */
  fd_read: {
    signature: 'iiii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, list: number, count: number, result: number) => {
        const found = descriptors.find(fd, RIGHTS.fd_read);
        if (typeof found === 'number') return found;
        const iovecs = decodeIovecs(memory, list, count);
        if (typeof iovecs === 'number') return iovecs;
        memory.checkRange(result, 4);
        const bytes = found.read(iovecs.totalBytes);
        if (typeof bytes === 'number') return bytes;
        scatter(memory, iovecs, bytes);
        memory.writeU32(result, bytes.length);
        return ERRNO.success;
      },
  },
  /**
   * Lists a folder. Parameters: `fd`; the buffer and its bytes; the position; where the u32 bytes written go.
   * Errors: `notdir`, for a stream is no folder.
   */
  fd_readdir: {
    signature: 'iiiIi->i',
    bind:
      ({ descriptors }) =>
      (fd: number) =>
        descriptors.refuse(fd, ERRNO.notdir),
  },
  /** Closes `to` and gives its number to what `fd` is. Errors: `badf` unless both are open. */
  fd_renumber: {
    signature: 'ii->i',
    bind:
      ({ descriptors }) =>
      (fd: number, to: number) =>
        descriptors.renumber(fd, to),
  },
  /**
   * Moves the position. Parameters: `fd`; the distance in bytes; `whence` (0 to 2); where the u64 new position goes.
   * Errors: `inval` for an unknown whence; `spipe`, for streams have no positions.
   */
  fd_seek: {
    signature: 'iIii->i',
    bind:
      ({ descriptors }) =>
      (fd: number, _offset: bigint, whence: number) =>
        descriptors.refuse(fd, whence >>> 0 > MAX_WHENCE ? ERRNO.inval : ERRNO.spipe),
  },
  /** Logs the unfinished line of an output `fd`. Errors: `badf`; `notcapable` after the guest gave the right away. */
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
  /** Tells the position. Parameters: `fd`; where the u64 goes. Errors: `spipe`, for streams have no positions. */
  fd_tell: {
    signature: 'ii->i',
    bind:
      ({ descriptors }) =>
      (fd: number) =>
        descriptors.refuse(fd, ERRNO.spipe),
  },
  /**
   * Writes: lines of fd 1 go to the tenant's log as `info`, lines of fd 2 as `error`. At most {@link MAX_WRITE_BYTES} are
   * taken in one call, and the guest is told how many.
   *
   * Parameters: `fd`; `iovs`, the buffers, and their number; where the u32 bytes taken go.
   * Errors: `badf`, also for an input; `inval` for a list beyond its limits; `notcapable` after the guest gave the right
   * away. Ends the guest when the list, a buffer or the result is outside its memory; nothing is logged then.
   */
  fd_write: {
    signature: 'iiii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, list: number, count: number, result: number) => {
        const found = descriptors.find(fd, RIGHTS.fd_write);
        if (typeof found === 'number') return found;
        const iovecs = decodeIovecs(memory, list, count);
        if (typeof iovecs === 'number') return iovecs;
        memory.checkRange(result, 4);
        const bytes = gather(memory, iovecs, MAX_WRITE_BYTES);
        const errno = found.write(bytes);
        if (errno === ERRNO.success) memory.writeU32(result, bytes.length);
        return errno;
      },
  },
};
