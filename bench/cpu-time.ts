/** CPU time of a server and what it has started, read from /proc: Linux only. */
import { readFileSync, readdirSync } from 'node:fs';

/** Clock ticks per second in /proc: `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Fields of a line of `/proc/<pid>/stat`. */
interface Stat {
  readonly parent: number;
  /** User and system time of all its threads, living and ended, and of children that it has waited for. */
  readonly seconds: number;
}

/**
 * CPU seconds that process `pid` and its living descendants have used so far. Throws when there is no such process: a
 * server that died while it was measured measures nothing.
 */
export function cpuSecondsOf(pid: number): number {
  const own = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return own.seconds + descendantSeconds(pid);
}

/** Reads a line of `/proc/<pid>/stat` (proc(5)). The command in parentheses may hold anything, so fields count from its end. */
export function parseStat(line: string): Stat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const at = (field: number): number => Number(fields[field - 3]);
  // 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime.
  return { parent: at(4), seconds: (at(14) + at(15) + at(16) + at(17)) / TICKS_PER_SECOND };
}

function descendantSeconds(ancestor: number): number {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      stats.set(Number(name), parseStat(readFileSync(`/proc/${name}/stat`, 'utf8')));
    } catch {
      // It ended between the listing and the look.
    }
  }
  return sumBelow(ancestor, stats);
}

function sumBelow(ancestor: number, stats: ReadonlyMap<number, Stat>): number {
  let sum = 0;
  for (const [pid, { parent, seconds }] of stats) {
    if (parent === ancestor) sum += seconds + sumBelow(pid, stats);
  }
  return sum;
}
