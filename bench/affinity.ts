/** Which core runs what: the load on one, the servers on another, so that neither takes the other's time. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How processes are placed. */
export interface Affinity {
  /** For people: what was done, or why nothing was. */
  readonly text: string;
  /** Words to put before a server's command line. */
  readonly server: readonly string[];
  /** Words to put before the load generator's. */
  readonly load: readonly string[];
}

/** Nothing is pinned. */
export function unpinned(reason: string): Affinity {
  return { text: `not pinned: ${reason}`, server: [], load: [] };
}

/** Places servers on the first and load on the second core that this process may use; needs util-linux's `taskset`. */
export function findAffinity(): Affinity {
  const [first, second] = allowedCores(statusText());
  if (first === undefined || second === undefined) return unpinned('this process may use one core only');
  const probe = spawnSync('taskset', ['-c', `${second}`, 'true'], { stdio: 'ignore', timeout: 5_000 });
  if (probe.status !== 0) return unpinned('taskset (Debian package util-linux) does not run here');
  return {
    text: `servers on core ${first}, load on core ${second}, by taskset`,
    server: ['taskset', '-c', `${first}`],
    load: ['taskset', '-c', `${second}`],
  };
}

/** The cores in the text of `/proc/<pid>/status`: `Cpus_allowed_list: 0-2,5` is 0, 1, 2 and 5. Empty when it has no such line. */
export function allowedCores(status: string): number[] {
  const list = /^Cpus_allowed_list:\s*([0-9,-]+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    if (range === '') return [];
    const [from, to = from] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}

function statusText(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return ''; // Not Linux: no affinity.
  }
}
