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
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#reason === null) this.#waits.add(reject);
    else reject(this.#reason.error);
    wait.then(resolve, reject).finally(() => this.#waits.delete(reject));
    return promise;
  }
}
