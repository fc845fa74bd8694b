/** Paths as guests give them: a folder's descriptor, and text in memory that is relative to it. */
import type { GuestMemory } from '../guest-memory.ts';
import type { Descriptor } from './descriptor.ts';
import type { DescriptorTable } from './descriptors.ts';
import { ERRNO, type Errno } from './errno.ts';
import { MAX_PATH_BYTES } from './files/limits.ts';
import type { FolderNode } from './files/node.ts';
import { resolve, type LastLink, type Place } from './files/resolve.ts';
import { LOOKUP_SYMLINK_FOLLOW } from './typenames.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A folder that is open, with its descriptor. */
export interface FolderAt {
  readonly descriptor: Descriptor;
  readonly folder: FolderNode;
}

/** The folder `fd`. Errors: `badf`; `notdir` when it is none; `notcapable` when `right` is gone. */
export function folderAt(descriptors: DescriptorTable, fd: number, right: number): FolderAt | Errno {
  const descriptor = descriptors.find(fd, right);
  if (typeof descriptor === 'number') return descriptor;
  const { folder } = descriptor;
  return folder === null ? ERRNO.notdir : { descriptor, folder };
}

/**
 * The text of a path. Errors: `nametoolong`; `ilseq` when it is not UTF-8; `inval` for a NUL in it. Ends the guest when memory is out
 * of bounds.
 */
export function readPath(memory: GuestMemory, pointer: number, length: number): string | Errno {
  if (length >>> 0 > MAX_PATH_BYTES) return ERRNO.nametoolong;
  const bytes = memory.read(pointer, length);
  if (bytes.includes(0)) return ERRNO.inval;
  try {
    return UTF8.decode(bytes);
  } catch {
    return ERRNO.ilseq;
  }
}

/** A path in guest memory and what it is relative to. */
export interface PathArgument {
  readonly fd: number;
  readonly right: number;
  readonly pointer: number;
  readonly length: number;
  /** `lookupflags`. */
  readonly lookup: number;
}

/** Where a path leads. Errors: as {@link folderAt}, {@link lastLinkOf}, {@link readPath} and {@link resolve}. */
export function placeAt(
  descriptors: DescriptorTable,
  memory: GuestMemory,
  { fd, right, pointer, length, lookup }: PathArgument,
): Place | Errno {
  const found = folderAt(descriptors, fd, right);
  if (typeof found === 'number') return found;
  const last = lastLinkOf(lookup);
  if (typeof last === 'number') return last;
  const path = readPath(memory, pointer, length);
  return typeof path === 'number' ? path : resolve(found.folder, path, last);
}

/** What `lookupflags` say of a link at the end. Errors: `inval` for unknown bits. */
export function lastLinkOf(flags: number): LastLink | Errno {
  if ((flags & ~LOOKUP_SYMLINK_FOLLOW) !== 0) return ERRNO.inval;
  return flags === 0 ? 'keep' : 'follow';
}
