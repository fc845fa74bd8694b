/** What each npm script runs: one table, and the flags that every Kerb process is started with. */
import { availableParallelism } from 'node:os';

/**
 * The flags of V8 and Node that Kerb relies on. The test runner gives them to its workers too.
 *
 * - A suspended guest keeps its stack: 256 KiB of address space each instead of 984 lets four times as many wait, and
 *   bounds how deep a guest recurses.
 * - Dead linear memories are address space that the collector does not see: the runtime asks it to run.
 * - Nothing in Kerb makes code from text, so a stray way to `eval` in this process is a dead end for an attacker.
 */
export const V8_FLAGS = Object.freeze([
  '--wasm-stack-switching-stack-size=256',
  '--expose-gc',
  '--disallow-code-generation-from-strings',
  '--disable-warning=ExperimentalWarning',
]);

/**
 * The flags of a process that serves. Other programs wait for asynchronous compilations at their top level, which these flags turn into
 * background work that does not keep a process alive.
 *
 * - A module is compiled whole when it is deployed, by the baseline compiler on the compile thread: compiled at its first call, a
 *   large function would hold up the thread that serves, and nothing interrupts a compiler.
 * - One background task optimizes hot functions: with as many as there are cores they take the cores from those who serve.
 * - The engine has a core less for its other background work, the collector's first of all, than there are: the four threads that it has
 *   otherwise leave a data thread a third of one of two cores while they mark.
 */
export const SERVER_FLAGS = Object.freeze([
  ...V8_FLAGS,
  `--v8-pool-size=${Math.max(1, Math.min(4, availableParallelism() - 1))}`,
  '--no-wasm-lazy-compilation',
  '--wasm-num-compilation-tasks=1',
]);

/**
 * @typedef {object} Command
 * @property {string} program relative to the checkout
 * @property {readonly string[]} flags for Node
 * @property {readonly string[]} before arguments of the program before the user's
 */

/** What `npm start` permits and a bare `serve` does not: tenants may name backends on this machine's loopback. */
const LOOPBACK = Object.freeze(['--allow-backend', '127.0.0.0/8', '--allow-backend', '::1/128']);

/** @type {Readonly<Record<string, Command>>} */
export const COMMANDS = Object.freeze({
  start: { program: 'src/main.ts', flags: SERVER_FLAGS, before: ['serve', ...LOOPBACK] },
  kerb: { program: 'src/main.ts', flags: SERVER_FLAGS, before: [] },
  bench: { program: 'bench/main.ts', flags: V8_FLAGS, before: [] },
  conformance: { program: 'test/conformance/main.ts', flags: V8_FLAGS, before: [] },
  fuzz: { program: 'test/fuzz/main.ts', flags: V8_FLAGS, before: [] },
  test: { program: 'src/setup/gates.ts', flags: [], before: ['test'] },
  lint: { program: 'src/setup/gates.ts', flags: [], before: ['lint'] },
  format: { program: 'src/setup/gates.ts', flags: [], before: ['format'] },
});

/**
 * The command of a name.
 *
 * @param {string | undefined} name
 * @returns {Command | undefined} `undefined` when there is none
 */
export function commandNamed(name) {
  return name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}

/**
 * The arguments for Node: flags, the program, what the command adds, what the user adds.
 *
 * @param {Command} command
 * @param {string} root the checkout
 * @param {readonly string[]} userArguments
 * @returns {string[]}
 */
export function nodeArguments({ program, flags, before }, root, userArguments) {
  return [...flags, `${root}/${program}`, ...before, ...userArguments];
}
