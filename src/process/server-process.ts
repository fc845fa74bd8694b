/** A Kerb that serves in a process of its own, which never outlives its owner. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { SERVER_FLAGS } from '../setup/commands.js';
import { ROOT } from '../setup/places.js';

/** What a server is started with. */
export interface ServerProcessOptions {
  /** Those of `kerb serve`. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Who hears what the server says, line by line. */
export interface ServerProcessEvents {
  /** A line of standard output. */
  readonly onOutput: (line: string) => void;
  /** A line of the server's own log. */
  readonly onLog: (line: string) => void;
}

/** A running server. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;

  constructor({ flags, env }: ServerProcessOptions, { onOutput, onLog }: ServerProcessEvents) {
    const tether = new URL('./tether.ts', import.meta.url).href;
    const program = ['--import', tether, ...SERVER_FLAGS, `${ROOT}/src/main.ts`, 'serve'];
    const child = spawn(process.execPath, [...program, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Out of the terminal's reach: Ctrl-C is for the owner, who tells the server.
      detached: true,
      env,
    });
    this.#child = child;
    const heard = [hear(child.stdout, onOutput), hear(child.stderr, onLog)];
    this.#ended = endOf(child).then(async (code) => {
      await Promise.all(heard);
      return code;
    });
  }

  /** Its process id; `null` when it could not be started. */
  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  /**
   * Settles when it has ended and all it said was heard, with its exit code: 128 and the signal's number when a signal ended it. Rejects when
   * it could not be started.
   */
  get ended(): Promise<number> {
    return this.#ended;
  }

  /** Asks it to drain and end. */
  stop(): void {
    this.#child.kill('SIGTERM');
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

async function endOf(child: ChildProcess): Promise<number> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
}

async function hear(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  if (stream === null) return;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}
