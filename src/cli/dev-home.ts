/** The folders that the server of `kerb dev` works in: a tenants folder with the one app, and a place for state. */
import { rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { inspect } from '../control/tenants-folder-read.ts';
import { KerbError } from '../errors.ts';

/** Whether the server sees changes of the app, or the app as it was at the start. */
export type AppView = 'live' | 'frozen';

/** Temporary folders; everything in them is lost with them. */
export interface DevHome {
  /** For `--tenants`. */
  readonly tenants: string;
  /** For `--data`, unless the user keeps one. */
  readonly data: string;
  /** The app as the server calls it in its messages. */
  readonly app: string;
  /** Deletes everything that was made; the app itself is only linked to. */
  remove(): Promise<void>;
}

/** Makes the folders for the app in `folder`, which exists. */
export async function makeHome(folder: string, view: AppView): Promise<DevHome> {
  const root = await mkdtemp(join(tmpdir(), 'kerb-dev-'));
  // However this process ends, short of being killed: a reader of its output that goes away ends it too.
  const atExit = (): void => rmSync(root, { recursive: true, force: true });
  process.once('exit', atExit);
  const remove = async (): Promise<void> => {
    process.off('exit', atExit);
    await rm(root, { recursive: true, force: true });
  };
  try {
    const home = await realpath(folder);
    // A hidden folder is no app to a server, and the root of a disk has no name.
    const app = join(root, 'tenants', basename(home).replace(/^\.*/, '') || 'app');
    await mkdir(dirname(app));
    await (view === 'live' ? symlink(home, app) : copyApp(home, app));
    return { tenants: dirname(app), data: join(root, 'data'), app, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Copies what a deployment is made from, and nothing else: an app's folder may hold gigabytes of build. */
async function copyApp(from: string, to: string): Promise<void> {
  const { manifest, parts } = await inspect(from);
  const folders = manifest === null || manifest instanceof KerbError ? [] : manifest.files.map(({ folder }) => folder);
  for (const part of [...parts, ...folders.map((folder) => join(from, folder))]) {
    // What is not there, the server says.
    await cp(part, join(to, relative(from, part)), { recursive: true }).catch(() => undefined);
  }
}
