/**
 * The binary of uWebSockets.js for the pinned Node, in a form that this system's glibc loads.
 *
 * It is built for glibc 2.38, for three symbols only. Where it does not load, a copy that asks for the older version of
 * the same functions is made beside it; the original stays as npm installed it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ElfFailure } from './elf-file.js';
import { lowerGlibcVersion } from './elf-symbols.js';
import { SetupFailure } from './failure.js';
import { ROOT, placesIn } from './places.js';

/** @typedef {import('./places.js').Places} Places */

/** The three functions differ from their plain namesakes in accepting the binary literals of C23 only. */
const LOWERING = Object.freeze({ from: 'GLIBC_2.38', to: 'GLIBC_2.2.5', prefix: '__isoc23_' });
const LOAD_TIMEOUT_MS = 30_000;
const COPY_NAME = /^uws-.*\.node$/;

/**
 * The native module to load with `process.dlopen` or `require`: the adapted copy where the set-up made one for the
 * installed version, else the original.
 *
 * @param {Readonly<Places>} [places]
 * @returns {string} an absolute path
 * @throws {SetupFailure} when uWebSockets.js is not installed
 */
export function uwsBinaryPath(places = placesIn(ROOT)) {
  const copy = copyPath(places);
  return existsSync(copy) ? copy : places.uwsBinary;
}

/**
 * Makes sure that {@link uwsBinaryPath} names a file that the pinned Node loads.
 *
 * @param {Readonly<Places>} places
 * @param {(path: string) => string | undefined} [tryLoading] says why the file does not load; asks the pinned Node unless given
 * @returns {'original' | 'adapted'} which file that is
 * @throws {SetupFailure} when neither the original nor an adapted copy loads
 */
export function prepareUws(places, tryLoading = (path) => loadFailure(places.node, path)) {
  removeCopies(places);
  const original = places.uwsBinary;
  const failure = tryLoading(original);
  if (failure === undefined) return 'original';
  if (!/GLIBC_\d/.test(failure)) throw unloadable(failure);
  writeCopy(places, original);
  const secondFailure = tryLoading(copyPath(places));
  if (secondFailure === undefined) return 'adapted';
  removeCopies(places);
  throw unloadable(secondFailure);
}

/**
 * Loads a native module in a process of its own.
 *
 * @param {string} node
 * @param {string} path
 * @returns {string | undefined} the loader's complaint
 */
export function loadFailure(node, path) {
  const script = 'process.dlopen({ exports: {} }, process.argv[1])';
  const { status, signal, stderr, error } = spawnSync(node, ['--eval', script, path], {
    encoding: 'utf8',
    timeout: LOAD_TIMEOUT_MS,
  });
  if (status === 0) return undefined;
  const complaint = /^Error: (.*)$/m.exec(stderr)?.[1];
  return complaint ?? error?.message ?? `Node ended with ${signal ?? `exit code ${status}`} ${stderr.trim()}`;
}

/**
 * @param {Readonly<Places>} places
 * @param {string} original
 * @returns {void}
 */
function writeCopy(places, original) {
  const copy = copyPath(places);
  mkdirSync(places.state, { recursive: true });
  const draft = `${copy}.draft`;
  writeFileSync(draft, adapt(original));
  renameSync(draft, copy);
}

/**
 * @param {string} original
 * @returns {Uint8Array}
 */
function adapt(original) {
  try {
    return lowerGlibcVersion(readFileSync(original), LOWERING);
  } catch (error) {
    if (error instanceof ElfFailure) throw unloadable(error.message);
    throw error;
  }
}

/**
 * @param {string} reason
 * @returns {SetupFailure}
 */
function unloadable(reason) {
  return new SetupFailure(
    `uWebSockets.js does not load here (${reason}): use a system with glibc 2.38 or newer, such as Debian 13 or Ubuntu 24.04.`,
  );
}

/**
 * @param {Readonly<Places>} places
 * @returns {void}
 */
function removeCopies({ state }) {
  const names = existsSync(state) ? readdirSync(state) : [];
  for (const name of names.filter((candidate) => COPY_NAME.test(candidate))) rmSync(join(state, name), { force: true });
}

/**
 * @param {Readonly<Places>} places
 * @returns {string} named after the installed version, so that an update never meets an old copy
 */
function copyPath({ uwsManifest, state }) {
  if (!existsSync(uwsManifest)) throw new SetupFailure('uWebSockets.js for Node 26 is missing: run npm start once.');
  const { version } = /** @type {{ version?: unknown }} */ (JSON.parse(readFileSync(uwsManifest, 'utf8')));
  return join(state, `uws-${String(version)}.node`);
}
