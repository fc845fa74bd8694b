/** Another process that holds a lock of an SQLite file. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const PROGRAM = fileURLToPath(new URL('lock-holder.ts', import.meta.url));

/** Settles when it holds the lock; it lets go after `holdMs`, or never. */
export async function holding(file: string, holdMs: number | 'never'): Promise<ChildProcess> {
  const ms = holdMs === 'never' ? '-1' : String(holdMs);
  const child = spawn(process.execPath, [PROGRAM, file, ms], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}
