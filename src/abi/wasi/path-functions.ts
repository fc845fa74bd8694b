/** WASI preview1: `path_*`. A guest has no folders, so that no path can be resolved and none is read from its memory. */
import type { HostFunction, HostModule } from '../host-function.ts';
import type { Signature } from '../../wasm/signature.ts';
import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';

/** A function that fails on the folder `fd` in its parameter number `folder`: `badf` when not open, else `notdir`. */
function noFolder(signature: Signature, folder: number): HostFunction<WasiGuest> {
  return {
    signature,
    bind:
      ({ descriptors }) =>
      (...parameters: readonly number[]) =>
        descriptors.refuse(parameters[folder] ?? -1, ERRNO.notdir),
  };
}

/**
 * Every one answers `badf` when the `fd` of the folder is not open, and `notdir` when it is, for it is a stream. A path is
 * a pointer and a length in bytes, lookupflags (1: follow symbolic links) say how it is resolved, times are nanoseconds.
 */
export const PATH_FUNCTIONS: HostModule<WasiGuest> = {
  /** Creates a folder. Parameters: `fd`, path. */
  path_create_directory: noFolder('iii->i', 0),
  /** Attributes of a file. Parameters: `fd`, lookupflags, path, where the filestat goes. */
  path_filestat_get: noFolder('iiiii->i', 0),
  /** Sets times of a file. Parameters: `fd`, lookupflags, path, access time, modification time, fstflags. */
  path_filestat_set_times: noFolder('iiiiIIi->i', 0),
  /** Creates a hard link. Parameters: `fd`, lookupflags and path of the file; `fd` and path of the link. */
  path_link: noFolder('iiiiiii->i', 0),
  /** Opens a file. Parameters: `fd`, lookupflags, path, oflags, rights, rights to inherit, fdflags, where the fd goes. */
  path_open: noFolder('iiiiiIIii->i', 0),
  /** Reads a symbolic link. Parameters: `fd`, path, the buffer and its bytes, where the u32 bytes written go. */
  path_readlink: noFolder('iiiiii->i', 0),
  /** Removes an empty folder. Parameters: `fd`, path. */
  path_remove_directory: noFolder('iii->i', 0),
  /** Renames. Parameters: `fd` and path of the file; `fd` and path that it gets. */
  path_rename: noFolder('iiiiii->i', 0),
  /** Creates a symbolic link. Parameters: the path that it holds, which precedes `fd`; `fd` and path of the link. */
  path_symlink: noFolder('iiiii->i', 2),
  /** Removes a file. Parameters: `fd`, path. */
  path_unlink_file: noFolder('iii->i', 0),
};
