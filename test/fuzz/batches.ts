/** Runs seeds in child processes, since a finding can be the death of the process or a guest that never ends. */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Mode } from './corpus.ts';
import type { Verdict } from './oracle/subject.ts';

/** What runs a batch. */
export interface BatchRunner {
  /** A program that takes `MODE FIRST COUNT` and prints what `child.ts` does. */
  readonly program: string;
  /** How long one input may take before its process is ended. */
  readonly deadlineMs: number;
}

const RUNNER: BatchRunner = { program: fileURLToPath(new URL('child.ts', import.meta.url)), deadlineMs: 30_000 };

/** What one batch came to. */
export interface Batch {
  readonly verdicts: readonly { readonly seed: number; readonly verdict: Verdict }[];
  /** The first seed that was not tried. */
  readonly next: number;
}

const running = new Set<ChildProcess>();

/** Ends the processes that still run. */
export function endBatches(): void {
  for (const child of running) child.kill('SIGKILL');
}

/**
 * Tries `count` seeds from `first` in one process. When that process dies or an input passes the deadline, its seed is a finding and
 * the batch ends after it.
 */
export async function runBatch(
  mode: Mode,
  first: number,
  count: number,
  { program, deadlineMs }: BatchRunner = RUNNER,
): Promise<Batch> {
  const child = spawn(process.execPath, [...process.execArgv, program, mode, `${first}`, `${count}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const verdicts: { seed: number; verdict: Verdict }[] = [];
  let current: number | null = null;
  let late = 'the process died';
  const expire = (): void => {
    late = `no end after ${deadlineMs} ms`;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(expire, deadlineMs);
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(timer);
    timer = setTimeout(expire, deadlineMs);
    if (/^\d+$/.test(line)) current = Number(line);
    else if (current !== null) {
      verdicts.push({ seed: current, verdict: JSON.parse(line) as Verdict });
      current = null;
    }
  }
  clearTimeout(timer);
  const end = await ended;
  running.delete(child);
  if (current !== null) verdicts.push({ seed: current, verdict: { kind: 'finding', message: `${late} (${end})` } });
  else if (end !== 'exit code 0') throw new Error(`the child process failed between inputs: ${end}`);
  return { verdicts, next: (verdicts.at(-1)?.seed ?? first) + 1 };
}
