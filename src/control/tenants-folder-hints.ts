/** Hints that something in a set of folders changed. They may be missed or come in vain: only a scan knows. */
import { watch, type FSWatcher } from 'node:fs';

interface Followed {
  readonly identity: string;
  readonly watcher: FSWatcher;
}

/**
 * Watches folders one by one, not recursively: a recursive watch throws out of its own event callback when the system's
 * watches run out, which would end the process, and would cover build folders with thousands of entries.
 */
export class FolderHints {
  readonly #onHint: () => void;
  readonly #followed = new Map<string, Followed>();

  constructor(onHint: () => void) {
    this.#onHint = onHint;
  }

  /**
   * Watches exactly the folders of `identities` (identity by path). One that was replaced under the same path is watched
   * anew. A folder that cannot be watched (gone, or no watches left) is passed over and tried again next time.
   */
  follow(identities: ReadonlyMap<string, string>): void {
    for (const [path, { identity }] of this.#followed) if (identities.get(path) !== identity) this.#drop(path);
    for (const [path, identity] of identities) if (!this.#followed.has(path)) this.#add(path, identity);
  }

  /** Ends all watching. */
  close(): void {
    this.follow(new Map());
  }

  #add(path: string, identity: string): void {
    try {
      const watcher = watch(path, { persistent: false }, this.#onHint);
      watcher.on('error', () => this.#drop(path));
      this.#followed.set(path, { identity, watcher });
    } catch {
      // Without a hint the change is found by the next periodic scan.
    }
  }

  #drop(path: string): void {
    this.#followed.get(path)?.watcher.close();
    this.#followed.delete(path);
  }
}
