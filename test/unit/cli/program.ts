/** The program `kerb` as a process of its own, for tests of signals and pipes. */
import { runCli } from '../../../src/cli/cli.ts';
import { thisProcess } from '../../../src/cli/this-process.ts';

process.exitCode = await runCli(process.argv.slice(2), thisProcess('9.9.9'));
