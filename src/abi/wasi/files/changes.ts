/**
 * Changes of folders: what is made, linked, renamed and removed in them. Each answers an errno, and changes nothing unless that is
 * `success`.
 */
import { Buffer } from 'node:buffer';
import { ERRNO, type Errno } from '../errno.ts';
import { MAX_HARD_LINKS, NAME_COST_BYTES } from './limits.ts';
import { FileNode, FolderNode, LinkNode, refuseReadOnly, type Node } from './node.ts';
import type { Place } from './resolve.ts';

/** A place where something can be made: its folder, and that nothing is there yet. */
interface Vacancy {
  readonly parent: FolderNode;
  readonly name: string;
}

/** Errors: `exist`; `rofs`; `noent` in a folder that was removed; `nospc`. */
function vacancyAt({ parent, name, node }: Place): Vacancy | Errno {
  if (node !== null || parent === null) return ERRNO.exist;
  if (parent.volume.access === 'read') return ERRNO.rofs;
  if (parent.removed) return ERRNO.noent;
  const errno = parent.volume.take(NAME_COST_BYTES);
  return errno === ERRNO.success ? { parent, name } : errno;
}

function put({ parent, name }: Vacancy, node: Node): void {
  parent.set(name, node);
  parent.modified();
}

/** Creates a folder. Errors: as {@link vacancyAt}. */
export function createFolder(place: Place): Errno {
  const vacancy = vacancyAt(place);
  if (typeof vacancy === 'number') return vacancy;
  put(vacancy, new FolderNode(vacancy.parent.volume, vacancy.parent));
  return ERRNO.success;
}

/** Creates an empty file. Errors: as {@link vacancyAt}, and `isdir` when the path ends in a slash. */
export function createFile(place: Place): FileNode | Errno {
  if (place.asFolder) return ERRNO.isdir;
  const vacancy = vacancyAt(place);
  if (typeof vacancy === 'number') return vacancy;
  const { volume } = vacancy.parent;
  const file = new FileNode(volume, volume.newContent());
  file.names = 1;
  put(vacancy, file);
  return file;
}

/** Creates a symbolic link. Errors: as {@link vacancyAt}; `noent` when the path ends in a slash; `nospc`. */
export function createLink(place: Place, target: string): Errno {
  if (place.node === null && place.asFolder) return ERRNO.noent;
  const vacancy = vacancyAt(place);
  if (typeof vacancy === 'number') return vacancy;
  const { volume } = vacancy.parent;
  const errno = volume.take(Buffer.byteLength(target));
  if (errno !== ERRNO.success) {
    volume.give(NAME_COST_BYTES);
    return errno;
  }
  const link = new LinkNode(volume, target);
  link.names = 1;
  put(vacancy, link);
  return ERRNO.success;
}

/**
 * Gives a file one more name. Errors: as {@link vacancyAt}; `noent` when there is no file; `perm` for a folder; `xdev` for
 * another volume; `mlink`.
 */
export function linkFile({ node }: Place, place: Place): Errno {
  if (node === null) return ERRNO.noent;
  if (node instanceof FolderNode) return ERRNO.perm;
  if (place.node === null && place.asFolder) return ERRNO.noent;
  if (place.parent !== null && place.parent.volume !== node.volume) return ERRNO.xdev;
  if (node.names >= MAX_HARD_LINKS) return ERRNO.mlink;
  const vacancy = vacancyAt(place);
  if (typeof vacancy === 'number') return vacancy;
  node.names += 1;
  node.changed();
  put(vacancy, node);
  return ERRNO.success;
}

/** Takes the name of a file or a symbolic link away. Errors: `noent`; `isdir`; `rofs`; `notdir` when the path ends in a slash. */
export function removeFile({ parent, name, node, asFolder }: Place): Errno {
  if (node === null) return ERRNO.noent;
  if (node instanceof FolderNode || parent === null) return ERRNO.isdir;
  if (asFolder) return ERRNO.notdir;
  const errno = refuseReadOnly(parent.volume);
  if (errno !== ERRNO.success) return errno;
  detach(parent, name, node);
  return ERRNO.success;
}

/** Removes an empty folder. Errors: `noent`; `notdir`; `rofs`; `notempty`; `inval` for `.`, `busy` for `..` and for a root. */
export function removeFolder({ parent, name, node }: Place): Errno {
  if (node === null) return ERRNO.noent;
  if (!(node instanceof FolderNode)) return ERRNO.notdir;
  if (parent === null) return name === '.' ? ERRNO.inval : ERRNO.busy;
  const errno = refuseReadOnly(parent.volume);
  if (errno !== ERRNO.success) return errno;
  if (node.count > 0) return ERRNO.notempty;
  detach(parent, name, node);
  return ERRNO.success;
}

/** Takes a name away and gives back what nobody needs any more. */
function detach(parent: FolderNode, name: string, node: Node): void {
  parent.remove(name);
  parent.modified();
  parent.volume.give(NAME_COST_BYTES);
  release(node);
}

function release(node: Node): void {
  node.changed();
  if (node instanceof FolderNode) {
    node.orphan();
    return;
  }
  node.names -= 1;
  if (node instanceof FileNode) node.settle();
  else if (node.names === 0) node.volume.give(node.size);
}

/**
 * Gives what is at one place the name of another, in the place of what is there. Errors: `noent`; `rofs`; `xdev`; `inval` for a folder
 * that would be inside itself; `busy` for `.` and `..`; `notdir`, `isdir` and `notempty` when what is there cannot be replaced.
 */
export function rename(from: Place, to: Place): Errno {
  const { parent, name, node } = from;
  if (node === null) return ERRNO.noent;
  if (parent === null || to.parent === null) return ERRNO.busy;
  if (parent.volume !== to.parent.volume) return ERRNO.xdev;
  const errno = refuseReadOnly(parent.volume) || replaceFault(node, to);
  if (errno !== ERRNO.success) return errno;
  if (to.node === node) return ERRNO.success;
  if (to.parent.removed) return ERRNO.noent;
  if (to.node !== null) detach(to.parent, to.name, to.node);
  parent.remove(name);
  parent.modified();
  put({ parent: to.parent, name: to.name }, node);
  if (node instanceof FolderNode) node.parent = to.parent;
  node.changed();
  return ERRNO.success;
}

/** Why `node` cannot take a place. */
function replaceFault(node: Node, { parent, node: other, asFolder }: Place): Errno {
  if (!(node instanceof FolderNode)) {
    if (other instanceof FolderNode) return ERRNO.isdir;
    return asFolder ? ERRNO.notdir : ERRNO.success;
  }
  if (parent !== null && isInside(parent, node)) return ERRNO.inval;
  if (other === null || other === node) return ERRNO.success;
  if (!(other instanceof FolderNode)) return ERRNO.notdir;
  return other.count > 0 ? ERRNO.notempty : ERRNO.success;
}

function isInside(folder: FolderNode, ancestor: FolderNode): boolean {
  for (let at = folder; ; at = at.parent) {
    if (at === ancestor) return true;
    if (at.parent === at) return false;
  }
}
