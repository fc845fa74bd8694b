/** Runs files in a child process, one after the other, and outlives whatever a file does to it. */

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/** What a runner is made with. */
export interface FileRunnerOptions<Report> {
  /** The child's program: it is sent one file at a time, and answers each with its report. */
  readonly program: string;
  readonly args: readonly string[];
  /** How long a file may take, the start of the child included. */
  readonly fileTimeoutMs: number;
  /** The report of a file that has ended the child or taken too long; `why` says which in words. */
  readonly failed: (file: string, why: string) => Report;
}

/** A child that is started when it is needed. Files go through {@link FileRunner.run}, one at a time. */
export class FileRunner<Report> {
  readonly #options: FileRunnerOptions<Report>;
  #child: ChildProcess | undefined;

  constructor(options: FileRunnerOptions<Report>) {
    this.#options = options;
  }

  /** The report of a file. Never rejects. */
  async run(file: string): Promise<Report> {
    const child = (this.#child ??= this.#start());
    const answer = await this.#ask(child, file);
    if ('report' in answer) return answer.report;
    this.#child = undefined;
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    return this.#options.failed(file, answer.why);
  }

  /** Ends the child. */
  close(): void {
    if (this.#child?.connected === true) this.#child.disconnect();
    this.#child = undefined;
  }

  #start(): ChildProcess {
    const { program, args } = this.#options;
    return fork(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  /** The report, or in words why there is none. */
  #ask(child: ChildProcess, file: string): Promise<{ readonly report: Report } | { readonly why: string }> {
    const { fileTimeoutMs } = this.#options;
    return new Promise((resolve) => {
      const settle = (answer: { readonly report: Report } | { readonly why: string }): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(answer);
      };
      const fail = (why: string): void => settle({ why });
      const timer = setTimeout(() => fail(`did not end within ${fileTimeoutMs} ms`), fileTimeoutMs);
      child.on('message', (report) => settle({ report: report as Report }));
      child.on('error', (error) => fail(`the process that runs it failed: ${error.message}`));
      child.on('exit', (code, signal) => fail(`ended the process that ran it with ${signal ?? `exit code ${code}`}`));
      child.send(file);
    });
  }
}
