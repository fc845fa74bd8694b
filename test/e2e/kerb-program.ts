/** The command `kerb` as a program of its own, for tests that start it, signal it and read what it says. */
import { runCli } from '../../src/cli/cli.ts';
import { thisProcess } from '../../src/cli/this-process.ts';

process.exitCode = await runCli(process.argv.slice(2), thisProcess('9.9.9'));
