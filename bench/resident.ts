/** Resident memory of a server, read from /proc: Linux only. */
import { readFileSync } from 'node:fs';
import { kibIn } from '../src/lab/process-figures.ts';

/** KiB of physical memory that process `pid` has. Throws when there is no such process, and `Error` when it has ended. */
export function residentKibOf(pid: number): number {
  const bytes = kibIn(readFileSync(`/proc/${pid}/status`, 'latin1'), 'VmRSS');
  if (bytes === null) throw new Error('the process has no resident memory any more');
  return bytes / 1024;
}
