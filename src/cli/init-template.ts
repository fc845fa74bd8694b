/** The templates of `kerb init`: what there is, and the files of each. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../setup/places.js';

/** A template, as the list shows it. */
export interface Template {
  /** The folder below `templates/`. */
  readonly name: string;
  /** What the app is written in, and what that takes. */
  readonly summary: string;
  /** What has to be run after a change of the source. */
  readonly build: string;
  /** Where the ABI's binding goes, which is that of the sample apps; `null`: none is needed. */
  readonly binding: string | null;
}

/** Every template. The first is the standard one: npm is there wherever Kerb is. */
export const TEMPLATES: readonly [Template, ...Template[]] = [
  {
    name: 'assemblyscript',
    summary: 'TypeScript-like, built with npm alone',
    build: 'npm install && npm run build',
    binding: 'assembly/http_handler.ts',
  },
  {
    name: 'rust',
    summary: 'no_std, no dependencies; needs cargo and wasm32-unknown-unknown',
    build: 'sh build.sh',
    binding: 'src/http_handler.rs',
  },
  {
    name: 'c',
    summary: 'freestanding; needs clang and wasm-ld, and no WASI SDK',
    build: 'sh build.sh',
    binding: 'http_handler.h',
  },
  {
    name: 'wat',
    summary: 'the text format of WebAssembly; needs wat2wasm, from npm',
    build: 'sh build.sh',
    binding: null,
  },
  {
    name: 'cgi',
    summary: 'a CGI program in Rust with std; needs cargo and wasm32-wasip1',
    build: 'sh build.sh',
    binding: null,
  },
];

/** One file of a new app. */
export interface TemplateFile {
  /** Relative to the app's folder, with `/`. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** Longest name of a tenant. */
const NAME_CHARS = 63;

/** Ending of files in `templates/` that are written without it. */
const HIDDEN = '.template';

const FOLDER = fileURLToPath(new URL('./templates', import.meta.url));
const BINDINGS = join(ROOT, 'tenants/bindings');

/** The files of a template for an app of that name, in order of paths. */
export async function templateFiles(template: Template, name: string): Promise<TemplateFile[]> {
  const folder = join(FOLDER, template.name);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const own = await Promise.all(files.map((file) => templateFile(folder, file, name)));
  const { binding } = template;
  if (binding !== null) own.push({ path: binding, content: await readFile(join(BINDINGS, basename(binding))) });
  return own.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function templateFile(folder: string, file: string, name: string): Promise<TemplateFile> {
  const content = await readFile(file);
  const path = relative(folder, file);
  return {
    path: path.endsWith(HIDDEN) ? path.slice(0, -HIDDEN.length) : path,
    content: path === 'kerb.toml' ? named(content.toString(), name) : content,
  };
}

/** The manifest with its first line, which is the name, replaced. */
function named(manifest: string, name: string): Uint8Array {
  return Buffer.from(manifest.replace(/^name = .*$/m, `name = "${name}"`));
}

/**
 * The name of a tenant made from that of its folder: letters in lower case, each run of other characters than letters and digits as one
 * `-`. `app` where nothing is left.
 */
export function tenantName(folderName: string): string {
  const plain = folderName
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return plain.replace(/^-/, '').slice(0, NAME_CHARS).replace(/-$/, '') || 'app';
}
