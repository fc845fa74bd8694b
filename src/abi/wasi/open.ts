/** Opening: what `path_open` asks for, and the descriptor that it gets. */
import { createFile } from './files/changes.ts';
import { FileNode, FolderNode, refuseReadOnly } from './files/node.ts';
import { resolve, type LastLink, type Place } from './files/resolve.ts';
import type { Descriptor } from './descriptor.ts';
import { ERRNO, type Errno } from './errno.ts';
import { FILE_RIGHTS, OpenFile } from './open-file.ts';
import { FOLDER_RIGHTS, OpenFolder } from './open-folder.ts';
import type { FolderAt } from './path-argument.ts';
import { allBits, FDFLAGS, OFLAGS, RIGHTS } from './typenames.ts';

const ALL_OFLAGS = allBits(OFLAGS);
const ALL_FDFLAGS = allBits(FDFLAGS);
const ALL_RIGHTS = allBits(RIGHTS);

/** What a guest asks for, as numbers that it sent. */
export interface OpenRequest {
  readonly path: string;
  readonly last: LastLink;
  readonly oflags: number;
  readonly base: bigint;
  readonly inheriting: bigint;
  readonly fdflags: number;
}

/** Errors: `inval` for unknown flags, and for creating a folder this way. */
export function openFault({ oflags, fdflags }: Pick<OpenRequest, 'oflags' | 'fdflags'>): Errno {
  if ((oflags & ~ALL_OFLAGS) !== 0 || (fdflags & ~ALL_FDFLAGS) !== 0) return ERRNO.inval;
  return hasAll(oflags, OFLAGS.creat | OFLAGS.directory) ? ERRNO.inval : ERRNO.success;
}

/** The rights that opening with `oflags` takes on the folder. */
export function rightsToOpen(oflags: number): number {
  const creates = (oflags & OFLAGS.creat) !== 0 ? RIGHTS.path_create_file : 0;
  const cuts = (oflags & OFLAGS.trunc) !== 0 ? RIGHTS.path_filestat_set_size : 0;
  return RIGHTS.path_open | creates | cuts;
}

/**
 * Opens, and creates and cuts where that is asked for.
 *
 * Errors: as {@link resolve} and {@link createFile}; `noent`; `exist`; `loop` for a symbolic link that is not followed; `notdir`; `isdir`
 * for a folder that is to be written, cut or created; `rofs`; `notcapable` for a right that what is opened can have and the
 * folder cannot pass on.
 */
export function open({ descriptor, folder }: FolderAt, request: OpenRequest): Descriptor | Errno {
  const { oflags, path } = request;
  const exclusive = hasAll(oflags, OFLAGS.creat | OFLAGS.excl);
  const place = resolve(folder, path, exclusive ? 'keep' : request.last);
  if (typeof place === 'number') return place;
  if (place.node !== null && exclusive) return ERRNO.exist;
  const granted = descriptor.inheriting;
  if (place.node instanceof FolderNode) return openFolder(place.node, request, granted);
  return openFile(place, request, granted);
}

function openFolder(node: FolderNode, request: OpenRequest, granted: number): Descriptor | Errno {
  const { oflags, base } = request;
  const writes = (bitsOf(base) & RIGHTS.fd_write) !== 0;
  if (writes || (oflags & (OFLAGS.creat | OFLAGS.trunc)) !== 0) return ERRNO.isdir;
  return isGranted(request, FOLDER_RIGHTS, granted)
    ? equipped(new OpenFolder(node, null), request, granted)
    : ERRNO.notcapable;
}

function openFile(place: Place, request: OpenRequest, granted: number): Descriptor | Errno {
  const fault = fileFault(place, request);
  if (fault !== ERRNO.success) return fault;
  if (!isGranted(request, FILE_RIGHTS, granted)) return ERRNO.notcapable;
  const node = place.node instanceof FileNode ? place.node : createFile(place);
  if (typeof node === 'number') return node;
  if ((request.oflags & OFLAGS.trunc) !== 0 && node.size > 0) {
    node.content.resize(0);
    node.modified();
  }
  const file = equipped(new OpenFile(node), request, granted);
  file.inheriting = 0;
  return file;
}

/** Why there is no file to open at a place. */
function fileFault({ node }: Place, { oflags, base }: OpenRequest): Errno {
  if (node === null) return (oflags & OFLAGS.creat) === 0 ? ERRNO.noent : ERRNO.success;
  if (!(node instanceof FileNode)) return ERRNO.loop;
  if ((oflags & OFLAGS.directory) !== 0) return ERRNO.notdir;
  const writes = (bitsOf(base) & RIGHTS.fd_write) !== 0 || (oflags & OFLAGS.trunc) !== 0;
  return writes ? refuseReadOnly(node.volume) : ERRNO.success;
}

/** Whether every right that is asked for and that the kind can have may be passed on. Others are just not given. */
function isGranted({ base }: OpenRequest, kindRights: number, granted: number): boolean {
  return (bitsOf(base) & kindRights & ~granted) === 0;
}

/** A descriptor with the rights and flags that were asked for, as far as its kind has them. */
function equipped<D extends Descriptor>(descriptor: D, { base, inheriting, fdflags }: OpenRequest, granted: number): D {
  descriptor.rights = bitsOf(base) & descriptor.kindRights;
  descriptor.inheriting = bitsOf(inheriting) & granted;
  descriptor.flags = fdflags & descriptor.kindFlags;
  return descriptor;
}

/** Rights as a number: bits that mean nothing are left out. */
function bitsOf(rights: bigint): number {
  return Number(BigInt.asUintN(32, rights)) & ALL_RIGHTS;
}

function hasAll(flags: number, wanted: number): boolean {
  return (flags & wanted) === wanted;
}
