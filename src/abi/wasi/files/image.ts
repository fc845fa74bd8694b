/** A granted folder as a tree of nodes. */
import type { GrantedEntry, GrantedFolder } from '../../../capability/files.ts';
import { ERRNO, type Errno } from '../errno.ts';
import { FixedContent, type FileContent } from './content.ts';
import { FileNode, FolderNode, LinkNode, type Node, type Volume } from './node.ts';

/** Nothing is made on an image. */
const NO_CONTENT = new FixedContent(new Uint8Array(0));

/** A volume that is only read: the same for every guest of a deployment. */
export class ImageVolume implements Volume {
  readonly access = 'read';
  readonly device: number;
  readonly root: FolderNode;
  readonly #madeNs: bigint;
  #inodes = 0;

  /** Throws `TypeError` when an entry stands before its folder: the grant is broken. */
  constructor({ madeMs, bytes, entries }: GrantedFolder, device: number) {
    this.device = device;
    this.#madeNs = BigInt(Math.floor(madeMs)) * 1_000_000n;
    this.root = new FolderNode(this);
    const folders = new Map([['', this.root]]);
    for (const entry of entries) this.#add(entry, bytes, folders);
  }

  nowNs(): bigint {
    return this.#madeNs;
  }

  nextInode(): number {
    return (this.#inodes += 1);
  }

  take(): Errno {
    return ERRNO.rofs;
  }

  give(): void {}

  newContent(): FileContent {
    return NO_CONTENT;
  }

  #add(entry: GrantedEntry, bytes: SharedArrayBuffer, folders: Map<string, FolderNode>): void {
    const cut = entry.path.lastIndexOf('/');
    const parent = folders.get(entry.path.slice(0, Math.max(cut, 0)));
    if (parent === undefined) throw new TypeError(`a granted folder has an entry before its folder: ${entry.path}`);
    const node = this.#node(entry, parent, bytes);
    if (node instanceof FolderNode) folders.set(entry.path, node);
    else node.names = 1;
    parent.set(entry.path.slice(cut + 1), node);
  }

  #node(entry: GrantedEntry, parent: FolderNode, bytes: SharedArrayBuffer): Node {
    switch (entry.kind) {
      case 'folder':
        return new FolderNode(this, parent);
      case 'link':
        return new LinkNode(this, entry.target);
      case 'file':
        return new FileNode(this, new FixedContent(new Uint8Array(bytes, entry.offset, entry.length)));
    }
  }
}

const IMAGES = new WeakMap<GrantedFolder, ImageVolume>();

/** The tree of a granted folder: made once on each thread. `device` must be the same each time. */
export function imageOf(folder: GrantedFolder, device: number): ImageVolume {
  const known = IMAGES.get(folder);
  if (known !== undefined) return known;
  const image = new ImageVolume(folder, device);
  IMAGES.set(folder, image);
  return image;
}
