/** Guests of one's own for the lab: a folder of apps, as the tenants folder is one. What their right answers are is not known. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest, type Manifest } from '../control/manifest.ts';
import { namedFiles, namedFolders } from '../control/manifest-files.ts';
import { KerbError, systemCode } from '../errors.ts';
import { requestText } from './exchange.ts';
import type { GuestKind, GuestSelf } from './guest-kinds.ts';

/** Keys of a kerb.toml that are the tenant's own: before its first table, for there they are. */
const NAME = /^name\s*=.*$/m;
const HOSTS = /^hosts\s*=\s*\[[^\]]*\].*$/m;

/**
 * The apps in `folder`, by name, each of the same weight. Throws a KerbError: `not_found` for a folder that is not there or has no app,
 * `bad_manifest` for an app's manifest.
 */
export function folderKinds(folder: string): readonly GuestKind[] {
  const kinds = foldersIn(folder).flatMap((name) => {
    const text = textOf(join(folder, name, 'kerb.toml'));
    return text === null ? [] : [kindIn(join(folder, name), text)];
  });
  if (kinds.length > 0) return kinds;
  throw new KerbError('not_found', `${folder} has no folder with a kerb.toml; name one that has some`);
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    throw new KerbError('not_found', `${folder} cannot be read (${systemCode(error)}); name a folder of apps`);
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // A folder that is no app.
  }
}

function kindIn(app: string, text: string): GuestKind {
  const manifest = parseManifest(text, join(app, 'kerb.toml'));
  const files = filesOf(app, manifest);
  return {
    name: manifest.name,
    language: 'not known',
    weight: 1,
    tells: 'not known',
    module: join(app, manifest.main),
    manifest: (self) => ownManifest(text, self, app),
    files: () => files,
    exchange: ({ host }) => ({
      request: requestText({ method: 'GET', target: manifest.path, host }),
      status: null,
      field: null,
      body: null,
    }),
  };
}

/** The manifest with the tenant's name, and the host that this gives it. */
function ownManifest(text: string, { name, host }: GuestSelf, app: string): string {
  const own = text.replace(NAME, `name = "${name}"`).replace(HOSTS, '');
  const { name: told, hosts } = parseManifest(own, join(app, 'kerb.toml'));
  if (told === name && hosts.length === 1 && hosts[0] === host) return own;
  throw new KerbError('bad_manifest', `${app}: its name or hosts cannot be replaced; write each on lines of its own`);
}

/** What the manifest names beside the module, by path. */
function filesOf(app: string, manifest: Manifest): ReadonlyMap<string, Uint8Array> {
  const paths = namedFiles(manifest).map(({ path }) => path);
  for (const folder of namedFolders(manifest))
    for (const entry of readdirSync(join(app, folder), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) paths.push(join(entry.parentPath, entry.name).slice(app.length + 1));
  return new Map(paths.map((path) => [path, readFileSync(join(app, path))]));
}
