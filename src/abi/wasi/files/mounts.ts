/** The folders that a guest finds open when it begins. */
import type { FileGrants } from '../../../capability/files.ts';
import { imageOf } from './image.ts';
import type { FolderNode } from './node.ts';
import { ScratchVolume, type ScratchHost } from './scratch.ts';

/** Where a guest sees its scratch folder. */
export const SCRATCH_PATH = '/tmp';

/** A folder and the path that the guest knows it by. */
export interface Mount {
  readonly path: string;
  readonly root: FolderNode;
}

/** The first device: that of streams is 0. */
const FIRST_DEVICE = 1;

/** What was granted as folders: images in the order of the manifest, and behind them a scratch folder that is empty. */
export function mountsOf({ folders, scratchBytes }: FileGrants, host: ScratchHost): Mount[] {
  const images = folders.map((folder, index) => ({
    path: folder.guest,
    root: imageOf(folder, FIRST_DEVICE + index).root,
  }));
  if (scratchBytes === 0) return images;
  const scratch = new ScratchVolume(host, FIRST_DEVICE + folders.length, scratchBytes);
  return [...images, { path: SCRATCH_PATH, root: scratch.root }];
}
