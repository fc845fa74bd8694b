/** App folders for tests. */
import { chmod, mkdir, mkdtemp, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** An empty module: the magic number and the version. */
export const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

export const MANIFEST = [
  'name = "hello"',
  'main = "build/hello.wasm"',
  'path = "/app"',
  'config = { file = "conf.json" }',
  '[files]',
  '"/content" = "./public"',
  '',
].join('\n');

/** What the manifest names, and more. */
export const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'kerb.toml': MANIFEST,
  'build/hello.wasm': MODULE,
  'build/hello.o': 'not named',
  'conf.json': '{}',
  'public/index.html': '<p>',
  'public/deep/er/ü.txt': 'ü',
  'public/b.txt': '',
  'src/main.rs': 'not named',
  '.env': 'SECRET=1',
};

/** Writes `files` into a new folder; `mode` and `time` are those of every file. */
export async function appFolder(
  files: Readonly<Record<string, string | Uint8Array>> = FILES,
  { mode = 0o644, time = new Date() }: { mode?: number; time?: Date } = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kerb-app-'));
  for (const [path, content] of Object.entries(files)) {
    const place = join(folder, path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, content);
    await chmod(place, mode);
    await utimes(place, time, time);
  }
  return folder;
}
