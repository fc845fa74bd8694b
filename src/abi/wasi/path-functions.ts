/** WASI preview1: `path_*`. */
import { Buffer } from 'node:buffer';
import type { HostFunction, HostModule } from '../host-function.ts';
import { ERRNO } from './errno.ts';
import { encodeFilestat, PREVIEW1_FILESTAT, timesOf, type FilestatLayout } from './filestat.ts';
import { createFolder, createLink, linkFile, removeFile, removeFolder, rename } from './files/changes.ts';
import { LinkNode, setTimes } from './files/node.ts';
import { resolve, targetFault } from './files/resolve.ts';
import type { WasiGuest } from './guest.ts';
import { open, openFault, rightsToOpen } from './open.ts';
import { folderAt, lastLinkOf, placeAt, readPath } from './path-argument.ts';
import { RIGHTS } from './typenames.ts';

/**
 * `path_filestat_get` for one layout of `filestat`.
 *
 * Parameters: `fd`, lookupflags, path, where the filestat goes.
 * Errors: `inval` for unknown flags; `noent`. Ends the guest when memory is out of bounds.
 */
export function pathFilestatGet(layout: FilestatLayout): HostFunction<WasiGuest> {
  return {
    signature: 'iiiii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, lookup: number, pointer: number, length: number, result: number) => {
        const place = placeAt(descriptors, memory, { fd, right: RIGHTS.path_filestat_get, pointer, length, lookup });
        if (typeof place === 'number') return place;
        if (place.node === null) return ERRNO.noent;
        memory.write(result, encodeFilestat(place.node.stat(), layout));
        return ERRNO.success;
      },
  };
}

/**
 * A path is a pointer and a length in bytes, of UTF-8, relative to the folder `fd` and never above it; lookupflags (1: follow) say what
 * becomes of a symbolic link at its end. Times are nanoseconds since the epoch.
 *
 * Every one answers, before anything else: `badf` when `fd` is not open, `notdir` when it is no folder, `notcapable` when its right is
 * gone; and for a path `nametoolong`, `ilseq` when it is not UTF-8, `inval` for a NUL in it, `perm` when it is absolute or leads above
 * the folder, `loop` for too many links, and `noent` or `notdir` for what it leads through. It ends the guest when memory is out of
 * bounds. What changes something answers `rofs` in folders of the app, and `nospc` when the scratch folder is full.
 */
export const PATH_FUNCTIONS: HostModule<WasiGuest> = {
  /** Creates a folder. Parameters: `fd`, path. Errors: `exist`. */
  path_create_directory: {
    signature: 'iii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, pointer: number, length: number) => {
        const right = RIGHTS.path_create_directory;
        const place = placeAt(descriptors, memory, { fd, right, pointer, length, lookup: 0 });
        return typeof place === 'number' ? place : createFolder(place);
      },
  },
  /** {@link pathFilestatGet} */
  path_filestat_get: pathFilestatGet(PREVIEW1_FILESTAT),
  /**
   * Sets times of a file. Parameters: `fd`, lookupflags, path, access time, modification time, fstflags.
   * Errors: `inval` for flags that are unknown or contradict each other; `noent`.
   */
  path_filestat_set_times: {
    signature: 'iiiiIIi->i',
    bind:
      ({ host, descriptors }) =>
      (fd: number, lookup: number, pointer: number, length: number, atim: bigint, mtim: bigint, which: number) => {
        const right = RIGHTS.path_filestat_set_times;
        const place = placeAt(descriptors, host.memory, { fd, right, pointer, length, lookup });
        if (typeof place === 'number') return place;
        const times = timesOf(host, which, atim, mtim);
        if (typeof times === 'number') return times;
        return place.node === null ? ERRNO.noent : setTimes(place.node, times);
      },
  },
  /**
   * Creates a hard link. Parameters: `fd`, lookupflags and path of the file; `fd` and path of the link.
   * Errors: `exist`; `perm` for a folder; `xdev` between folders that were granted apart; `mlink`.
   */
  path_link: {
    signature: 'iiiiiii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (
        fd: number,
        lookup: number,
        pointer: number,
        length: number,
        toFd: number,
        toPointer: number,
        toLength: number,
      ) => {
        const from = placeAt(descriptors, memory, { fd, right: RIGHTS.path_link_source, pointer, length, lookup });
        if (typeof from === 'number') return from;
        const target = { fd: toFd, right: RIGHTS.path_link_target, pointer: toPointer, length: toLength };
        const to = placeAt(descriptors, memory, { ...target, lookup: 0 });
        return typeof to === 'number' ? to : linkFile(from, to);
      },
  },
  /**
   * Opens a file or a folder, and creates (oflags 1, with 4 only if it is not there) or cuts (8) a file.
   *
   * Parameters: `fd`, lookupflags, path, oflags (2: only a folder), rights, rights to inherit, fdflags, where the u32 fd goes. Rights
   * that what is opened cannot have are left out.
   * Errors: `inval` for unknown flags, and for creating a folder; `noent`; `exist`; `isdir`; `loop` for a symbolic link that is not
   * followed; `mfile`; `notcapable` for a right that `fd` cannot pass on.
   */
  path_open: {
    signature: 'iiiiiIIii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (
        fd: number,
        flags: number,
        pointer: number,
        length: number,
        oflags: number,
        base: bigint,
        inheriting: bigint,
        fdflags: number,
        result: number,
      ) => {
        const found = folderAt(descriptors, fd, rightsToOpen(oflags));
        if (typeof found === 'number') return found;
        const last = lastLinkOf(flags);
        if (typeof last === 'number') return last;
        const fault = openFault({ oflags, fdflags });
        if (fault !== ERRNO.success) return fault;
        const path = readPath(memory, pointer, length);
        if (typeof path === 'number') return path;
        memory.checkRange(result, 4);
        if (!descriptors.hasRoom) return ERRNO.mfile;
        const opened = open(found, { path, last, oflags, base, inheriting, fdflags });
        if (typeof opened === 'number') return opened;
        memory.writeU32(result, descriptors.add(opened));
        return ERRNO.success;
      },
  },
  /**
   * Reads a symbolic link, as much as there is room for. Parameters: `fd`, path, the buffer and its bytes, where the u32 bytes
   * written go. Errors: `inval` for what is no link; `noent`.
   */
  path_readlink: {
    signature: 'iiiiii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, pointer: number, length: number, buffer: number, limit: number, result: number) => {
        const right = RIGHTS.path_readlink;
        const place = placeAt(descriptors, memory, { fd, right, pointer, length, lookup: 0 });
        if (typeof place === 'number') return place;
        if (place.node === null) return ERRNO.noent;
        if (!(place.node instanceof LinkNode)) return ERRNO.inval;
        const target = Buffer.from(place.node.target).subarray(0, limit >>> 0);
        memory.checkRange(result, 4);
        memory.write(buffer, target);
        memory.writeU32(result, target.length);
        return ERRNO.success;
      },
  },
  /** Removes an empty folder. Parameters: `fd`, path. Errors: `notempty`; `inval` and `busy` for `.` and `..`. */
  path_remove_directory: {
    signature: 'iii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, pointer: number, length: number) => {
        const right = RIGHTS.path_remove_directory;
        const place = placeAt(descriptors, memory, { fd, right, pointer, length, lookup: 0 });
        return typeof place === 'number' ? place : removeFolder(place);
      },
  },
  /**
   * Renames, in the place of what is there. Parameters: `fd` and path of the file; `fd` and path that it gets.
   * Errors: `isdir`, `notdir` and `notempty` for what cannot be replaced; `inval` for a folder into itself; `xdev`; `busy` for `.` and
   * `..`.
   */
  path_rename: {
    signature: 'iiiiii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, pointer: number, length: number, toFd: number, toPointer: number, toLength: number) => {
        const source = { fd, right: RIGHTS.path_rename_source, pointer, length, lookup: 0 };
        const from = placeAt(descriptors, memory, source);
        if (typeof from === 'number') return from;
        const target = { fd: toFd, right: RIGHTS.path_rename_target, pointer: toPointer, length: toLength };
        const to = placeAt(descriptors, memory, { ...target, lookup: 0 });
        return typeof to === 'number' ? to : rename(from, to);
      },
  },
  /**
   * Creates a symbolic link. Parameters: the path that it holds, which precedes `fd`; `fd` and path of the link.
   * Errors: `exist`; `perm` for one that holds an absolute path; `noent` for one that holds none.
   */
  path_symlink: {
    signature: 'iiiii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (targetPointer: number, targetLength: number, fd: number, pointer: number, length: number) => {
        const found = folderAt(descriptors, fd, RIGHTS.path_symlink);
        if (typeof found === 'number') return found;
        const target = readPath(memory, targetPointer, targetLength);
        if (typeof target === 'number') return target;
        const path = readPath(memory, pointer, length);
        if (typeof path === 'number') return path;
        const fault = targetFault(target);
        if (fault !== ERRNO.success) return fault;
        const place = resolve(found.folder, path, 'keep');
        return typeof place === 'number' ? place : createLink(place, target);
      },
  },
  /** Removes a file or a symbolic link. Parameters: `fd`, path. Errors: `isdir`. */
  path_unlink_file: {
    signature: 'iii->i',
    bind:
      ({ host: { memory }, descriptors }) =>
      (fd: number, pointer: number, length: number) => {
        const right = RIGHTS.path_unlink_file;
        const place = placeAt(descriptors, memory, { fd, right, pointer, length, lookup: 0 });
        return typeof place === 'number' ? place : removeFile(place);
      },
  },
};
