/**
 * One set-up at a time in a checkout.
 *
 * The lock is a row of numbered files, `lock.0`, `lock.1`, …; the highest number that exists is the lock. It is held while
 * one of the processes that its file names lives. A lock left by a dead process is never removed but *passed over*: the next number
 * is created, which only one process can do, so that two waiters that see the same dead lock cannot both win.
 */
import { linkSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SetupFailure } from './failure.js';

/**
 * @typedef {object} ProcessMark
 * @property {number} pid
 * @property {string} started when the process began, in the kernel's ticks: tells a process from a later one with its number
 */

/**
 * @typedef {ProcessMark & OwnerDetails} Owner
 * @typedef {object} OwnerDetails
 * @property {readonly ProcessMark[]} workers what it has started and must not be raced either, should it die before them
 * @property {string} host the machine or container and its boot, where `pid` means something
 */

/**
 * @typedef {object} LockOptions
 * @property {(message: string) => void} say is told once when there is somebody to wait for
 * @property {Owner} [owner] this process unless given
 * @property {number} [patienceMs] how long to wait for another
 * @property {number} [pollMs]
 */

/** No set-up takes longer than this: npm is stopped before. A lock of another container that is older is dead. */
export const LONGEST_SETUP_MS = 20 * 60_000;
const POLL_MS = 200;
const NAME = /^lock\.(\d{1,9})$/;

/**
 * Does `work` while no other process does so under the same folder; waits for one that does.
 *
 * @template T
 * @param {string} folder is created when it is missing
 * @param {LockOptions} options
 * @param {(addWorker: (pid: number) => void) => Promise<T>} work is given a function that puts a process that it has started
 *   under the lock as well
 * @returns {Promise<T>}
 * @throws {SetupFailure} when another process holds the lock for too long
 */
export async function withLock(folder, options, work) {
  mkdirSync(folder, { recursive: true });
  const owner = options.owner ?? thisOwner();
  const path = await acquire(folder, owner, options);
  /** @param {number} pid */
  const addWorker = (pid) => {
    owner.workers = [...owner.workers, { pid, started: startOf(pid) ?? '' }];
    const draft = draftOf(path, owner);
    writeFileSync(draft, JSON.stringify(owner));
    renameSync(draft, path);
  };
  try {
    return await work(addWorker);
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * This process as the owner of a lock.
 *
 * @returns {Owner}
 */
export function thisOwner() {
  return { pid: process.pid, started: startOf(process.pid) ?? '', workers: [], host: thisHost() };
}

/**
 * @param {string} folder
 * @param {Owner} owner
 * @param {LockOptions} options
 * @returns {Promise<string>} the path of the lock, now ours
 */
async function acquire(folder, owner, { say, patienceMs = LONGEST_SETUP_MS, pollMs = POLL_MS }) {
  const deadline = performance.now() + patienceMs;
  for (let told = false; ; told = true) {
    const number = highestNumber(folder);
    const held = number < 0 ? undefined : holder(join(folder, `lock.${number}`));
    if (held === undefined) {
      const path = join(folder, `lock.${number + 1}`);
      if (take(path, owner)) return path;
      continue;
    }
    if (performance.now() > deadline) throw stillHeld(folder, number, held);
    if (!told) say(`another set-up is under way (process ${held.pid}), waiting for it`);
    await wait(pollMs);
  }
}

/**
 * @param {string} folder
 * @param {number} number
 * @param {Owner} held
 * @returns {SetupFailure}
 */
function stillHeld(folder, number, held) {
  const path = join(folder, `lock.${number}`);
  return new SetupFailure(
    `another set-up (process ${held.pid}) does not end: stop it, or delete ${path} if there is none.`,
  );
}

/**
 * @param {string} folder
 * @returns {number} -1 when there is none
 */
function highestNumber(folder) {
  const numbers = readdirSync(folder).map((name) => Number(NAME.exec(name)?.[1] ?? -1));
  return Math.max(-1, ...numbers);
}

/**
 * Creates the lock with its owner in it in one step; a reader never sees it empty.
 *
 * @param {string} path
 * @param {Owner} owner
 * @returns {boolean} false when another was faster
 */
function take(path, owner) {
  const draft = draftOf(path, owner);
  writeFileSync(draft, JSON.stringify(owner));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * @param {string} path
 * @param {Owner} owner
 * @returns {string}
 */
function draftOf(path, { pid }) {
  return `${path}.draft.${pid}`;
}

/**
 * @param {string} path
 * @returns {Owner | undefined} who holds the lock; `undefined` when it is free or dead
 */
function holder(path) {
  try {
    const owner = readOwner(readFileSync(path, 'utf8'));
    return isAlive(owner, Date.now() - statSync(path).mtimeMs) ? owner : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * @param {Owner} owner
 * @param {number} ageMs
 * @returns {boolean}
 */
function isAlive(owner, ageMs) {
  if (owner.host !== thisHost()) return ageMs < LONGEST_SETUP_MS;
  return [owner, ...owner.workers].some(({ pid, started }) => startOf(pid) === started);
}

/**
 * @param {string} text
 * @returns {Owner} nobody, for a text that no set-up wrote
 */
function readOwner(text) {
  try {
    /** @type {unknown} */
    const value = JSON.parse(text);
    const { pid, started, workers = [], host } = /** @type {Partial<Owner>} */ (value);
    if (typeof pid === 'number' && typeof started === 'string' && typeof host === 'string' && Array.isArray(workers)) {
      return { pid, started, workers: workers.filter(isMark), host };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  return { pid: 0, started: '', workers: [], host: thisHost() };
}

/**
 * @param {unknown} value
 * @returns {value is ProcessMark}
 */
function isMark(value) {
  return typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number';
}

/**
 * @param {number} pid
 * @returns {string | undefined} `undefined` when there is no such process
 */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program is in parentheses and may contain anything; the start is the 20th field after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

/** @returns {string} */
function thisHost() {
  return `${hostname()}/${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}`;
}

/**
 * @param {unknown} error
 * @returns {unknown}
 */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
