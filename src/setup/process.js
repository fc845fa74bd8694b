/** Becomes another program, or comes as close to that as the running Node allows. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Signals that ask a program to end; it gets them in this process's stead. */
const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

/**
 * Replaces this process with `file` where Node has `execve`; otherwise runs it as a child with the same standard streams,
 * passes signals on, and ends as the child ends.
 *
 * @param {string} file absolute
 * @param {readonly string[]} programArguments
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<void>} is fulfilled when a child has ended and `process.exitCode` says how
 */
export async function becomeProgram(file, programArguments, env) {
  const { execve } = /** @type {{ execve?: NodeJS.Process['execve'] }} */ (process);
  if (execve !== undefined) {
    // Warnings are printed on a later turn, which never comes.
    execve.call(process, file, [file, ...programArguments], definedOnly(env));
  }
  process.exitCode = await runChild(file, programArguments, env);
}

/**
 * Runs a program to its end with the same standard streams, passing on signals that ask to end.
 *
 * @param {string} file
 * @param {readonly string[]} programArguments
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} what a shell reports: the exit code, or 128 and the number of the signal
 * @throws {Error} when the program cannot be started
 */
export async function runChild(file, programArguments, env) {
  const child = spawn(file, programArguments, { stdio: 'inherit', env });
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => void child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(exitCode(code, signal)));
    });
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 * @returns {number}
 */
function exitCode(code, signal) {
  return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, string>}
 */
function definedOnly(env) {
  /** @type {Record<string, string>} */
  const defined = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) defined[name] = value;
  return defined;
}
