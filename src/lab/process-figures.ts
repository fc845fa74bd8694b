/** What the system says of a process: /proc (proc(5)), on Linux. Elsewhere nothing is known. */
import { readFile } from 'node:fs/promises';

/** Figures of a process; `null`: not known. */
export interface ProcessFigures {
  readonly residentBytes: number | null;
  readonly pageTableBytes: number | null;
  readonly mappings: number | null;
  /** User and system time of all its threads so far. */
  readonly cpuSeconds: number | null;
}

/** Clock ticks a second in /proc: `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Reads the figures of process `pid`. What cannot be read, also because it has ended, is `null`. */
export async function processFigures(pid: number): Promise<ProcessFigures> {
  const text = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
  const [status, stat, maps] = await Promise.all([text('status'), text('stat'), text('maps')]);
  return {
    residentBytes: kibIn(status, 'VmRSS'),
    pageTableBytes: kibIn(status, 'VmPTE'),
    mappings: maps === '' ? null : linesIn(maps),
    cpuSeconds: stat === '' ? null : cpuSecondsIn(stat),
  };
}

/** A line `name:  N kB` of `/proc/PID/status`, in bytes; `null` when there is none. */
export function kibIn(status: string, name: string): number | null {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** Fields 14 and 15 of `/proc/PID/stat`. The command in parentheses may hold anything, so they are counted from its end. */
export function cpuSecondsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
