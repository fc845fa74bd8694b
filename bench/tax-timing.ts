/** Compares two ways to do the same work within one process: turn by turn, after both have been optimised. */
import { ratioOf } from './statistics.ts';

/** Does the work once; answers something by which one can tell that it was done right. */
export type Work = () => unknown;

/** Reads the time that this thread has used, in milliseconds. */
export type Clock = () => number;

/**
 * CPU time of this thread: what others do on the machine, and V8's compilers on threads of their own, does not count. Linux brings
 * a running thread's account up to date only for the time of its process; without that the thread's own moves by the tick, 4 ms.
 */
export function threadCpuMs(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Calls of each piece of work in a block of the warm-up. */
const BLOCK = 5;
/** A block that is not quicker than the best before by this much has settled. */
const SETTLED = 0.98;
/** Fewest pairs of a comparison, however long they take. */
const LEAST_PAIRS = 5;

/**
 * Calls all pieces of work in turns until none of them gets quicker any more, for at least half of `mostMs` and at most
 * `mostMs`.
 */
export async function warmUp(work: readonly Work[], mostMs: number, clock: Clock): Promise<void> {
  const start = clock();
  const best = work.map(() => Infinity);
  for (let settled = false; !settled || clock() - start < mostMs / 2;) {
    settled = true;
    for (const [at, one] of work.entries()) {
      const quickest = Math.min(...(await timesOf(one, BLOCK, clock)));
      if (quickest < (best[at] as number) * SETTLED) settled = false;
      best[at] = Math.min(best[at] as number, quickest);
    }
    if (clock() - start >= mostMs) return;
  }
}

/** A comparison of one piece of work with another. */
export interface Comparison {
  /** How many times the base's time the other takes: the median of the pairs. */
  readonly ratio: number;
  /** Median of the base's times, in milliseconds. */
  readonly baseMs: number;
  readonly pairs: number;
}

/** Times pairs for about `forMs`, changing who comes first, so that neither always runs in the other's wake. */
export async function compare(base: Work, other: Work, forMs: number, clock: Clock): Promise<Comparison> {
  const start = clock();
  const [bases, others]: [number[], number[]] = [[], []];
  while (bases.length < LEAST_PAIRS || clock() - start < forMs) {
    const baseFirst = bases.length % 2 === 0;
    if (!baseFirst) others.push(...(await timesOf(other, 1, clock)));
    bases.push(...(await timesOf(base, 1, clock)));
    if (baseFirst) others.push(...(await timesOf(other, 1, clock)));
  }
  const ratio = ratioOf(others, bases)?.median ?? NaN;
  return { ratio, baseMs: bases.toSorted((a, b) => a - b)[bases.length >> 1] as number, pairs: bases.length };
}

async function timesOf(work: Work, count: number, clock: Clock): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const start = clock();
    const pending = work();
    if (pending instanceof Promise) await pending;
    times.push(clock() - start);
  }
  return times;
}
