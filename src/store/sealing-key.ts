/** The key that values are sealed with: given in the environment, or kept in a file that only the process's own user can read. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { KerbError, systemCode } from '../errors.ts';
import { makeFolder, syncFolder } from './folders.ts';
import { SEALING_KEY_BYTES, sealerOf, type Sealer } from './sealer.ts';

/** The environment variable that holds the key: 32 bytes as base64url (RFC 4648 section 5). */
export const SEALING_KEY_VARIABLE = 'KERB_SECRETS_KEY';

/** 32 bytes as base64url without padding. */
const KEY_TEXT = /^[A-Za-z0-9_-]{43}$/;
/** A key file is 43 characters and a line end; more than so many bytes of any file are not read. */
const FILE_BYTES = 1_024;
const PRIVATE = 0o600;
const OTHERS = 0o077;

/**
 * The sealer with the key that `text`, the value of {@link SEALING_KEY_VARIABLE}, gives; without one, with the key in `file`, which is
 * made with a random key when it is not there. The file holds the same text as the variable would.
 *
 * Throws `bad_config` for a malformed key, for a file that others may read, and for one that cannot be read or made. No message
 * holds any of the key.
 */
export function openSealer(file: string, text: string | undefined): Sealer {
  if (text !== undefined) return sealerOf(keyOf(text, SEALING_KEY_VARIABLE));
  return sealerOf(keyOf(kept(file) ?? made(file), file));
}

function keyOf(text: string, source: string): Uint8Array {
  const key = Buffer.from(KEY_TEXT.test(text.trim()) ? text.trim() : '', 'base64url');
  if (key.length === SEALING_KEY_BYTES) return key;
  const expected = `${SEALING_KEY_BYTES} bytes as base64url, 43 characters`;
  throw new KerbError('bad_config', `${source} does not hold a key for secrets; give it ${expected}, or leave it out`);
}

/** The text in the file; `null` when there is no file. */
function kept(file: string): string | null {
  const descriptor = opened(file);
  if (descriptor === null) return null;
  try {
    acceptFile(file, descriptor);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** A pipe in the file's place is not waited for. */
function opened(file: string): number | null {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw new KerbError('bad_config', `${file} cannot be read (${systemCode(error)}); it holds the key for secrets`);
  }
}

function acceptFile(file: string, descriptor: number): void {
  const found = fstatSync(descriptor);
  if (!found.isFile() || found.size > FILE_BYTES) {
    throw new KerbError('bad_config', `${file} is no key file; put the key for secrets there, or remove it`);
  }
  if ((found.mode & OTHERS) === 0) return;
  const shown = (found.mode & 0o777).toString(8).padStart(4, '0');
  throw new KerbError('bad_config', `${file} has mode ${shown}, and others may read the key; run chmod 600 on it`);
}

/** Makes the file; of two processes that make it at the same time, both answer the key of the first. */
function made(file: string): string {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  makeFolder(dirname(file));
  try {
    write(draft, `${randomBytes(SEALING_KEY_BYTES).toString('base64url')}\n`);
    link(draft, file);
    syncFolder(dirname(file));
  } catch (error) {
    throw new KerbError(
      'bad_config',
      `${file} cannot be made (${systemCode(error)}); it is to hold the key for secrets`,
    );
  } finally {
    rmSync(draft, { force: true });
  }
  return kept(file) ?? '';
}

function write(draft: string, text: string): void {
  const descriptor = openSync(draft, 'wx', PRIVATE);
  try {
    fchmodSync(descriptor, PRIVATE);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The whole file appears under its name or nothing, and never over another. */
function link(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}
