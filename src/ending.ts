/** An end that comes once, while others wait for their own things. */

/**
 * What may end before things that are waited for. Stands in for a race with a promise that lives long: such a promise remembers
 * everybody who ever raced with it.
 */
export class Ending {
  readonly #waiting = new Set<(error: unknown) => void>();
  #over: { readonly error: unknown } | null = null;

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#over !== null;
  }

  /** Settles as `work` does. Rejects with the error of {@link end} when that comes before. */
  before<T>(work: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#over === null) this.#waiting.add(reject);
    else reject(this.#over.error);
    work.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    return promise;
  }

  /** Ends it: everybody who waits now or later gets `error`. The first call counts. */
  end(error: unknown): void {
    if (this.#over !== null) return;
    this.#over = { error };
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }
}
