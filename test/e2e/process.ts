/** A Node program that runs in a process of its own, driven by tests: what it says, waited for, and its end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** How a program runs. */
export interface ProcessOptions {
  /** Flags of Node's. */
  readonly flags?: readonly string[];
  readonly cwd?: string;
  /** Variables beside those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** A process group of its own, as a shell gives to what it starts. */
  readonly group?: 'own';
  /** The most descriptors that it may have open. */
  readonly descriptors?: number | undefined;
}

/** A running program. */
export class TestProcess {
  readonly process: ChildProcess;
  /** Settles with the exit code when it has ended and everything was read. */
  readonly ended: Promise<number | null>;
  readonly #watchers = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  #over = false;

  constructor(program: string, argv: readonly string[], options: ProcessOptions = {}) {
    const { flags = [], cwd, env = {}, group, descriptors } = options;
    // The shell sets the limit, and becomes the program.
    const limited = ['/bin/sh', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh', process.execPath] as const;
    const [command, ...before] = descriptors === undefined ? [process.execPath] : limited;
    this.process = spawn(command, [...before, ...flags, program, ...argv], {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: group === 'own',
    });
    this.process.stdout?.on('data', (chunk: Buffer) => this.#hear('stdout', chunk));
    this.process.stderr?.on('data', (chunk: Buffer) => this.#hear('stderr', chunk));
    this.ended = once(this.process, 'close').then(([code]) => {
      this.#over = true;
      this.#notify();
      return code as number | null;
    });
  }

  /** What it has written to standard output. */
  get stdout(): string {
    return this.#stdout;
  }

  /** What it has written to standard error. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Whether the process is alive. */
  get alive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Settles with the first truthy answer of `look`, asked after each piece of output. Rejects when it has ended without one. */
  async until<T>(look: () => T | undefined | false | null): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false && found !== null) return found;
      if (this.#over) throw new Error(`it has ended:\n${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
    }
  }

  /** Sends a signal and settles as {@link ended}. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.process.kill(signal);
    return this.ended;
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
