/** A lock in memory that threads share, held for microseconds. */

/** How long a thread sleeps before it looks at a lock again: the one that has it needs microseconds, unless it is not run. */
const LOCK_WAIT_MS = 1;

const [FREE, LOCKED] = [0, 1];

/** Runs `work` while no other thread has the lock at `place`. `work` must not take it again. */
export function locked<T>(locks: Int32Array<SharedArrayBuffer>, place: number, work: () => T): T {
  while (Atomics.compareExchange(locks, place, FREE, LOCKED) !== FREE) Atomics.wait(locks, place, LOCKED, LOCK_WAIT_MS);
  try {
    return work();
  } finally {
    Atomics.store(locks, place, FREE);
    Atomics.notify(locks, place, 1);
  }
}
