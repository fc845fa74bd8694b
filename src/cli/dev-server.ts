/** The server of `kerb dev`: the same program as in production, in a process of its own that never outlives its owner. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { SERVER_FLAGS } from '../setup/commands.js';
import { ROOT } from '../setup/places.js';
import { DEV_HOST } from './dev-port.ts';

/** What a server is started with. */
export interface DevServerOptions {
  readonly tenants: string;
  readonly data: string;
  /** 0: any free one. */
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Who hears what the server says, line by line. */
export interface DevServerEvents {
  /** A line of the access log: JSON. */
  readonly onRecord: (line: string) => void;
  /** A line of the server's own log. */
  readonly onLog: (line: string) => void;
}

/** How long requests in flight get at the end: whoever presses Ctrl-C waits for it. */
const DRAIN_MS = 1_000;

/** As `npm start` permits: backends on this machine. */
const LOOPBACK = ['--allow-backend', '127.0.0.0/8', '--allow-backend', '::1/128'];

/** A running server. */
export class DevServer {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;

  constructor(options: DevServerOptions, events: DevServerEvents) {
    const tether = new URL('./dev-tether.ts', import.meta.url).href;
    const program = ['--import', tether, ...SERVER_FLAGS, `${ROOT}/src/main.ts`, 'serve'];
    const child = spawn(process.execPath, [...program, ...flagsOf(options)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Out of the terminal's reach: Ctrl-C is for the owner, who tells the server.
      detached: true,
      env: options.env,
    });
    this.#child = child;
    const heard = [hear(child.stdout, events.onRecord), hear(child.stderr, events.onLog)];
    this.#ended = endOf(child).then(async (code) => {
      await Promise.all(heard);
      return code;
    });
  }

  /** Settles when it has ended and all it said was heard, with its exit code: 128 and the signal's number when a signal ended it. */
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

function flagsOf({ tenants, data, port }: DevServerOptions): string[] {
  const places = ['--tenants', tenants, '--data', data, '--access-log', '-', '--log-level', 'info'];
  const ports = ['--host', DEV_HOST, '--edge-port', String(port), '--control-port', '0'];
  return [...places, ...ports, '--threads', '1', '--drain-ms', String(DRAIN_MS), ...LOOPBACK];
}

async function endOf(child: ChildProcess): Promise<number> {
  // Rejects when the program cannot be started at all.
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal === null ? (code ?? 1) : 128 + (signal === 'SIGKILL' ? 9 : 15);
}

async function hear(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  if (stream === null) return;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}
