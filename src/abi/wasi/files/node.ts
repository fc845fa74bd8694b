/** What is in a file system: files, folders and symbolic links, on volumes. */
import { Buffer } from 'node:buffer';
import { FILETYPE, type Filetype } from '../typenames.ts';
import { ERRNO, type Errno } from '../errno.ts';
import type { FileContent } from './content.ts';

/** A file system: what nodes share. */
export interface Volume {
  /** Differs from that of every other volume of the guest. */
  readonly device: number;
  /** Whether anything on it may be changed. */
  readonly access: 'read' | 'write';
  /** The time to note for a change, in nanoseconds since the epoch. */
  nowNs(): bigint;
  /** A number for a new node. */
  nextInode(): number;
  /** Sets room aside; `nospc` when there is none. Throws when the process has none. */
  take(bytes: number): Errno;
  /** Gives room back. */
  give(bytes: number): void;
  /** The content of a new file, which takes its room from here. */
  newContent(): FileContent;
}

/** Attributes of a node, or of a descriptor without one. */
export interface Stat {
  readonly device: number;
  readonly inode: number;
  readonly filetype: Filetype;
  readonly links: number;
  readonly size: number;
  readonly atimNs: bigint;
  readonly mtimNs: bigint;
  readonly ctimNs: bigint;
}

/** The attributes that every node has. */
abstract class BaseNode {
  readonly volume: Volume;
  readonly inode: number;
  abstract readonly filetype: Filetype;
  /** Access, modification and change, in nanoseconds since the epoch. */
  atimNs: bigint;
  mtimNs: bigint;
  ctimNs: bigint;

  constructor(volume: Volume) {
    this.volume = volume;
    this.inode = volume.nextInode();
    this.atimNs = this.mtimNs = this.ctimNs = volume.nowNs();
  }

  abstract get links(): number;
  abstract get size(): number;

  stat(): Stat {
    const { volume, inode, filetype, links, size, atimNs, mtimNs, ctimNs } = this;
    return { device: volume.device, inode, filetype, links, size, atimNs, mtimNs, ctimNs };
  }

  /** Notes that its attributes have changed. */
  changed(): void {
    this.ctimNs = this.volume.nowNs();
  }

  /** Notes that its content has changed. */
  modified(): void {
    this.mtimNs = this.ctimNs = this.volume.nowNs();
  }
}

/** A regular file. */
export class FileNode extends BaseNode {
  readonly filetype = FILETYPE.regular_file;
  readonly content: FileContent;
  /** Names that lead to it. */
  names = 0;
  /** Descriptors that are open on it. Not counted on a volume that is only read. */
  opens = 0;

  constructor(volume: Volume, content: FileContent) {
    super(volume);
    this.content = content;
  }

  get links(): number {
    return this.names;
  }

  get size(): number {
    return this.content.size;
  }

  /** Drops its content when neither a name nor a descriptor leads to it any more. */
  settle(): void {
    if (this.names === 0 && this.opens === 0) this.content.drop();
  }
}

/** A symbolic link. */
export class LinkNode extends BaseNode {
  readonly filetype = FILETYPE.symbolic_link;
  readonly target: string;
  readonly size: number;
  /** Names that lead to it. */
  names = 0;

  constructor(volume: Volume, target: string) {
    super(volume);
    this.target = target;
    this.size = Buffer.byteLength(target);
  }

  get links(): number {
    return this.names;
  }
}

/** A name in a folder. `cookie` is its position: positions only grow, so that a listing goes on behind one that is gone. */
export interface FolderEntry {
  readonly name: string;
  readonly node: Node;
  readonly cookie: number;
}

/** A place in the order of a folder, and the name that it was given to. */
type Position = Omit<FolderEntry, 'node'>;

/** Positions 1 and 2 are behind `.` and `..`. */
const FIRST_COOKIE = 3;

/** A folder. */
export class FolderNode extends BaseNode {
  readonly filetype = FILETYPE.directory;
  readonly links = 1;
  readonly size = 0;
  /** The folder that it is in; itself for a root, and for one that was removed. */
  parent: FolderNode;
  #removed = false;
  readonly #byName = new Map<string, FolderEntry>();
  /** In order; also some of names that are gone, of which nothing else may be kept: their room has been given back. */
  #positions: Position[] = [];
  #nextCookie = FIRST_COOKIE;

  /** A root without `parent`. */
  constructor(volume: Volume, parent?: FolderNode) {
    super(volume);
    this.parent = parent ?? this;
  }

  /** Whether it has been removed: nothing can be made in it. */
  get removed(): boolean {
    return this.#removed;
  }

  /** Notes that its name is gone. A descriptor that is open on it keeps none of the folders that it was in. */
  orphan(): void {
    this.#removed = true;
    this.parent = this;
  }

  /** How many names are in it. */
  get count(): number {
    return this.#byName.size;
  }

  /** What has that name. */
  get(name: string): Node | null {
    return this.#byName.get(name)?.node ?? null;
  }

  /** Gives a node a name that nothing has. */
  set(name: string, node: Node): void {
    const cookie = this.#nextCookie;
    this.#byName.set(name, { name, node, cookie });
    this.#positions.push({ name, cookie });
    this.#nextCookie += 1;
  }

  /** Takes a name away. */
  remove(name: string): void {
    this.#byName.delete(name);
    if (this.#positions.length > 2 * this.#byName.size + 1)
      this.#positions = this.#positions.filter((position) => this.#entryAt(position) !== null);
  }

  /** Names behind a position, in order. */
  *entriesAfter(cookie: bigint): Generator<FolderEntry> {
    for (let index = this.#firstAfter(cookie); index < this.#positions.length; index += 1) {
      const position = this.#positions[index];
      const entry = position === undefined ? null : this.#entryAt(position);
      if (entry !== null) yield entry;
    }
  }

  /** What has the position; `null`: its name is gone, or has another since. */
  #entryAt({ name, cookie }: Position): FolderEntry | null {
    const entry = this.#byName.get(name);
    return entry?.cookie === cookie ? entry : null;
  }

  /** Found by halving: a folder may be listed name by name. */
  #firstAfter(cookie: bigint): number {
    let [low, high] = [0, this.#positions.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (BigInt(this.#positions[middle]?.cookie ?? 0) > cookie) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Anything that has a name. */
export type Node = FileNode | FolderNode | LinkNode;

/** `rofs` for a volume that is only read. */
export function refuseReadOnly({ access }: Volume): Errno {
  return access === 'read' ? ERRNO.rofs : ERRNO.success;
}

/** Times to set, in nanoseconds since the epoch; `null`: stays. */
export interface Times {
  readonly atimNs: bigint | null;
  readonly mtimNs: bigint | null;
}

/** Sets times of a node. Errors: `rofs`. */
export function setTimes(node: Node, { atimNs, mtimNs }: Times): Errno {
  const errno = refuseReadOnly(node.volume);
  if (errno !== ERRNO.success) return errno;
  node.atimNs = atimNs ?? node.atimNs;
  node.mtimNs = mtimNs ?? node.mtimNs;
  node.changed();
  return ERRNO.success;
}
