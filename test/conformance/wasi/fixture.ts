/** A folder of the suite, copied into a file system in memory that the case may change. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFile, createFolder } from '../../../src/abi/wasi/files/changes.ts';
import { FolderNode } from '../../../src/abi/wasi/files/node.ts';
import { resolve, type Place } from '../../../src/abi/wasi/files/resolve.ts';
import { ScratchVolume, type ScratchHost } from '../../../src/abi/wasi/files/scratch.ts';

const QUOTA_BYTES = 16 * 1024 * 1024;
const DEVICE = 1;

/** A copy of a host folder. */
export function loadFixture(folder: string, host: ScratchHost): FolderNode {
  const { root } = new ScratchVolume(host, DEVICE, QUOTA_BYTES);
  copyInto(root, folder);
  return root;
}

function copyInto(into: FolderNode, folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const place = placeOf(into, entry.name);
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      createFolder(place);
      const made = into.get(entry.name);
      if (made instanceof FolderNode) copyInto(made, path);
    } else if (entry.isFile()) {
      const file = createFile(place);
      if (typeof file === 'number') throw new Error(`${path} cannot be copied: errno ${file}`);
      file.content.write(0, readFileSync(path));
    }
  }
}

function placeOf(into: FolderNode, name: string): Place {
  const place = resolve(into, name, 'keep');
  if (typeof place === 'number') throw new Error(`${name} cannot be made: errno ${place}`);
  return place;
}
