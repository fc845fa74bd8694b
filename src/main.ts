/** The program: the command line `kerb`, of which `serve` is the edge. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from './cli/cli.ts';
import { thisProcess } from './cli/this-process.ts';
import { ROOT } from './setup/places.js';

/** How long what is still open may keep the process alive once its command is done. */
const LINGER_MS = 1_000;

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const code = await runCli(process.argv.slice(2), thisProcess(version));
// Not at once: what was written to a pipe has to reach it.
process.exitCode = code;
setTimeout(() => process.exit(code), LINGER_MS).unref();
