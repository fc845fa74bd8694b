/** The process that `kerb` runs in, as the command line sees it. */
import type { Program } from './cli.ts';
import { EXIT, type CommandIo } from './command.ts';

/** Columns of a terminal that does not say, and of what is none. */
const COLUMNS = 80;

/**
 * Streams, environment and signals of this process. A reader of standard output that goes away (`kerb tail | head`) ends the process as if all
 * was read. The second Ctrl-C has its usual effect: it ends the process at once.
 */
export function thisProcess(version: string): Program {
  process.stdout.on('error', endWithReader);
  process.stderr.on('error', endWithReader);
  return {
    io: ioOf(process),
    env: process.env,
    // npm changes to the checkout before it runs a script; what was named is beside whoever called npm.
    cwd: process.env['npm_lifecycle_event'] === 'kerb' ? (process.env['INIT_CWD'] ?? process.cwd()) : process.cwd(),
    version,
    onInterrupt: (listener) => {
      process.once('SIGINT', listener);
      return () => process.off('SIGINT', listener);
    },
  };
}

type Streams = Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>;

function ioOf({ stdout, stderr, env }: Streams): CommandIo {
  const isTerminal = stdout.isTTY;
  return {
    stdout,
    stderr,
    // A getter: opening standard input would keep a process waiting that never reads it.
    get stdin() {
      return process.stdin;
    },
    isTerminal,
    showsProgress: stderr.isTTY && env['TERM'] !== 'dumb',
    columns: isTerminal ? stdout.columns : COLUMNS,
    // https://no-color.org: any value but an empty one.
    colour: isTerminal && stderr.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
  };
}

function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
}
