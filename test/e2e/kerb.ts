/** A `kerb` command that runs in a process of its own, driven by tests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { SERVER_FLAGS } from '../../src/setup/commands.js';

const PROGRAM = new URL('./kerb-program.ts', import.meta.url).pathname;

/** Where and how a command runs. */
export interface KerbOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running command. */
export class Kerb {
  readonly process: ChildProcess;
  readonly #exit: Promise<number | null>;
  readonly #watchers = new Set<() => void>();
  #stdout = '';
  #stderr = '';

  constructor(argv: readonly string[], { cwd, env }: KerbOptions) {
    this.process = spawn(process.execPath, [...SERVER_FLAGS, PROGRAM, ...argv], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, as a shell gives to what it starts.
      detached: true,
    });
    this.process.stdout?.on('data', (chunk: Buffer) => this.#hear('stdout', chunk));
    this.process.stderr?.on('data', (chunk: Buffer) => this.#hear('stderr', chunk));
    this.#exit = once(this.process, 'close').then(([code]) => {
      this.#notify();
      return code as number | null;
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Settles with the exit code when it has ended and everything was read. */
  get ended(): Promise<number | null> {
    return this.#exit;
  }

  /** Waits for a line on either stream. Rejects when the command has ended without it. */
  async until(said: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = said.exec(this.#stdout) ?? said.exec(this.#stderr);
      if (found !== null) return found;
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(this.#stdout + this.#stderr);
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
    }
  }

  /** Sends a signal and settles with the exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.process.kill(signal);
    return this.#exit;
  }

  /** Ends it as Ctrl-C does, which signals the whole process group, and settles with the exit code. */
  async interrupt(): Promise<number | null> {
    process.kill(-(this.process.pid ?? Infinity), 'SIGINT');
    return this.#exit;
  }

  /** Processes that it has started and that are there. */
  async children(): Promise<number[]> {
    const { pid } = this.process;
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  }

  #hear(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    if (stream === 'stdout') this.#stdout += chunk.toString();
    else this.#stderr += chunk.toString();
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}

/** The text that an app answers with. */
export async function textFrom(port: number, host: string, path = '/'): Promise<{ status: number; text: string }> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { headers: { host }, reset: true });
  return { status: statusCode, text: await body.text() };
}

/** Settles when no process with that number runs; one that has ended and that nobody has asked about yet does not. */
export async function untilGone(pid: number): Promise<void> {
  while (await runs(pid)) await new Promise(setImmediate);
}

async function runs(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat !== null && !/^\d+ \(.*\) [ZX] /s.test(stat);
}
