/** What a stream waits for, until it goes another way. */

/**
 * A race of many waits against one event. It keeps nothing of a wait that is over, as a promise that stays open does of each
 * `Promise.race` with it: a body may come in any number of pieces.
 */
export class Diversion {
  readonly #waits = new Set<(error: unknown) => void>();
  #reason: { readonly error: unknown } | null = null;

  /** Makes every wait reject with `error`, those that come later too. Only the first call counts. */
  reject(error: unknown): void {
    if (this.#reason !== null) return;
    this.#reason = { error };
    for (const reject of this.#waits) reject(error);
    this.#waits.clear();
  }

  /** Settles as `wait`, unless the diversion comes first. */
  unless<T>(wait: Promise<T>): Promise<T> {
    if (this.#reason === null) return waitAmong(this.#waits, wait, ({ reject }) => reject);
    // Nobody waits for it any more: how it ends is nothing to anybody.
    wait.catch(() => undefined);
    const { promise, reject } = Promise.withResolvers<never>();
    reject(this.#reason.error);
    return promise;
  }
}

/**
 * Settles as `wait`, unless somebody who has `waits` ends it before. Of a wait that is over nothing is left in them.
 *
 * @param early - Which of the ways to settle it ends it early.
 */
export function waitAmong<T, End>(
  waits: Set<End>,
  wait: Promise<T>,
  early: (ways: PromiseWithResolvers<T>) => End,
): Promise<T> {
  const ways = Promise.withResolvers<T>();
  const end = early(ways);
  waits.add(end);
  wait.then(ways.resolve, ways.reject).finally(() => waits.delete(end));
  return ways.promise;
}
