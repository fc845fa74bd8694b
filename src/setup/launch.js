/**
 * What every npm script runs: `node src/setup/launch.js COMMAND [ARGUMENT …]`.
 *
 * Runs under any Node from 20 on, and under older ones far enough to say so. Does the set-up when it is due, then becomes
 * the command's program under the pinned Node 26.
 */
import process from 'node:process';
import { COMMANDS, commandNamed, nodeArguments } from './commands.js';
import { SetupFailure } from './failure.js';
import { ensureSetup } from './install.js';
import { ROOT, placesIn } from './places.js';
import { platformFacts, platformWord, unsupportedReason } from './platform.js';
import { becomeProgram } from './process.js';

/**
 * @param {readonly string[]} words the command and its arguments
 * @returns {Promise<void>}
 * @throws {SetupFailure} with the one sentence for the user
 */
async function launch([name, ...words]) {
  // npm takes the `--` before the program's arguments; who calls this file directly may well write it too.
  const userArguments = words[0] === '--' ? words.slice(1) : words;
  const facts = platformFacts();
  const reason = unsupportedReason(facts);
  if (reason !== undefined) throw new SetupFailure(reason);
  const command = commandNamed(name);
  if (command === undefined) throw new SetupFailure(`usage: launch.js ${Object.keys(COMMANDS).join('|')} [ARGUMENT …]`);
  const places = placesIn(ROOT);
  await ensureSetup(places, platformWord(facts), say);
  const env = { ...process.env, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? places.cache };
  await becomeProgram(places.node, nodeArguments(command, ROOT, userArguments), env);
}

/**
 * @param {string} message
 * @returns {void}
 */
function say(message) {
  process.stderr.write(`kerb: ${message}\n`);
}

launch(process.argv.slice(2)).catch((error) => {
  if (!(error instanceof SetupFailure)) throw error;
  say(error.message);
  process.exitCode = 1;
});
