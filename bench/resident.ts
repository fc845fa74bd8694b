/** Resident memory of a server, read from /proc: Linux only. */
import { readFileSync } from 'node:fs';

/** KiB of physical memory that process `pid` has. Throws when there is no such process. */
export function residentKibOf(pid: number): number {
  return parseResidentKib(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** `VmRSS` in the text of `/proc/<pid>/status` (proc(5)). Throws `Error` when it is not there: a process that has ended. */
export function parseResidentKib(status: string): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error('the process has no resident memory any more');
  return Number(kib);
}
