/** The folder of a new app: looked at before anything is written, and never written over. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KerbError, systemCode } from '../errors.ts';
import type { TemplateFile } from './init-template.ts';

/** What became of a template's files, by path. */
export interface Written {
  readonly written: readonly string[];
  /** Were there already, and are as they were. */
  readonly kept: readonly string[];
}

/** Names in a folder that count as nothing: a repository that has just been made is empty. */
const NOTHING: ReadonlySet<string> = new Set(['.git']);

/**
 * Whether `folder` is empty or not there. Throws a KerbError `conflict` when it is a file, and `not_found` when it cannot be read.
 */
export async function isEmptyFolder(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).every((name) => NOTHING.has(name));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return true;
    if (code === 'ENOTDIR') throw new KerbError('conflict', `${folder}: is a file; name a folder`);
    throw new KerbError('not_found', `${folder}: cannot be read (${code}); name another folder`);
  }
}

/**
 * Writes the files that are not there yet, with the folders they need. Each is made anew or not at all: a file or link that is there is
 * left alone. Throws a KerbError `conflict` when something in the way makes a file impossible.
 */
export async function addFiles(folder: string, files: readonly TemplateFile[]): Promise<Written> {
  const written: string[] = [];
  const kept: string[] = [];
  for (const file of files) ((await addFile(folder, file)) ? written : kept).push(file.path);
  return { written, kept };
}

async function addFile(folder: string, { path, content }: TemplateFile): Promise<boolean> {
  const target = join(folder, path);
  try {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { flag: 'wx' });
    return true;
  } catch (error) {
    const code = codeOf(error);
    // Said of the folder, `EEXIST` means that a file is in its place.
    if (code === 'EEXIST' && (error as NodeJS.ErrnoException).syscall === 'open') return false;
    throw new KerbError('conflict', `${target}: cannot be written (${code}); make room for it or name another folder`);
  }
}

function codeOf(error: unknown): string {
  return systemCode(error);
}
