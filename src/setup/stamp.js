/** Whether the set-up is done and still fits: a stamp that names everything the set-up depended on. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The files whose text decides what the set-up installs and makes, relative to the checkout. */
export const STAMPED_FILES = Object.freeze([
  'package.json',
  'package-lock.json',
  'src/setup/elf-file.js',
  'src/setup/elf-symbols.js',
  'src/setup/install.js',
  'src/setup/npm.js',
  'src/setup/uws.js',
]);

/**
 * What the stamp of a finished set-up says: a digest of the {@link STAMPED_FILES} and the platform. A missing file counts
 * as an empty one.
 *
 * @param {string} root the checkout
 * @param {string} platform
 * @returns {string}
 */
export function stampText(root, platform) {
  const hash = createHash('sha256').update(`${platform}\n`);
  for (const name of STAMPED_FILES) {
    const path = join(root, name);
    const text = existsSync(path) ? readFileSync(path) : '';
    hash.update(`${name} ${text.length}\n`).update(text);
  }
  return hash.digest('hex');
}

/**
 * Whether the stamp says so and what it vouches for is still there.
 *
 * @param {string} stamp path of the stamp
 * @param {string} text as {@link stampText} gives it
 * @param {readonly string[]} needed paths that a finished set-up has made
 * @returns {boolean}
 */
export function isCurrent(stamp, text, needed) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === text && needed.every((path) => existsSync(path));
}

/**
 * Says that the set-up is finished; in one step, so that nobody reads half of it.
 *
 * @param {string} stamp
 * @param {string} text
 * @returns {void}
 */
export function writeStamp(stamp, text) {
  mkdirSync(dirname(stamp), { recursive: true });
  const draft = `${stamp}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, stamp);
}

/**
 * Says that the set-up is under way or broken.
 *
 * @param {string} stamp
 * @returns {void}
 */
export function removeStamp(stamp) {
  rmSync(stamp, { force: true });
}
