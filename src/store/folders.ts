/** Folders that are still there after a power loss. */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { KerbError, systemCode } from '../errors.ts';

/**
 * Makes a folder, only for the process's own user, with those above it that are missing. When it returns, all are on disk. Throws
 * `bad_config` when it cannot be made.
 */
export function makeFolder(path: string): void {
  const folder = resolve(path);
  const first = made(folder);
  if (first === undefined) return;
  for (let at = folder; at.length >= first.length; at = dirname(at)) syncFolder(dirname(at));
}

/** The first folder that was missing. */
function made(folder: string): string | undefined {
  try {
    return mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = systemCode(error);
    throw new KerbError(
      'bad_config',
      `the data folder ${folder} cannot be made (${reason}); choose another with --data`,
    );
  }
}

/** Waits until the names in a folder are on disk: a file's own `fsync` does not cover its name. */
export function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
