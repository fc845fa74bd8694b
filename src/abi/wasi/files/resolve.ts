/** From the path of a guest to a place in a file system. */
import { Buffer } from 'node:buffer';
import { ERRNO, type Errno } from '../errno.ts';
import { MAX_LINKS, MAX_NAME_BYTES, MAX_PATH_BYTES } from './limits.ts';
import { FolderNode, LinkNode, type Node } from './node.ts';

/** Where a path leads. */
export interface Place {
  /** The folder that the last name is in; `null` when the path ends in `.` or `..`, which nothing can be made at or removed. */
  readonly parent: FolderNode | null;
  readonly name: string;
  /** What is there; `null`: nothing. */
  readonly node: Node | null;
  /** Whether the path ends in a slash: only a folder may be there. */
  readonly asFolder: boolean;
}

/** Whether a symbolic link at the end of a path is followed. */
export type LastLink = 'follow' | 'keep';

/**
 * Walks a path from `base`, which it never leaves upwards.
 *
 * Errors: `noent` for an empty path and a name that is not there, unless it is the last; `perm` for an absolute path or link, and for
 * `..` above `base`; `notdir` when something else than a folder is walked through or is followed by a slash; `loop` for too many
 * links; `nametoolong`.
 */
export function resolve(base: FolderNode, path: string, last: LastLink): Place | Errno {
  if (path === '') return ERRNO.noent;
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return ERRNO.nametoolong;
  if (path.startsWith('/')) return ERRNO.perm;
  return new Walk(base, path, last).run();
}

/** Whether a symbolic link may hold `target`: what leads out of every folder from the start is refused when it is made. */
export function targetFault(target: string): Errno {
  if (target === '') return ERRNO.noent;
  if (Buffer.byteLength(target) > MAX_PATH_BYTES) return ERRNO.nametoolong;
  return target.startsWith('/') ? ERRNO.perm : ERRNO.success;
}

/** One walk. */
class Walk {
  readonly #base: FolderNode;
  readonly #last: LastLink;
  #at: FolderNode;
  /** Names that are still to be walked, the next one at the end. */
  readonly #rest: string[] = [];
  #asFolder = false;
  #links = 0;

  constructor(base: FolderNode, path: string, last: LastLink) {
    this.#base = base;
    this.#at = base;
    this.#last = last;
    this.#push(path);
  }

  run(): Place | Errno {
    for (let name = this.#rest.pop(); name !== undefined; name = this.#rest.pop()) {
      const found = name === '.' || name === '..' ? this.#dots(name) : this.#step(name);
      if (found !== null) return found;
    }
    return { parent: null, name: '.', node: this.#at, asFolder: true };
  }

  get #isLast(): boolean {
    return this.#rest.length === 0;
  }

  #dots(name: '.' | '..'): Place | Errno | null {
    if (name === '..') {
      if (this.#at === this.#base) return ERRNO.perm;
      this.#at = this.#at.parent;
    }
    return this.#isLast ? { parent: null, name, node: this.#at, asFolder: true } : null;
  }

  #step(name: string): Place | Errno | null {
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) return ERRNO.nametoolong;
    const node = this.#at.get(name);
    if (node === null && !this.#isLast) return ERRNO.noent;
    if (node instanceof LinkNode && (!this.#isLast || this.#asFolder || this.#last === 'follow'))
      return this.#follow(node);
    if (this.#isLast) return this.#arrive(name, node);
    if (!(node instanceof FolderNode)) return ERRNO.notdir;
    this.#at = node;
    return null;
  }

  #arrive(name: string, node: Node | null): Place | Errno {
    if (this.#asFolder && node !== null && !(node instanceof FolderNode)) return ERRNO.notdir;
    return { parent: this.#at, name, node, asFolder: this.#asFolder };
  }

  #follow({ target }: LinkNode): Errno | null {
    this.#links += 1;
    if (this.#links > MAX_LINKS) return ERRNO.loop;
    if (target.startsWith('/')) return ERRNO.perm;
    this.#push(target);
    return null;
  }

  /** Puts the names of a path before what is left. A slash at its end counts only where nothing is left. */
  #push(path: string): void {
    if (this.#isLast && path.endsWith('/')) this.#asFolder = true;
    const names = path.split('/').filter((name) => name !== '');
    for (let index = names.length - 1; index >= 0; index -= 1) this.#rest.push(names[index] ?? '');
  }
}
