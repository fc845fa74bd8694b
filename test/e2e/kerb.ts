/** A `kerb` command that runs in a process of its own, driven by tests. */
import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { SERVER_FLAGS } from '../../src/setup/commands.js';
import { TestProcess } from './process.ts';

/** The program, for tests that start it in another way. */
export const PROGRAM = new URL('./kerb-program.ts', import.meta.url).pathname;

/** Where and how a command runs. */
export interface KerbOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running command. */
export class Kerb extends TestProcess {
  constructor(argv: readonly string[], options: KerbOptions) {
    super(PROGRAM, argv, { ...options, flags: SERVER_FLAGS, group: 'own' });
  }

  /** Waits for a line on either stream. Rejects when the command has ended without it. */
  untilSaid(said: RegExp): Promise<RegExpExecArray> {
    return this.until(() => said.exec(this.stdout) ?? said.exec(this.stderr));
  }

  /** Ends it as Ctrl-C does, which signals the whole process group, and settles with the exit code. */
  async interrupt(): Promise<number | null> {
    process.kill(-(this.process.pid ?? Infinity), 'SIGINT');
    return this.ended;
  }

  /** Processes that it has started and that are there. */
  async children(): Promise<number[]> {
    const { pid } = this.process;
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
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
