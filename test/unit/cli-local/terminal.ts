/** The command line without a process: runs `kerb` with streams that keep what is written. */
import { Readable } from 'node:stream';
import { runCli } from '../../../src/cli/cli.ts';
import type { CommandEntry } from '../../../src/cli/command.ts';
import { check } from '../../../src/cli/check.ts';
import { init } from '../../../src/cli/init.ts';
import { serve } from '../../../src/cli/serve.ts';

/** Commands that need no server. */
const LOCAL: readonly CommandEntry[] = [init, check, serve].map((command) => ({
  name: command.name,
  summary: command.summary,
  load: () => Promise.resolve(command),
}));

/** What a command line came to. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `kerb` with these arguments in a folder. */
export async function kerb(cwd: string, ...argv: string[]): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  const io = {
    stdout: { write: (chunk: string | Uint8Array) => (stdout += String(chunk)) },
    stderr: { write: (chunk: string | Uint8Array) => (stderr += String(chunk)) },
    stdin: Readable.from([]),
    isTerminal: false,
    showsProgress: false,
    columns: 80,
    colour: false,
  };
  const onInterrupt = (): (() => void) => () => undefined;
  const code = await runCli(argv, { io, env: {}, cwd, version: '0', onInterrupt, commands: LOCAL });
  return { code, stdout, stderr };
}
