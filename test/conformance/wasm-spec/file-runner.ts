/** Runs files in a child process, one after the other, and outlives whatever a file does to it. */

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FileReport } from './judgement.ts';

/** What a runner is made with. */
export interface FileRunnerOptions {
  readonly folder: string;
  /** Path of the expectations file. */
  readonly expectations: string;
  /** How long a file may take. */
  readonly fileTimeoutMs: number;
  /** The child's program: by default the one that runs scripts. */
  readonly program?: string;
}

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

/** A child that is started when it is needed. Files go through {@link FileRunner.run}, one at a time. */
export class FileRunner {
  readonly #options: FileRunnerOptions;
  #child: ChildProcess | undefined;

  constructor(options: FileRunnerOptions) {
    this.#options = options;
  }

  /** The report of a file; a file that ends the child or takes too long has one with that failure. */
  async run(file: string): Promise<FileReport> {
    const child = (this.#child ??= this.#start());
    const answer = await this.#ask(child, file);
    if (typeof answer !== 'string') return answer;
    this.#child = undefined;
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    return failed(file, answer);
  }

  /** Ends the child. */
  close(): void {
    if (this.#child?.connected === true) this.#child.disconnect();
    this.#child = undefined;
  }

  #start(): ChildProcess {
    const { program = CHILD, folder, expectations } = this.#options;
    return fork(program, [folder, expectations], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  /** The report, or in words why there is none. */
  #ask(child: ChildProcess, file: string): Promise<FileReport | string> {
    const { fileTimeoutMs } = this.#options;
    return new Promise((resolve) => {
      const settle = (answer: FileReport | string): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(answer);
      };
      const timer = setTimeout(() => settle(`did not end within ${fileTimeoutMs} ms`), fileTimeoutMs);
      child.on('message', (report) => settle(report as FileReport));
      child.on('error', (error) => settle(`the process that runs it failed: ${error.message}`));
      child.on('exit', (code, signal) => settle(`ended the process that ran it with ${signal ?? `exit code ${code}`}`));
      child.send(file);
    });
  }
}

function failed(file: string, why: string): FileReport {
  return {
    file,
    modules: { all: 0, admitted: 0 },
    right: [0, 0, 0],
    passed: 0,
    failures: [`${file}: ${why}`],
    leftOut: [],
    interrupts: 0,
    yields: 0,
    kinds: [],
  };
}
