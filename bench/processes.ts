/** Processes that a benchmark starts: each is waited for with a deadline and ended by its own id, whatever happens. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;
/** Kept of what a process says, for the message when it fails. */
const KEPT_CHARS = 4_000;

const alive = new Set<Started>();

/** How to start a process. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Words before the program: `taskset -c 0`. */
  readonly prefix?: readonly string[];
  readonly cwd?: string;
}

/** A process of ours. Stream 3 is a pipe that a program may write to. */
export class Started {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #name: string;
  #said = '';
  #wake: () => void = () => undefined;

  constructor({ program, args, prefix = [], cwd }: Command) {
    const [first = program, ...rest] = [...prefix, program, ...args];
    this.#name = program.slice(program.lastIndexOf('/') + 1);
    this.#child = spawn(first, rest, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#end(`${error.message}\n`, resolve));
      this.#child.once('exit', () => this.#end('', resolve));
    });
    for (const stream of this.#child.stdio.slice(1))
      (stream as Readable).on('data', (chunk: Buffer) => this.#hear(chunk));
    alive.add(this);
  }

  /** Its process id. Throws `Error` when it could not be started. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#name} could not be started: ${this.#said}`);
    return this.#child.pid;
  }

  get running(): boolean {
    return alive.has(this);
  }

  /** `null`: it runs, or a signal has ended it. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** Settles when it has ended. */
  get ended(): Promise<void> {
    return this.#exited;
  }

  /** The last of what it has written to any of its streams. */
  get said(): string {
    return this.#said;
  }

  /** Settles with the first answer of `look`, asked after each piece of output. Rejects when the process ends or `timeoutMs` pass. */
  async until<T>(look: (said: string) => T | null, timeoutMs: number = READY_TIMEOUT_MS): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = look(this.#said);
      if (found !== null) return found;
      if (!this.running) throw new Error(`${this.#name} has ended: ${this.#said.trim()}`);
      if (Date.now() >= deadline)
        throw new Error(`${this.#name} is not ready after ${timeoutMs} ms: ${this.#said.trim()}`);
      await this.#somethingNew(deadline - Date.now());
    }
  }

  /** Asks it to end, and makes it after five seconds. Idempotent. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.#child.kill('SIGTERM');
    const overdue = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(overdue);
  }

  /** Ends it without asking. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #hear(chunk: Buffer): void {
    this.#said = (this.#said + chunk.toString()).slice(-KEPT_CHARS);
    this.#wake();
  }

  #end(why: string, resolve: () => void): void {
    this.#said += why;
    alive.delete(this);
    this.#wake();
    resolve();
  }

  #somethingNew(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, timeoutMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Ends every process that is still running, at once: for the end of the program, whichever way it comes. */
export function killAll(): void {
  for (const started of alive) started.kill();
}
