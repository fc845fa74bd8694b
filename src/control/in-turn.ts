/** Work of one key at a time, in the order in which it came; work of different keys at once. */
export class InTurn {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` when everything before it of the same key has ended. Answers what it answers. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const result = before.then(work, work);
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(key, settled);
    void settled.then(() => {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    });
    return result;
  }
}
