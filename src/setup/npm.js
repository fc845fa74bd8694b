/** Finds npm and runs its `install` in the checkout. */
import { spawn } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { SetupFailure } from './failure.js';

/**
 * @typedef {object} Npm
 * @property {string} path
 * @property {'script' | 'command'} kind a script is run by the Node that is wanted; a command finds its Node on the PATH
 */

/**
 * @typedef {object} InstallRun
 * @property {Npm} npm
 * @property {string} node the Node that npm shall run under, and so install for
 * @property {string} root the checkout
 * @property {(pid: number) => void} [onStart] is told npm's process
 */

/** How long one installation may take, in milliseconds; a slow line takes about two minutes. */
export const INSTALL_TIMEOUT_MS = 9 * 60_000;
const KEPT_OUTPUT_CHARACTERS = 20_000;
const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * What npm is told. `--no-save` keeps package.json and package-lock.json as they are in the checkout; scripts of packages
 * do not run; what the user's npm is set to leave out comes all the same, and its strictness about engines is off, because
 * the first run is under a Node that most packages do not support.
 */
export const INSTALL_ARGUMENTS = Object.freeze([
  'install',
  '--no-save',
  '--package-lock=true',
  '--ignore-scripts',
  '--include=dev',
  '--include=optional',
  '--engine-strict=false',
  '--global=false',
  '--dry-run=false',
  '--no-audit',
  '--no-fund',
  '--no-progress',
  '--update-notifier=false',
  '--loglevel=error',
]);

/**
 * The npm that runs this program, else the first on the PATH.
 *
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @returns {Npm}
 * @throws {SetupFailure} when there is none
 */
export function findNpm(environment) {
  const running = environment['npm_execpath'];
  if (running !== undefined && basename(running) === 'npm-cli.js' && isFile(running)) {
    return { path: running, kind: 'script' };
  }
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, 'npm');
    if (folder !== '' && isFile(candidate) && isExecutable(candidate)) return commandOrScript(candidate);
  }
  throw new SetupFailure(
    'npm is not on the PATH: install it (it comes with Node.js from https://nodejs.org) and try again.',
  );
}

/**
 * Runs `npm install` to its end. A signal that asks this process to end is passed on first, so that npm never works on
 * behalf of nobody.
 *
 * @param {InstallRun} run
 * @returns {Promise<string>} what npm said; some versions end with exit code 0 without having done anything
 * @throws {SetupFailure} with npm's output when npm cannot be started, fails, takes too long or is stopped by a signal
 */
export async function runInstall({ npm, node, root, onStart }) {
  const [file, before] = npm.kind === 'script' ? [node, [npm.path]] : [npm.path, []];
  const child = spawn(file, [...before, ...INSTALL_ARGUMENTS], {
    cwd: root,
    env: installEnvironment(process.env, node),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  let output = '';
  /** @param {unknown} chunk */
  const keep = (chunk) => {
    output = (output + String(chunk)).slice(-KEPT_OUTPUT_CHARACTERS);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const how = await endOf(child);
  if (how !== undefined) throw new SetupFailure(`npm install ${how}.${quote(output)}`);
  return output;
}

/**
 * The environment for npm: as it is, with the wanted Node first on the PATH and without what an outer npm says about
 * itself, which may be another version's. The pinned Node trusts the system's certificates like the Node of a distribution
 * does, so that a company's proxy which works for the first run works for the second.
 *
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @param {string} node
 * @returns {Record<string, string | undefined>}
 */
export function installEnvironment(environment, node) {
  const kept = Object.entries(environment).filter(([name]) => !/^npm_(?!config_)/i.test(name));
  const path = environment['PATH'];
  const trust = environment['NODE_USE_SYSTEM_CA'] ?? '1';
  return {
    ...Object.fromEntries(kept),
    NODE_USE_SYSTEM_CA: trust,
    PATH: path === undefined ? dirname(node) : dirname(node) + delimiter + path,
  };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<string | undefined>} how it failed; `undefined` when it did not
 */
async function endOf(child) {
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => void child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    return await new Promise((resolve) => {
      child.once('error', (error) => resolve(`could not be started (${error.message})`));
      child.once('close', (code, signal) => resolve(describeExit(code, signal)));
    });
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 * @returns {string | undefined}
 */
function describeExit(code, signal) {
  if (signal !== null) return `was stopped by ${signal}`;
  return code === 0 ? undefined : `failed with exit code ${code}`;
}

/**
 * What npm said, as the end of a message.
 *
 * @param {string} output
 * @returns {string} empty when it said nothing
 */
export function quote(output) {
  const said = output.trim();
  return said === '' ? '' : ` It said:\n${said}`;
}

/**
 * @param {string} candidate
 * @returns {Npm}
 */
function commandOrScript(candidate) {
  const path = realpathSync(candidate);
  return path.endsWith('.js') ? { path, kind: 'script' } : { path: candidate, kind: 'command' };
}

/**
 * @param {string} path
 * @returns {boolean}
 */
function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * @param {string} path
 * @returns {boolean}
 */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
